import { expect, test } from 'vitest'
import { Metrics } from '../monitoring/metrics.ts'
import { loggedMeter } from './cluster-meter.ts'
import { Directory } from './failover/directory.ts'
import { Holdings } from './failover/holdings.ts'
import { openLog } from './log.ts'

const EPOCH = 7

/** The tables of a node whose opening takes 30 ms, and whose neighbour takes what it is given after 20 ms. */
function holdingsOf(neighbourTakes: boolean, draining = false) {
  const lines: string[] = []
  const log = openLog({ level: 'info', destination: { write: (line) => void lines.push(line) } })
  const metrics = new Metrics({ nowMs: () => 0, processMetrics: false })
  const clock = { ms: 0 }
  const tables = new Map<string, number>()
  const holdings = new Holdings({
    tables: {
      wanted: async () => [],
      open: async (tableId) => {
        clock.ms += 30
        tables.set(tableId, EPOCH)
        return true
      },
      atRest: () => true,
      quiesce: async () => undefined,
      drop: () => undefined,
    },
    keeper: {
      tables,
      epochOf: (tableId: string) => tables.get(tableId) ?? null,
      letGo: (tableId: string) => void tables.delete(tableId),
    } as never,
    links: {
      ask: async () => {
        clock.ms += 20
        return (neighbourTakes ? EPOCH + 1 : null) as never
      },
    },
    directory: new Directory(),
    meter: { ...loggedMeter(metrics.clusterMeter(), log, () => draining), failed: () => undefined },
    steadyMs: () => clock.ms,
    announce: () => undefined,
  } as ConstructorParameters<typeof Holdings>[0])
  const told = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  return { holdings, told }
}

test('[OPS-23] a take-over is logged with table, epoch, cause and the milliseconds since its first sign', async () => {
  const { holdings, told } = holdingsOf(true)
  holdings.sign('lima', 'gone')
  expect(await holdings.takeOver('lima')).toBe(true)
  expect(told()).toEqual([
    expect.objectContaining({
      ...{ level: 'info', msg: 'a table was taken over' },
      ...{ tableId: 'lima', epoch: EPOCH, cause: 'gone', ms: 30 },
    }),
  ])
})

test('[OPS-23] a hand-over is logged with where the table went and why; one that failed is a warning', async () => {
  for (const [takes, draining, expected] of [
    [true, true, { level: 'info', msg: 'a table was handed over', cause: 'drain', ms: 20 }],
    [true, false, { level: 'info', msg: 'a table was handed over', cause: 'placement', ms: 20 }],
    [false, false, { level: 'warn', msg: 'a table could not be handed over', cause: 'placement' }],
  ] as const) {
    const { holdings, told } = holdingsOf(takes, draining)
    await holdings.takeOver('lima')
    await holdings.handOver('lima', 'node-2')
    const where = { tableId: 'lima', epoch: EPOCH, to: 'node-2' }
    expect(told()).toEqual([expect.objectContaining({ ...expected, ...where })])
  }
})

test('[OPS-23] a node that gives everything up says how much', () => {
  const lines: string[] = []
  const log = openLog({ level: 'info', destination: { write: (line) => void lines.push(line) } })
  const meter = new Metrics({ nowMs: () => 0, processMetrics: false }).clusterMeter()
  loggedMeter(meter, log, () => false).steppedDown(3)
  expect(JSON.parse(lines.join(''))).toMatchObject({ level: 'warn', tables: 3 })
})
