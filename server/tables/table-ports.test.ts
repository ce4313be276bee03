import { expect, test } from 'vitest'
import { toCents } from '../../engine/money.ts'
import { testBet, testOpening } from '../../engine/round/testing.ts'
import type { Facts, Round } from '../../engine/round/types.ts'
import type { Lease } from '../../rooms/ports.ts'
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
  const saved: unknown[] = []
  const deps = {
    claim: async () => 2,
    books: { latestRound: async () => facts },
    series: {
      roundEnded: (tableId: string) => {
        told.push(tableId)
        return roundEnded(tableId)
      },
    },
    hot: {
      read: async () => null,
      seats: async () => new Map(),
      save: (lease: Lease, { phase }: Round, urgent: boolean) => saved.push([lease, phase, urgent]),
    },
    tables: { get: async () => null },
    history: { resultsOfTable: async () => [] },
  } as unknown as TablePortsDeps
  const { round } = await new HouseTablePorts(deps).takeOver('lima')
  return { told, saved, phase: round.phase }
}

test('[FOV-102] whoever waits for the first round of a paused table stops when the table is abandoned', async () => {
  const deps = {
    claim: async () => 1,
    books: { latestRound: async () => null },
    series: { roundEnded: async () => undefined },
    drawsHealthy: () => true,
    statusChanged: () => undefined,
    changed: (_tableId: string, _ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
    hot: { read: async () => null, save: () => undefined, seats: async () => new Map() },
    tables: { get: async () => ({ status: 'paused' }), refusalOf: () => null },
    history: { resultsOfTable: async () => [] },
  } as unknown as TablePortsDeps
  const ports = new HouseTablePorts(deps)
  const taking = ports.takeOver('lima')
  let over: unknown = null
  taking.catch((error: unknown) => {
    over = error
  })
  ports.abandon('cusco')
  await new Promise((resolve) => setImmediate(resolve))
  expect(over).toBeNull()
  ports.abandon('lima')
  await expect(taking).rejects.toThrow('lima opens no round')
})

test('[FOV-103] whoever takes a table over writes its hot copy at once', async () => {
  expect((await takenOver(OPEN, async () => undefined)).saved).toEqual([[{ tableId: 'lima', epoch: 2 }, 'open', true]])
})

test('[FAI-27] whoever takes a table over tells the log how its last round ended, and waits for nobody', async () => {
  const never = () => new Promise<void>(() => undefined)
  expect(await takenOver(ENDED, never)).toMatchObject({ told: ['lima'], phase: 'settled' })
})

test('[FAI-27] a log that cannot be told then ends nothing, and a round that goes on is told by nobody', async () => {
  const fails = () => Promise.reject(new Error('the log is out of reach'))
  expect((await takenOver(ENDED, fails)).told).toEqual(['lima'])
  expect((await takenOver(OPEN, fails)).told).toEqual([])
})
