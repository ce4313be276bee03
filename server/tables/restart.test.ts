import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fromHex } from '../../engine/fairness/hex.ts'
import { drawSource } from '../../engine/fairness/outcome.ts'
import { gameById } from '../../engine/games.ts'
import { toCents } from '../../engine/money.ts'
import { due } from '../../engine/round/due.ts'
import { gameOf } from '../../engine/round/game-of.ts'
import { rebuild } from '../../engine/round/rebuild.ts'
import { stepAll } from '../../engine/round/step.ts'
import type { NewBet, Round, RoundEvent } from '../../engine/round/types.ts'
import type { Lease } from '../../rooms/ports.ts'
import { openTestDatabase, type TestDatabase } from '../database/testing.ts'
import { LogSigner } from '../fairness/log-signer.ts'
import { MerkleLog } from '../fairness/merkle-log.ts'
import { SeriesKeeper } from '../fairness/series-keeper.ts'
import { SeriesStore } from '../fairness/series-store.ts'
import { TestClock, TestVault } from '../fairness/testing.ts'
import { LedgerBooks } from '../ledger/ledger-books.ts'
import type { Outcome } from './effect-runner.ts'
import { HouseTables } from './house-tables.ts'
import { openNext, type TableEffectsDeps, tableEffects } from './table-effects.ts'

const PLAYERS = ['ana', 'eva'] as const
let database: TestDatabase
let books: LedgerBooks
let store: SeriesStore
let deps: TableEffectsDeps
const clock = new TestClock()

beforeAll(async () => {
  database = await openTestDatabase()
  books = new LedgerBooks(database, () => clock.nowMs())
  store = new SeriesStore(database.kysely)
  const log = new MerkleLog(database.kysely, new LogSigner('test.example', new Uint8Array(32).fill(7)))
  const series = new SeriesKeeper({
    store,
    log,
    vault: new TestVault(),
    books,
    clock,
    beacon: null,
    rounds: 200,
    gatherMs: 1_000,
  })
  const tables = new HouseTables({
    database,
    nowMs: () => clock.nowMs(),
    gameById,
    currency: 'PEN',
    leastReturnPercent: 85,
    minRoundGapMs: 0,
  })
  const rules = { wheel: 'single-zero', laPartage: true }
  const range = { minCents: 100, maxCents: 10_000 }
  const limits = { perBet: { straight: range, 'even-chance': range }, perPlayerCents: 50_000, perTableCents: 500_000 }
  const pace = { bettingMs: 5_000, restMs: 5_000 }
  await tables.create({ tableId: 'lima', name: 'Lima', gameId: 'roulette', rules, limits, pace }, 'open')
  for (const playerId of PLAYERS) {
    await books.openAccount(playerId)
    await books.grant(randomUUID(), playerId, toCents(1_000_000), 'test')
  }
  const { nowMs } = { nowMs: () => clock.nowMs() }
  deps = {
    books,
    series,
    tables,
    drawsHealthy: () => true,
    nowMs,
    statusChanged: () => {},
    voided: async () => {},
    changed: async () => {},
  }
})
afterAll(() => database.close())

/** A node that runs one round until it dies at its n-th effect: before it is performed, or with its answer unheard. */
class Node {
  readonly #diesAt: number
  readonly #when: 'before' | 'after' | 'never'
  #performed = 0

  constructor(diesAt: number, when: 'before' | 'after' | 'never') {
    this.#diesAt = diesAt
    this.#when = when
  }

  async play(lease: Lease, start: Round, show: (round: Round) => void): Promise<{ round: Round; died: boolean }> {
    const perform = tableEffects(lease, deps)
    let round = start
    for (let turns = 0; turns < 100 && !round.rested; turns++) {
      const events: RoundEvent[] = []
      for (const effect of due(round)) {
        if (effect.type === 'wakeAt') {
          await clock.wait(Math.max(0, effect.atMs - clock.nowMs()))
          events.push({ type: 'clockReached', atMs: clock.nowMs() })
          continue
        }
        this.#performed++
        const dies = this.#performed === this.#diesAt
        if (dies && this.#when === 'before') return { round, died: true }
        const outcome = await perform(effect, new AbortController().signal)
        if (dies && this.#when === 'after') return { round, died: true }
        events.push(eventOf(outcome))
      }
      round = stepAll(round, events).round
      show(round)
    }
    return { round, died: false }
  }
}

function eventOf(outcome: Outcome): RoundEvent {
  if (typeof outcome === 'string') throw new Error(`the effect ended as ${outcome}`)
  return outcome.event
}

async function takeOver(): Promise<{ lease: Lease; round: Round }> {
  const lease = { tableId: 'lima', epoch: await books.raiseEpoch('lima') }
  const facts = await books.latestRound('lima')
  if (facts !== null && !facts.ended) return { lease, round: rebuild(null, facts) }
  const opened = eventOf(await openNext(lease, facts?.opening ?? null, deps, new AbortController().signal))
  if (opened.type !== 'nextOpened') throw new Error('a round opens')
  const fresh = await books.latestRound('lima')
  if (fresh === null) throw new Error('an opened round is in the books')
  return { lease, round: rebuild(null, fresh) }
}

function bets(): NewBet[] {
  const on = (playerId: string, selection: NewBet['selection'], cents: number) => {
    return { betId: randomUUID(), playerId, selection, stakeCents: toCents(cents) }
  }
  return [
    on('ana', { kind: 'red' }, 1_000),
    on('eva', { kind: 'black' }, 500),
    on('eva', { kind: 'straight', numbers: [7] }, 100),
  ]
}

const balances = async () => Promise.all(PLAYERS.map(async (playerId) => Number(await books.balanceOf(playerId))))

/** Effects of an undisturbed round: three stakes, close, draw, settle. */
const EFFECTS = 6

for (const when of ['before', 'after'] as const)
  for (let diesAt = 1; diesAt <= EFFECTS; diesAt++)
    test(`[RND-11 G17 FAI-17] a node dies ${when} effect ${diesAt}: the round ends as committed`, async () => {
      const { lease, round } = await takeOver()
      const placed = bets()
      const before = await balances()
      const shown = new Set<string>()
      const show = ({ draw }: Round) => draw !== null && shown.add(JSON.stringify(draw))
      const atMs = clock.nowMs()
      const asked = stepAll(
        round,
        placed.map((bet): RoundEvent => ({ type: 'betPlaced', roundId: round.opening.roundId, atMs, bet })),
      ).round
      const first = await new Node(diesAt, when).play(lease, asked, show)
      expect(first.died).toBe(true)
      const atDeath = await books.latestRound('lima')
      const next = await takeOver()
      const unfinished = next.round.opening.roundId === round.opening.roundId
      if (unfinished) await new Node(0, 'never').play(next.lease, next.round, show)

      const facts = unfinished ? await books.latestRound('lima') : atDeath
      expect([facts?.opening.roundId, facts?.ended?.how]).toEqual([round.opening.roundId, 'settled'])
      const seed = facts?.draw?.seedHex ?? ''
      const salt = await store.salt(round.opening.seriesId)
      const { tableId, seriesId, roundNo, terms } = round.opening
      const source = drawSource(fromHex(seed), fromHex(salt?.saltHex ?? ''), tableId, seriesId, roundNo)
      const committed = gameOf(terms).drawOutcome(terms.rules, source)
      expect([...shown].map((draw) => JSON.parse(draw).outcome)).toEqual([committed])

      const audit = await books.audit()
      expect([audit.linesSumCents, audit.accountsOff, audit.negativePlayers, audit.escrowCents]).toEqual([0, 0, 0, 0])
      const game = gameOf(terms)
      // A stake that the dead node had not booked is gone with it; nobody was told that it was accepted.
      const stakes = facts?.stakes ?? []
      const fair = PLAYERS.map((playerId, i) => {
        const own = stakes.filter(({ bet, fate }) => bet.playerId === playerId && fate === 'reserved')
        const won = own.map(
          ({ bet }) => game.payoutCents(terms.rules, bet.selection, bet.stakeCents, committed) - bet.stakeCents,
        )
        return (before[i] ?? 0) + won.reduce((sum, cents) => sum + cents, 0)
      })
      expect(await balances()).toEqual(fair)
    })
