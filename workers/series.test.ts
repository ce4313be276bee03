import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../engine/fairness/hex.ts'
import { leafHash, verifyInclusion } from '../engine/fairness/merkle.ts'
import { drawSource } from '../engine/fairness/outcome.ts'
import { roundCommitment, roundSeed, seriesPath, seriesRoot } from '../engine/fairness/seeds.ts'
import type { Json } from '../engine/game.ts'
import { gameById, listings } from '../engine/games.ts'
import { PoolError } from './pool-error.ts'
import { Sealer, sealContext, sealKey } from './seal.ts'
import { type DrawRequest, MAX_ROUNDS, SeriesWork } from './series.ts'

const SECRET = Buffer.alloc(32, 5)
const SALT = '0123456789abcdef'.repeat(4)
const sealer = new Sealer([sealKey(Buffer.alloc(32, 1))])
const ref = { tableId: 'roulette-1', seriesId: 'roulette-1.7' }
const rules = Object.values(listings[0]?.variants ?? {})[0] as Json
const newWork = () => new SeriesWork(sealer)
const series = (rounds: number) => newWork().newSeries({ ...ref, rounds }, Buffer.from(SECRET))

function drawRequest(roundNo: number, sealedSecret: string): DrawRequest {
  return { ...ref, sealedSecret, roundNo, saltHex: SALT, gameId: 'roulette', rules }
}

function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    return error instanceof PoolError ? error.code : String(error)
  }
  return 'none'
}

describe('[DRW-12] a series', () => {
  test('[DRW-12] its root is the fairness module’s, for every small size; the secret is sealed and overwritten', () => {
    for (let rounds = 1; rounds <= 40; rounds++) {
      const secret = Buffer.from(SECRET)
      const made = newWork().newSeries({ ...ref, rounds }, secret)
      expect(made.root).toBe(toHex(seriesRoot(SECRET, ref.tableId, ref.seriesId, rounds)))
      expect(secret.equals(Buffer.alloc(32))).toBe(true)
      const opened = sealer.open(made.sealedSecret, sealContext('series-secret', ref.tableId, ref.seriesId))
      expect(opened.equals(SECRET)).toBe(true)
    }
  })

  test('[DRW-12] every commitment comes with the path that leads to the root, warm or cold', () => {
    for (const rounds of [1, 2, 7, 33]) {
      const { sealedSecret, root } = series(rounds)
      const warm = newWork()
      for (let roundNo = 0; roundNo < rounds; roundNo++) {
        const request = { ...ref, sealedSecret, roundNo, rounds }
        const { commitment, path } = warm.commitment(request)
        expect(newWork().commitment(request)).toEqual({ commitment, path })
        expect(path).toEqual(seriesPath(SECRET, ref.tableId, ref.seriesId, rounds, roundNo).map(toHex))
        const leaf = leafHash(fromHex(commitment))
        expect(verifyInclusion(roundNo, rounds, leaf, path.map(fromHex), fromHex(root))).toBe(true)
      }
    }
  })

  test('[DRW-12] a tree in memory is that of the number of rounds it was asked for', () => {
    const work = newWork()
    const { sealedSecret } = series(9)
    for (const rounds of [9, 5, 9]) {
      const { path } = work.commitment({ ...ref, sealedSecret, roundNo: 4, rounds })
      expect(path).toEqual(seriesPath(SECRET, ref.tableId, ref.seriesId, rounds, 4).map(toHex))
    }
  })

  test('[DRW-12] more series than are kept in memory still answer right', () => {
    const work = newWork()
    const made = Array.from({ length: 70 }, (_, no) => {
      const tableId = `table-${no}`
      return {
        tableId,
        seriesId: ref.seriesId,
        rounds: 3,
        ...work.newSeries({ ...ref, tableId, rounds: 3 }, Buffer.from(SECRET)),
      }
    })
    for (const one of made) {
      const { commitment, path } = work.commitment({ ...one, roundNo: 2 })
      expect(verifyInclusion(2, 3, leafHash(fromHex(commitment)), path.map(fromHex), fromHex(one.root))).toBe(true)
    }
  })
})

describe('[DRW-13] a draw', () => {
  test('[DRW-13 G10] is what F decides from seed, salt, table, series and round, on any worker', () => {
    const { sealedSecret } = series(50)
    const game = gameById('roulette')
    for (let roundNo = 0; roundNo < 50; roundNo++) {
      const seed = roundSeed(SECRET, ref.tableId, ref.seriesId, roundNo)
      const source = drawSource(seed, fromHex(SALT), ref.tableId, ref.seriesId, roundNo)
      const expected = { outcome: game?.drawOutcome(rules, source), seedHex: toHex(seed) }
      expect(newWork().draw(drawRequest(roundNo, sealedSecret))).toEqual(expected)
      expect(newWork().draw(drawRequest(roundNo, sealedSecret))).toEqual(expected)
    }
  })

  test('[DRW-13 G10] stakes, balances, players and epochs given along change nothing', () => {
    const { sealedSecret } = series(200)
    for (let roundNo = 0; roundNo < 200; roundNo++) {
      const request = drawRequest(roundNo, sealedSecret)
      const noise = {
        stakeCents: roundNo * 100,
        balance: roundNo,
        epoch: roundNo,
        bets: [{ betId: roundNo }],
        bonus: true,
      }
      expect(newWork().draw({ ...request, ...noise })).toEqual(newWork().draw(request))
    }
  })

  test('[DRW-13] the revealed seed matches the commitment shown before', () => {
    const { sealedSecret } = series(9)
    const { commitment } = newWork().commitment({ ...ref, sealedSecret, roundNo: 4, rounds: 9 })
    const { seedHex } = newWork().draw(drawRequest(4, sealedSecret))
    expect(toHex(roundCommitment(ref.tableId, ref.seriesId, 4, fromHex(seedHex)))).toBe(commitment)
  })
})

describe('[DRW-14] requests that cannot be answered are refused with a code', () => {
  const { sealedSecret } = series(10)
  const draw = (change: Partial<DrawRequest>) =>
    codeOf(() => newWork().draw({ ...drawRequest(0, sealedSecret), ...change }))

  test('[DRW-14] out of range, unknown, malformed, of another series or key', () => {
    expect(draw({})).toBe('none')
    for (const roundNo of [-1, 0.5, MAX_ROUNDS, Number.NaN]) expect(draw({ roundNo })).toBe('round-out-of-range')
    expect(draw({ gameId: 'thimblerig' })).toBe('unknown-game')
    expect(draw({ gameId: '__proto__' })).toBe('unknown-game')
    expect(draw({ rules: 'house rules' })).toBe('bad-rules')
    for (const saltHex of ['xyz', 'abc', 'AB', '00'.repeat(1025)]) expect(draw({ saltHex })).toBe('malformed')
    for (const tableId of ['', 'x'.repeat(201), '\ud800']) expect(draw({ tableId })).toBe('malformed')
    expect(draw({ tableId: 'roulette-2' })).toBe('wrong-context')
    expect(draw({ sealedSecret: 'AAAA' })).toBe('malformed')
    expect(draw({ sealedSecret: new Sealer([sealKey(Buffer.alloc(32, 2))]).seal(SECRET, 'any') })).toBe('unknown-key')
  })

  test('[DRW-14] a series of no rounds, too many rounds, or a commitment beyond its end', () => {
    for (const rounds of [0, -1, 1.5, MAX_ROUNDS + 1]) expect(codeOf(() => series(rounds))).toBe('round-out-of-range')
    const beyond = { ...ref, sealedSecret, rounds: 10, roundNo: 10 }
    expect(codeOf(() => newWork().commitment(beyond))).toBe('round-out-of-range')
  })
})
