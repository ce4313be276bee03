import { assert } from '../../engine/assert.ts'
import { encode } from '../../engine/fairness/encoding.ts'
import { toHex } from '../../engine/fairness/hex.ts'
import { drawSource } from '../../engine/fairness/outcome.ts'
import { roundCommitment, roundSeed, seriesPath, seriesRoot } from '../../engine/fairness/seeds.ts'
import { sha256 } from '../../engine/fairness/sha256.ts'
import { gameById } from '../../engine/games.ts'
import { toCents } from '../../engine/money.ts'
import type { Draw, Facts, Opening, VoidReason } from '../../engine/round/types.ts'
import type { EntropySource } from './entropy-source.ts'
import type { NextRound } from './series-keeper.ts'
import type { Clock } from './series-supply.ts'
import type { SeriesVault } from './series-vault.ts'

/** A clock that stands still until somebody waits. */
export class TestClock implements Clock {
  #nowMs = 1_795_000_000_000
  nowMs(): number {
    return this.#nowMs
  }
  async wait(ms: number): Promise<void> {
    this.#nowMs += ms
  }
}

/** A vault without a pool: every new series has another secret, so a second roll of the dice would show. */
export class TestVault implements SeriesVault {
  #made = 0

  async newSeries({ tableId, seriesId, rounds }: Parameters<SeriesVault['newSeries']>[0]) {
    this.#made += 1
    const secret = sha256(encode('test secret', tableId, this.#made))
    const root = toHex(seriesRoot(secret, tableId, seriesId, rounds))
    return { sealedSecret: Buffer.from(secret).toString('base64'), root }
  }

  async commitment(request: Parameters<SeriesVault['commitment']>[0]) {
    const { tableId, seriesId, roundNo, rounds } = request
    const secret = Buffer.from(request.sealedSecret, 'base64')
    const commitment = roundCommitment(tableId, seriesId, roundNo, roundSeed(secret, tableId, seriesId, roundNo))
    const path = seriesPath(secret, tableId, seriesId, rounds, roundNo)
    return { commitment: toHex(commitment), path: path.map(toHex) }
  }

  async draw(request: Parameters<SeriesVault['draw']>[0]): Promise<Draw> {
    const { tableId, seriesId, roundNo, saltHex, rules } = request
    const seed = roundSeed(Buffer.from(request.sealedSecret, 'base64'), tableId, seriesId, roundNo)
    const game = gameById(request.gameId)
    assert(game !== null, 'the test plays a game of the house')
    const source = drawSource(seed, Buffer.from(saltHex, 'hex'), tableId, seriesId, roundNo)
    return { outcome: game.drawOutcome(rules, source), seedHex: toHex(seed) }
  }
}

/** The rounds of any number of tables, as books keep them: each fact is written once and stands. */
export class TestBooks {
  readonly #rounds = new Map<string, Facts[]>()

  async latestRound(tableId: string): Promise<Facts | null> {
    return this.#rounds.get(tableId)?.at(-1) ?? null
  }

  async open(opening: Opening): Promise<void> {
    const rounds = this.#rounds.get(opening.tableId) ?? []
    const standing = rounds.find((facts) => facts.opening.roundId === opening.roundId)
    assert(standing === undefined || standing.opening.commitment === opening.commitment, 'a round keeps its commitment')
    if (standing === undefined) rounds.push({ opening, stakes: [], betDigest: null, draw: null, ended: null })
    this.#rounds.set(opening.tableId, rounds)
  }

  async end(opening: Opening, draw: Draw, voidReason: VoidReason | null, atMs: number): Promise<void> {
    const rounds = this.#rounds.get(opening.tableId) ?? []
    const at = rounds.findIndex((facts) => facts.opening.roundId === opening.roundId)
    const facts = rounds[at]
    assert(facts !== undefined, 'what ends was opened')
    if (facts.ended !== null) return
    const betDigest = voidReason === null ? 'ab'.repeat(32) : null
    rounds[at] = {
      ...facts,
      betDigest,
      draw,
      ended: { how: voidReason === null ? 'settled' : 'void', atMs, voidReason },
    }
  }

  roundsOf(tableId: string): readonly Facts[] {
    return this.#rounds.get(tableId) ?? []
  }
}

/** A beacon on this machine: a value each 3 s, of which nothing is told before its time by the test's clock. */
export class TestBeacon implements EntropySource {
  readonly source = 'test beacon'
  readonly #clock: Clock
  readonly asked: number[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  roundAfter(atMs: number): number {
    return Math.floor(atMs / 3000) + 1
  }

  async valueOf(round: number): Promise<string | null> {
    this.asked.push(round)
    return this.#clock.nowMs() >= round * 3000 ? toHex(sha256(encode('test beacon', round))) : null
  }
}

export function openingOf(next: NextRound, nowMs: number): Opening {
  const openedAtMs = Math.max(nowMs, next.opensFromMs)
  return {
    roundId: next.roundId,
    tableId: next.tableId,
    seriesId: next.seriesId,
    roundNo: next.roundNo,
    commitment: next.commitment,
    openedAtMs,
    closesAtMs: openedAtMs + 20_000,
    terms: {
      gameId: 'roulette',
      rulesVersion: 1,
      rules: { wheel: 'single-zero', laPartage: false },
      limits: { perBet: {}, perPlayerCents: toCents(0), perTableCents: toCents(0) },
      pace: { bettingMs: 20_000, restMs: 5_000 },
      currency: 'PEN',
    },
  }
}
