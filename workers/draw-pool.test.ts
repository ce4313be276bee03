import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { fromHex } from '../engine/fairness/hex.ts'
import { leafHash, verifyInclusion } from '../engine/fairness/merkle.ts'
import type { Json } from '../engine/game.ts'
import { listings } from '../engine/games.ts'
import { DrawPool, type DrawPoolEvent, type DrawPoolOptions } from './draw-pool.ts'
import * as generators from './generator.ts'
import { Sealer, sealContext, sealKey } from './seal.ts'

const KEY = Buffer.alloc(32, 1)
const SALT = 'ab'.repeat(32)
const rules = Object.values(listings[0]?.variants ?? {})[0] as Json
const worker = (name: string) => new URL(`./testing/${name}-worker.ts`, import.meta.url)

const running: DrawPool[] = []
async function started(options: Partial<DrawPoolOptions> = {}): Promise<DrawPool> {
  const pool = new DrawPool({ sealKey: KEY, ...options })
  running.push(pool)
  await pool.start()
  return pool
}
afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all(running.splice(0).map((pool) => pool.stop()))
})

const roundOf = (tableId: string, sealedSecret: string, roundNo = 0) => ({
  tableId,
  seriesId: `${tableId}.1`,
  sealedSecret,
  roundNo,
  saltHex: SALT,
  gameId: 'roulette',
  rules,
})

describe('[DRW-9] the pool', () => {
  test('[DRW-9 G5] takes are synchronous, within range, and counted', async () => {
    const pool = await started()
    await vi.waitFor(() => expect(pool.depth()).toBe(11))
    for (let at = 0; at < 1000; at++) expect(pool.below(37)).toBeLessThan(37)
    expect(new Set(pool.permutation(416)).size).toBe(416)
    expect(pool.bytes(100)).toHaveLength(100)
    expect(pool.counters()).toMatchObject({ healthy: true, fallbacks: 0, refillFailures: 0, workerDeaths: 0 })
    expect(pool.counters().wordsTaken).toBeGreaterThanOrEqual(1000 + 415 + 25)
    expect(pool.counters().reseeds).toBeGreaterThanOrEqual(1)
  })

  test('[DRW-9] emptied in one go, it falls back, counts that, and recovers by itself', async () => {
    const pool = await started({ slabs: 4 })
    for (let at = 0; at < 40; at++) pool.bytes(65_536)
    expect(pool.counters().fallbacks).toBeGreaterThan(30)
    await vi.waitFor(() => expect(pool.depth()).toBe(3))
    expect(pool.counters().refillFailures).toBe(0)
  })

  test('[DRW-12 DRW-13 G10] series, commitment and draw by the workers; any pool with the key agrees', async () => {
    const [one, other] = await Promise.all([started(), started({ threads: 1 })])
    const ref = { tableId: 'r', seriesId: 'r.1' }
    const { sealedSecret, root } = await one.newSeries({ ...ref, rounds: 100 })
    const { commitment, path } = await other.commitment({ ...ref, sealedSecret, roundNo: 42, rounds: 100 })
    expect(verifyInclusion(42, 100, leafHash(fromHex(commitment)), path.map(fromHex), fromHex(root))).toBe(true)
    const asked = Array.from({ length: 20 }, () => one.draw(roundOf('r', sealedSecret, 42)))
    const answers = await Promise.all([...asked, other.draw(roundOf('r', sealedSecret, 42))])
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    const later = await one.draw(roundOf('r', sealedSecret, 43))
    expect(later.seedHex).not.toBe(answers[0]?.seedHex)
    expect(await other.verifyRound(storedRound(commitment, answers[0], 42))).toEqual({ ok: true, bets: 0, faults: [] })
  })

  test('[DRW-12] two series never share a secret; each is sealed under the newest key for its own table', async () => {
    const pool = await started({ olderSealKeys: [Buffer.alloc(32, 2)] })
    const ref = { tableId: 'r', seriesId: 'r.1', rounds: 1 }
    const made = await Promise.all(Array.from({ length: 50 }, () => pool.newSeries(ref)))
    const sealer = new Sealer([sealKey(KEY)])
    const context = sealContext('series-secret', 'r', 'r.1')
    const secrets = made.map(({ sealedSecret }) => sealer.open(sealedSecret, context).toString('hex'))
    expect(new Set(secrets).size).toBe(50)
    expect(new Set(made.map(({ root }) => root)).size).toBe(50)
  })

  test('[DRW-11] rounds of a series sealed under an older key can still be drawn', async () => {
    const before = await started({ sealKey: Buffer.alloc(32, 2) })
    const { sealedSecret } = await before.newSeries({ tableId: 'r', seriesId: 'r.1', rounds: 5 })
    const after = await started({ olderSealKeys: [Buffer.alloc(32, 2)] })
    expect(await after.draw(roundOf('r', sealedSecret))).toEqual(await before.draw(roundOf('r', sealedSecret)))
    const without = await started()
    await expect(without.draw(roundOf('r', sealedSecret))).rejects.toMatchObject({ code: 'unknown-key' })
  })

  test('[DRW-10] a full queue is refused with a code, and what was taken on is answered', async () => {
    const pool = await started({ maxUnderWay: 8 })
    const { sealedSecret } = await pool.newSeries({ tableId: 'r', seriesId: 'r.1', rounds: 5 })
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => pool.draw(roundOf('r', sealedSecret))))
    const refused = asked.filter((one) => one.status === 'rejected')
    expect(refused).toHaveLength(12)
    for (const one of refused) expect(one.reason).toMatchObject({ code: 'busy' })
    expect(pool.counters().tasksUnderWay).toBe(0)
    await expect(pool.draw(roundOf('r', sealedSecret))).resolves.toBeDefined()
  })

  test('[DRW-9] stopping refuses takes and tasks and rejects what is under way; nothing is left uncaught', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const pool = await started()
    for (let at = 0; at < 12; at++) pool.bytes(65_536)
    const series = pool.newSeries({ tableId: 'r', seriesId: 'r.1', rounds: 20_000 })
    const stopped = pool.stop()
    await expect(series).rejects.toMatchObject({ code: 'stopped' })
    await stopped
    expect(() => pool.below(37)).toThrow(expect.objectContaining({ code: 'stopped' }))
    await expect(pool.newSeries({ tableId: 'r', seriesId: 'r.1', rounds: 1 })).rejects.toMatchObject({
      code: 'stopped',
    })
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
    expect(pool.counters().workerDeaths).toBe(0)
  })
})

function storedRound(commitment: string, drawn: { outcome: Json; seedHex: string } | undefined, roundNo: number) {
  return {
    tableId: 'r',
    seriesId: 'r.1',
    roundNo,
    gameId: 'roulette',
    rulesVersion: listings[0]?.game.rulesVersion ?? 0,
    rules,
    commitment,
    seedHex: drawn?.seedHex ?? '',
    saltHex: SALT,
    outcome: drawn?.outcome ?? null,
    bets: [],
  }
}

describe('[DRW-10] a worker that fails loses no draw', () => {
  const folder = mkdtempSync(join(tmpdir(), 'draw-pool-'))
  const log = join(folder, 'attempts')
  const attempts = (tableId: string) => readFileSync(log, 'utf8').split(tableId).length - 1
  beforeAll(() => {
    process.env.FAULTY_WORKER_LOG = log
  })
  afterAll(() => {
    delete process.env.FAULTY_WORKER_LOG
    delete process.env.STILLBORN_WORKER_LOG
    rmSync(folder, { recursive: true })
  })
  const sealed = (tableId: string) =>
    new Sealer([sealKey(KEY)]).seal(Buffer.alloc(32, 7), sealContext('series-secret', tableId, `${tableId}.1`))

  test.each([
    'throws-1-a',
    'throws-2-b',
    'exits-1-c',
    'exits-2-d',
    'starves-1-e',
    'hangs-1-f',
  ])('[DRW-10] %s: the same request gives the same result, and other tasks are unharmed', async (tableId) => {
    const healthy = await started({ threads: 1 })
    const sealedSecret = sealed(tableId)
    const expected = await healthy.draw(roundOf(tableId, sealedSecret))
    const options = { workerFile: worker('faulty'), maxHeapMb: 48, taskMs: tableId.startsWith('hangs') ? 1500 : 20_000 }
    const pool = await started(options)
    const others = Array.from({ length: 30 }, (_, at) => `other-${at}`)
    const secrets = new Map(others.map((id) => [id, sealed(id)]))
    const [broken, ...rest] = await Promise.all([
      pool.draw(roundOf(tableId, sealedSecret)),
      ...others.map((id) => pool.draw(roundOf(id, secrets.get(id) ?? ''))),
    ])
    expect(broken).toEqual(expected)
    for (const [at, id] of others.entries()) {
      expect(rest[at]).toEqual(await healthy.draw(roundOf(id, secrets.get(id) ?? '')))
    }
    expect(attempts(tableId)).toBe(Number(tableId.split('-')[1]) + 1)
    if (!tableId.startsWith('throws')) expect(pool.counters().workerDeaths).toBeGreaterThanOrEqual(1)
    expect(pool.below(37)).toBeLessThan(37)
    expect(pool.counters().healthy).toBe(true)
  })

  test('[DRW-10] attempts are bounded; asked again later, the same request is answered', async () => {
    const pool = await started({ workerFile: worker('faulty') })
    const healthy = await started({ threads: 1 })
    const request = roundOf('exits-3-g', sealed('exits-3-g'))
    await expect(pool.draw(request)).rejects.toMatchObject({ code: 'worker-failed' })
    expect(attempts('exits-3-g')).toBe(3)
    expect(await pool.draw(request)).toEqual(await healthy.draw(request))
  })

  test('[DRW-10] workers that die while they are starting keep no draw waiting', async () => {
    const healthy = await started({ threads: 1 })
    const request = roundOf('l', sealed('l'))
    const expected = await healthy.draw(request)
    process.env.STILLBORN_WORKER_LOG = join(folder, 'lives')
    const pool = await started({ workerFile: worker('stillborn'), threads: 1, taskMs: 20_000 })
    const startedMs = performance.now()
    expect(await pool.draw(request)).toEqual(expected)
    expect(performance.now() - startedMs).toBeLessThan(15_000)
    expect(pool.counters().workerDeaths).toBe(3)
  })

  test('[DRW-10] a refusal is not tried again', async () => {
    const pool = await started({ workerFile: worker('faulty') })
    const request = { ...roundOf('throws-0-h', sealed('throws-0-h')), gameId: 'no-such-game' }
    await expect(pool.draw(request)).rejects.toMatchObject({ code: 'unknown-game' })
    expect(attempts('throws-0-h')).toBe(1)
  })

  test('[DRW-10] a worker that cannot even be loaded: start rejects with a code', async () => {
    const pool = new DrawPool({ sealKey: KEY, workerFile: worker('no-such'), taskMs: 2000 })
    await expect(pool.start()).rejects.toMatchObject({ code: 'worker-failed' })
  })
})

describe('[DRW-4 G8] a failed health test', () => {
  test('[DRW-4 G8] in a worker: nothing random is given any more, on any thread; open rounds can finish', async () => {
    const events: DrawPoolEvent[] = []
    const pool = await started({ workerFile: worker('unhealthy'), threads: 1, onEvent: (event) => events.push(event) })
    const { sealedSecret } = await pool.newSeries({ tableId: 'r', seriesId: 'r.1', rounds: 5 })
    const before = await pool.draw(roundOf('r', sealedSecret))
    expect(pool.below(37)).toBeLessThan(37)
    await expect(pool.newSeries({ tableId: 'spoil', seriesId: 's', rounds: 5 })).rejects.toMatchObject({
      code: 'unhealthy',
    })
    await vi.waitFor(() => expect(pool.counters().healthy).toBe(false))
    expect(() => pool.below(37)).toThrow(expect.objectContaining({ code: 'unhealthy' }))
    expect(() => pool.bytes(1)).toThrow(expect.objectContaining({ code: 'unhealthy' }))
    await expect(pool.newSeries({ tableId: 'r', seriesId: 'r.2', rounds: 5 })).rejects.toMatchObject({
      code: 'unhealthy',
    })
    expect(pool.depth()).toBe(0)
    expect(events.filter(({ event }) => event === 'unhealthy')).toEqual([
      { event: 'unhealthy', fault: 'entropy:repetition' },
    ])
    expect(await pool.draw(roundOf('r', sealedSecret))).toEqual(before)
  })

  test('[DRW-3 G8] at the start: the pool does not start', async () => {
    process.env.UNHEALTHY_FROM_START = '1'
    const pool = new DrawPool({ sealKey: KEY, workerFile: worker('unhealthy') })
    await expect(pool.start()).rejects.toMatchObject({ code: 'unhealthy' })
    delete process.env.UNHEALTHY_FROM_START
    expect(() => pool.below(37)).toThrow(expect.objectContaining({ code: 'unhealthy' }))
  })

  test('[DRW-4 G8] in the fallback: the same', async () => {
    const pool = await started({ slabs: 2 })
    vi.spyOn(generators.Generator.prototype, 'fill').mockImplementation(() => {
      throw new generators.GeneratorFailure('output:stuck-words')
    })
    const drain = () => {
      for (let at = 0; at < 10; at++) pool.bytes(65_536)
    }
    expect(drain).toThrow(expect.objectContaining({ code: 'unhealthy' }))
    expect(pool.counters().healthy).toBe(false)
    expect(() => pool.below(37)).toThrow(expect.objectContaining({ code: 'unhealthy' }))
  })
})

test('[DRW-4 G4] an idle worker reseeds on its timer, and every reseed is told and counted', async () => {
  const events: DrawPoolEvent[] = []
  const pool = await started({ workerFile: worker('idle'), threads: 1, onEvent: (event) => events.push(event) })
  await vi.waitFor(() => expect(pool.counters().reseeds).toBeGreaterThanOrEqual(4))
  const reseeds = events.flatMap((event) => (event.event === 'reseeded' ? [event.reseed] : []))
  expect(reseeds.length).toBe(pool.counters().reseeds)
  expect(reseeds[0]).toEqual({ generator: 'draw-worker', reason: 'start', count: 1 })
  expect(reseeds.slice(1).every(({ reason }) => reason === 'age')).toBe(true)
})
