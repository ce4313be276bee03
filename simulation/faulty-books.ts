import type { Draw, NewBet } from '../engine/round/types.ts'
import type { Books, Fence, StakeAnswer, StakeRequest } from '../server/ledger/books.ts'
import type { Agenda } from './agenda.ts'
import type { Dice } from './dice.ts'
import type { Faults, Tally } from './faults.ts'
import type { MemoryLedger } from './memory-ledger.ts'
import type { Posting, Testimony, Witness } from './testimony.ts'

/** The part of the books that a table's owner uses. */
export type OwnersBooks = Omit<Books, 'openAccount' | 'grant' | 'audit'>

export const CONNECTION_LOST = 'connection lost'

/** What stands at the end of the road: the books, and a witness who writes down what they were asked and answered. */
export type WitnessedBooks = {
  readonly dice: Dice
  readonly tally: Pick<Tally, 'fencedCalls' | 'wrongDraws'>
  readonly ledger: MemoryLedger
  readonly witness: Witness
  /** A draw that no committed seed gives. */
  readonly wrongDraw: (roundId: string) => Draw
}

export type Wire = WitnessedBooks & {
  readonly agenda: Agenda
  readonly faults: Faults
  readonly tally: Tally
}

/** One call of an owner to the books, which run it at some instant, or never. */
export type Road = <T>(run: () => T) => Promise<T>

const USUAL_MS = 40
const SLOW_MS = [400, 4_000, 20_000]

/** The books at the end of an owner's road; a witness writes down what they were asked and answered. */
export function faultyBooks(wire: WitnessedBooks, owner: number, call: Road): OwnersBooks {
  const { ledger, witness } = wire
  const posting = ({ tableId, epoch }: Fence, roundId: string): Posting => ({ owner, tableId, epoch, roundId })
  const note = <T extends Testimony>(seen: T): void => {
    if ('answer' in seen && isFenced(seen.answer)) wire.tally.fencedCalls++
    witness(seen)
  }
  const stakes = (what: 'reserved' | 'released', requests: readonly StakeRequest[]): StakeAnswer[] => {
    const answers = what === 'reserved' ? ledger.reserve(requests) : ledger.release(requests)
    for (const [i, answer] of answers.entries()) {
      const { bet, ...request } = requests[i] as StakeRequest
      note({ what, ...posting(request, request.roundId), bet: plain(bet), answer })
    }
    // An answer tells the balance after all of the call.
    for (const [i, { fate, balanceCents }] of answers.entries())
      if (fate !== 'fenced') witness({ what: 'balance', playerId: requests[i]!.bet.playerId, cents: balanceCents })
    return answers
  }
  return {
    raiseEpoch: (tableId) =>
      call(() => {
        const epoch = ledger.raiseEpoch(tableId)
        witness({ what: 'raised', owner, tableId, epoch })
        return epoch
      }),
    latestRound: (tableId) => call(() => ledger.latestRound(tableId)),
    balanceOf: (playerId) => call(() => ledger.balanceOf(playerId)),
    openRound: (fence, opening) =>
      call(() => {
        const answer = ledger.openRound(fence, opening)
        note({ what: 'opened', ...posting(fence, opening.roundId), opening, answer })
        return answer
      }),
    reserve: inOneTick((requests) => call(() => stakes('reserved', requests))),
    release: inOneTick((requests) => call(() => stakes('released', requests))),
    closeRound: (fence, roundId, betDigest) =>
      call(() => {
        const answer = ledger.closeRound(fence, roundId, betDigest)
        note({ what: 'closed', ...posting(fence, roundId), betDigest, answer })
        return answer
      }),
    registerDraw: (fence, roundId, draw) =>
      call(() => {
        const again = ledger.rounds.get(roundId)?.draw != null && wire.dice.chance(0.3)
        if (again) wire.tally.wrongDraws++
        const answer = ledger.registerDraw(fence, roundId, again ? wire.wrongDraw(roundId) : draw)
        note({ what: 'drawn', ...posting(fence, roundId), answer })
        return answer
      }),
    settle: (settlement) =>
      call(() => {
        const answer = ledger.settle(settlement)
        const { payouts, roundId } = settlement
        note({ what: 'settled', ...posting(settlement, roundId), payouts, answer })
        return answer
      }),
    voidRound: (fence, roundId, reason, draw) =>
      call(() => {
        const answer = ledger.voidRound(fence, roundId, reason, draw)
        note({ what: 'voided', ...posting(fence, roundId), reason, draw, answer })
        return answer
      }),
  }
}

/**
 * A road on which calls and answers are late, lost or repeated. `alive` is asked before a call leaves; a dead process
 * sends nothing more, but what it has sent still arrives. A lost call rejects after a while, as a broken connection
 * does.
 */
export function lossyRoad(wire: Wire, alive: () => boolean): Road {
  return (run) => send(wire, alive, run)
}

function send<T>({ agenda, dice, faults, tally }: Wire, alive: () => boolean, run: () => T): Promise<T> {
  const delay = (): number => {
    if (!dice.chance(faults.slow)) return dice.between(1, USUAL_MS)
    tally.slowCalls++
    return dice.upTo(dice.pick(SLOW_MS))
  }
  return new Promise((resolve, reject) => {
    if (!alive()) return
    const broken = (): void => agenda.in(dice.between(50, 2_000), () => reject(new Error(CONNECTION_LOST)))
    if (dice.chance(faults.lostCall)) {
      tally.lostCalls++
      return broken()
    }
    agenda.in(delay(), () => {
      const answer = attempt(run, reject)
      if (answer === null) return
      if (!dice.chance(faults.lostReply)) return agenda.in(delay(), () => resolve(answer.value))
      tally.lostReplies++
      broken()
    })
    if (!dice.chance(faults.repeatedCall)) return
    tally.repeatedCalls++
    agenda.in(delay() + dice.upTo(3_000), () => attempt(run, () => undefined))
  })
}

/** An opening that came too late is refused by a throw, and its owner looks again; every other throw ends the world. */
export function attempt<T>(run: () => T, reject: (error: unknown) => void): { value: T } | null {
  try {
    return { value: run() }
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('LED-9: round'))) throw error
    reject(error)
    return null
  }
}

type Stakes = (requests: readonly StakeRequest[]) => Promise<readonly StakeAnswer[]>

/** Stakes of one tick travel together, and are late or lost together, as with the batcher of the real books. */
function inOneTick(ask: Stakes): Stakes {
  let waiting: {
    requests: readonly StakeRequest[]
    resolve: (all: readonly StakeAnswer[]) => void
    reject: (e: unknown) => void
  }[] = []
  const flush = (): void => {
    const callers = waiting
    waiting = []
    ask(callers.flatMap(({ requests }) => requests)).then(
      (answers) => {
        let from = 0
        for (const { requests, resolve } of callers) {
          resolve(answers.slice(from, from + requests.length))
          from += requests.length
        }
      },
      (error: unknown) => {
        for (const { reject } of callers) reject(error)
      },
    )
  }
  return (requests) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ requests, resolve, reject }) === 1) setImmediate(flush)
    })
}

function isFenced(answer: unknown): boolean {
  return answer === 'fenced' || (answer as { fate?: string } | null)?.fate === 'fenced'
}

/** What the books were asked to keep, without what the table thinks of it. */
function plain({ betId, playerId, selection, stakeCents }: NewBet): NewBet {
  return { betId, playerId, selection, stakeCents }
}
