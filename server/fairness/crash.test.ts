import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canonicalJson } from '../../engine/fairness/encoding.ts'
import { verifyTranscript } from '../../engine/fairness/verify.ts'
import { openTestDatabase, type TestDatabase } from '../database/testing.ts'
import { LogSigner } from './log-signer.ts'
import { MerkleLog } from './merkle-log.ts'
import { SeriesKeeper } from './series-keeper.ts'
import { type SeriesRow, SeriesStore } from './series-store.ts'
import { openingOf, TestBooks, TestClock, TestVault } from './testing.ts'
import { Transcripts } from './transcripts.ts'

/** The calls that leave something behind; between any two of them, and around the rest, a node may die. */
const DURABLE = new Set(['newSeries', 'keep', 'append', 'fixSalt', 'contribute', 'open', 'end', 'draw'])
const ROUNDS = 5
const SERIES_ROUNDS = 2

class Crash extends Error {}

/** Dies at the n-th durable call: before it is made, or after it was done but before anybody hears of it. */
class Mortality {
  readonly #at: number
  readonly #done: boolean
  calls = 0
  dead = false
  diedAt = ''

  constructor(at: number, done: boolean) {
    this.#at = at
    this.#done = done
  }

  wrap<T extends object>(part: T): T {
    return new Proxy(part, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        return (...args: unknown[]) => this.#call(String(name), () => Reflect.apply(member, target, args))
      },
    })
  }

  async #call(name: string, call: () => unknown): Promise<unknown> {
    if (this.dead) throw new Crash('the node is dead')
    if (!DURABLE.has(name)) return call()
    this.calls += 1
    if (this.calls !== this.#at) return call()
    this.dead = true
    this.diedAt = `${this.#done ? 'after' : 'before'} ${name}`
    if (this.#done) await call()
    throw new Crash(this.diedAt)
  }
}

describe('a node that dies', () => {
  let database: TestDatabase
  let log: MerkleLog
  let store: SeriesStore
  beforeAll(async () => {
    database = await openTestDatabase()
    log = new MerkleLog(database.kysely, new LogSigner('log.example.test', new Uint8Array(32).fill(7)))
    store = new SeriesStore(database.kysely)
  })
  afterAll(() => database?.close())

  /** Everything a node does for a table until `ROUNDS` rounds have ended; begins wherever the books stand. */
  async function life(tableId: string, world: World, mortality: Mortality, kept = store): Promise<void> {
    const books = mortality.wrap(world.books)
    const keeper = new SeriesKeeper({
      ...{ store: mortality.wrap(kept), log: mortality.wrap(log), vault: mortality.wrap(world.vault) },
      ...{ books, clock: world.clock, beacon: null, rounds: SERIES_ROUNDS, gatherMs: 1000 },
    })
    while (world.books.roundsOf(tableId).filter(({ ended }) => ended !== null).length < ROUNDS) {
      const latest = await books.latestRound(tableId)
      if (latest === null || latest.ended !== null) {
        const next = await keeper.nextRound(tableId)
        await keeper.idle()
        world.shown.push(canonicalJson([next.roundId, next.commitment]))
        await keeper.contribute(tableId, 'ana', 'la suerte')
        await books.open(openingOf(next, world.clock.nowMs()))
        continue
      }
      const draw = await keeper.draw(latest.opening)
      world.drawn.push(canonicalJson([latest.opening.roundId, draw]))
      await books.end(latest.opening, draw, null, world.clock.nowMs())
      await keeper.roundEnded(tableId)
    }
    await keeper.roundEnded(tableId)
  }

  type World = {
    books: TestBooks
    vault: TestVault
    clock: TestClock
    /** Every commitment and every draw that ever left a keeper. */
    shown: string[]
    drawn: string[]
  }
  const newWorld = (): World => ({
    books: new TestBooks(),
    vault: new TestVault(),
    clock: new TestClock(),
    shown: [],
    drawn: [],
  })

  async function expectUnharmed(tableId: string, world: World, where: string): Promise<void> {
    const rounds = world.books.roundsOf(tableId)
    const ids = ['1.0', '1.1', '2.0', '2.1', '3.0'].map((tail) => `${tableId}.${tail}`)
    expect(
      rounds.map(({ opening }) => opening.roundId),
      where,
    ).toEqual(ids)
    // One commitment and one draw a round, however often and by whomever they were asked.
    expect(new Set(world.shown).size, where).toBe(ROUNDS)
    expect(new Set(world.drawn).size, where).toBe(ROUNDS)
    const transcripts = new Transcripts(store, log, world.vault)
    for (const { opening, draw } of rounds) {
      const transcript = await transcripts.transcriptOf(opening.roundId)
      expect(
        verifyTranscript(transcript).checks.filter(({ ok }) => !ok),
        where,
      ).toEqual([])
      expect(transcript?.ended, where).toMatchObject({ commitmentHex: opening.commitment, ...outcomeOf(draw) })
    }
  }

  const outcomeOf = (draw: { outcome: unknown; seedHex: string } | null) => ({
    outcome: draw?.outcome,
    seedHex: draw?.seedHex,
  })

  test('[FAI-22] nothing is lost or rolled again when it dies before or after any durable step', async () => {
    const whole = new Mortality(Number.POSITIVE_INFINITY, false)
    const world = newWorld()
    await life('immortal', world, whole)
    await expectUnharmed('immortal', world, 'without a crash')
    const deaths = new Set<string>()
    for (let at = 1; at <= whole.calls; at++) {
      for (const done of [false, true]) {
        const tableId = `mortal-${at}-${done ? 'done' : 'not'}`
        const mortality = new Mortality(at, done)
        const mortal = newWorld()
        await life(tableId, mortal, mortality).catch((error: unknown) => {
          if (!mortality.dead) throw error
        })
        expect(mortality.dead).toBe(true)
        await life(tableId, mortal, new Mortality(Number.POSITIVE_INFINITY, false))
        await expectUnharmed(tableId, mortal, `call ${at}, ${mortality.diedAt}`)
        deaths.add(mortality.diedAt)
      }
    }
    expect(deaths.size).toBe(2 * DURABLE.size)
    expect(await log.audit()).toBeNull()
  }, 180_000)

  test('[FAI-22] the harness notices a store that forgets the secret it kept', async () => {
    const forgetful = new Proxy(store, {
      get(target, name) {
        if (name === 'series') return async () => null
        if (name === 'keep') return async (series: SeriesRow) => target.keep(series).then(() => series)
        const member: unknown = Reflect.get(target, name, target)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
    const immortal = new Mortality(Number.POSITIVE_INFINITY, false)
    await expect(life('forgetful', newWorld(), immortal, forgetful)).rejects.toThrow('FAI-14')
  })

  test('[FAI-22] the harness notices a vault that rolls again when it is asked again', async () => {
    const world = newWorld()
    const { draw } = world.vault
    let draws = 0
    // The seed is always the committed one, so that no single answer is wrong in itself.
    world.vault.draw = async (request) => {
      draws += 1
      const salted = draws % 2 === 0 ? request.saltHex : '00'.repeat(32)
      return draw.call(world.vault, { ...request, saltHex: salted })
    }
    const mortality = new Mortality(8, true)
    await life('rolled', world, mortality).catch(() => {})
    await life('rolled', world, new Mortality(Number.POSITIVE_INFINITY, false))
    await expect(expectUnharmed('rolled', world, mortality.diedAt)).rejects.toThrow(mortality.diedAt)
  })
})
