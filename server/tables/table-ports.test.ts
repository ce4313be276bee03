import { expect, test } from 'vitest'
import { toCents } from '../../engine/money.ts'
import { testBet, testOpening } from '../../engine/round/testing.ts'
import type { Facts } from '../../engine/round/types.ts'
import { HouseTablePorts, type TablePortsDeps } from './table-ports.ts'

const OPEN: Facts = {
  opening: testOpening(),
  stakes: [{ bet: testBet({ stakeCents: toCents(500) }), fate: 'reserved', refusal: null }],
  betDigest: null,
  draw: null,
  ended: null,
}
const ENDED: Facts = {
  ...OPEN,
  betDigest: 'd1'.repeat(32),
  draw: { outcome: { pocket: 17 }, seedHex: 'ab'.repeat(32) },
  ended: { how: 'settled', atMs: 30_000, voidReason: null },
}

/** Takes the table over whose last round the books tell; answers for which tables the log was told, and how. */
async function takenOver(facts: Facts, roundEnded: (tableId: string) => Promise<void>) {
  const told: string[] = []
  const deps = {
    claim: async () => 2,
    books: { latestRound: async () => facts },
    series: {
      roundEnded: (tableId: string) => {
        told.push(tableId)
        return roundEnded(tableId)
      },
    },
    hot: { read: async () => null, seats: async () => new Map() },
    tables: { get: async () => null },
    history: { resultsOfTable: async () => [] },
  } as unknown as TablePortsDeps
  const { round } = await new HouseTablePorts(deps).takeOver('lima')
  return { told, phase: round.phase }
}

test('[FAI-27] whoever takes a table over tells the log how its last round ended, and waits for nobody', async () => {
  const never = () => new Promise<void>(() => undefined)
  expect(await takenOver(ENDED, never)).toEqual({ told: ['lima'], phase: 'settled' })
})

test('[FAI-27] a log that cannot be told then ends nothing, and a round that goes on is told by nobody', async () => {
  const fails = () => Promise.reject(new Error('the log is out of reach'))
  expect((await takenOver(ENDED, fails)).told).toEqual(['lima'])
  expect((await takenOver(OPEN, fails)).told).toEqual([])
})
