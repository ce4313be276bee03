import type { Draw, Opening, Terms } from '../engine/round/types.ts'
import type { Books } from '../server/ledger/books.ts'
import type { HouseTable } from '../server/tables/house-tables.ts'
import type { TablePortsDeps } from '../server/tables/table-ports.ts'
import type { Croupier } from './croupier.ts'
import type { OwnersBooks } from './faulty-books.ts'

/** A part of the house that a table has no business with. */
export const unused = (): never => {
  throw new Error('a table has no business with this part of the house')
}
const silent = (): void => undefined

export type PlainHouseOptions = {
  readonly books: OwnersBooks
  readonly croupier: Croupier
  readonly draw: (opening: Opening) => Promise<Draw>
  readonly nowMs: () => number
  /** An invariant broke in the code under test. */
  readonly broke: (where: string, error: unknown) => void
}
type Plain = 'books' | 'series' | 'voided' | 'nowMs' | 'history' | 'tickets' | 'seats' | 'list' | 'meter'

/** What a table's ports need of the house and every world gives them alike: no seats, no lobby, no history. */
export function plainHouse({ books, croupier, draw, nowMs, broke }: PlainHouseOptions): Pick<TablePortsDeps, Plain> {
  const whole: Books = { ...books, openAccount: unused, grant: unused, audit: unused }
  return {
    books: whole,
    series: {
      nextRound: async (tableId) => croupier.nextRound(tableId, (await books.latestRound(tableId))?.opening ?? null),
      draw,
      roundEnded: async () => undefined,
      contribute: unused,
    },
    voided: async () => undefined,
    nowMs,
    history: { resultsOfTable: async () => [] },
    tickets: { spend: unused },
    seats: { sealSeat: unused, openSeat: unused },
    list: silent,
    meter: {
      refused: silent,
      betAnswered: silent,
      phaseReached: silent,
      betSettled: silent,
      socketOpened: silent,
      socketClosed: silent,
      failed: (where, error) => {
        if (where === 'turn') broke(where, error)
      },
    },
  }
}

/** A table as the house lists it. */
export function tableOf(tableId: string, terms: Terms, status: HouseTable['status']): HouseTable {
  const { gameId, rules, limits, pace, currency } = terms
  return { tableId, name: tableId, gameId, rules, limits, pace, currency, status, revision: 0, createdAtMs: 0 }
}
