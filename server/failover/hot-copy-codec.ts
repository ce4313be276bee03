import { z } from 'zod'
import { assert } from '../../engine/assert.ts'
import type { Json } from '../../engine/game.ts'
import { toCents } from '../../engine/money.ts'
import { openRound } from '../../engine/round/step.ts'
import { type Opening, type PlacedBet, type Round, VOID_REASONS } from '../../engine/round/types.ts'

/** Most unresolved bets that a copy carries. What it leaves out the books know as well as they know any stake. */
export const MOST_HOT_BETS = 10_000
export const HOT_COPY_FORMAT = 2

/** A later release has written the copy; the books alone tell how the round goes on. */
export class HotCopyTooNew extends Error {
  readonly format: number
  constructor(format: number, release: string) {
    super(`the hot copy has format ${format}, written by release ${release}`)
    this.name = 'HotCopyTooNew'
    this.format = format
  }
}

/** Not a hot copy that any release wrote; the books alone tell how the round goes on. */
export class HotCopyDamaged extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'HotCopyDamaged'
  }
}

/** `migrations[n]` makes format n + 1 of a parsed copy of format n. It throws on what is no copy of format n. */
export type Migrations = { readonly [format: number]: (older: unknown) => unknown }

export type HotCopyCodec = {
  readonly format: number
  /**
   * The thin copy of a round: only what the books do not know (FOV-11). `release` names the program that writes it, for
   * whoever cannot read it.
   */
  encode(round: Round, ref: { readonly release: string }): string
  /**
   * The hint for `rebuild`: a round with the bets that were asked for and not yet answered; null when the copy is of
   * another round than `opening`.
   * Errors: throws `HotCopyTooNew` or `HotCopyDamaged` (FOV-12).
   */
  decode(text: string, opening: Opening): Round | null
}

const PHASES = ['open', 'closing', 'closed', 'drawn', 'settled', 'void'] as const
const id = z.string().min(1).max(200)
const bet = z.strictObject({
  betId: id,
  playerId: id,
  // What JSON.parse has made is JSON; `rebuild` holds it against the layout.
  selection: z.custom<Json>((value) => value !== undefined),
  stakeCents: z.int().positive(),
})
const head = { roundId: id, phase: z.enum(PHASES), voidReason: z.enum(VOID_REASONS).nullable(), rested: z.boolean() }

/** The current shape but for the number of its format. */
const body = z
  .strictObject({
    format: z.int(),
    release: z.string().max(100),
    ...head,
    bets: z.array(bet.extend({ status: z.enum(['reserving', 'releasing']) })).max(MOST_HOT_BETS),
  })
  .refine(({ phase, voidReason }) => (phase === 'void') === (voidReason !== null), 'a void has a reason, alone')

/** Format 1 kept two lists, so that the order between a bet and a withdrawal was lost, and did not say who wrote it. */
const format1 = z.strictObject({
  format: z.literal(1),
  ...head,
  reserving: z.array(bet).max(MOST_HOT_BETS),
  releasing: z.array(bet).max(MOST_HOT_BETS),
})

export const HOT_COPY_MIGRATIONS: Migrations = {
  1: (older) => {
    const { reserving, releasing, ...rest } = format1.parse(older)
    const bets = [
      ...reserving.map((asked) => ({ ...asked, status: 'reserving' })),
      ...releasing.map((asked) => ({ ...asked, status: 'releasing' })),
    ].slice(0, MOST_HOT_BETS)
    return { ...rest, format: 2, release: 'unknown', bets }
  },
}

/** A codec of some format, with a migration from every earlier one. Tests of upgrades make one of a later format. */
export function hotCopyCodec({ format, migrations }: { format: number; migrations: Migrations }): HotCopyCodec {
  for (let older = 1; older < format; older++)
    assert(migrations[older] !== undefined, `FOV-12: there is a migration from format ${older} of the hot copy`)
  return {
    format,
    encode: (round, { release }) => JSON.stringify(thinCopy(round, format, release)),
    decode(text, opening) {
      const copy = readCopy(text, format, migrations)
      return copy.roundId === opening.roundId ? hintOf(copy, opening) : null
    },
  }
}

export const { encode: encodeHotCopy, decode: decodeHotCopy } = hotCopyCodec({
  format: HOT_COPY_FORMAT,
  migrations: HOT_COPY_MIGRATIONS,
})

type ThinCopy = z.output<typeof body>
type HotBet = PlacedBet & { readonly status: 'reserving' | 'releasing' }

function thinCopy(round: Round, format: number, release: string): ThinCopy {
  const bets: ThinCopy['bets'] = []
  for (const placed of round.bets.values()) {
    if (!isUnresolved(placed) || bets.length === MOST_HOT_BETS) continue
    const { betId, playerId, selection, stakeCents, status } = placed
    bets.push({ betId, playerId, selection, stakeCents, status })
  }
  const { opening, phase, voidReason, rested } = round
  return { format, release, roundId: opening.roundId, phase, voidReason, rested, bets }
}

function isUnresolved(placed: PlacedBet): placed is HotBet {
  return placed.status === 'reserving' || placed.status === 'releasing'
}

function readCopy(text: string, format: number, migrations: Migrations): ThinCopy {
  try {
    let copy: unknown = JSON.parse(text)
    const { format: written, release } = z
      .object({ format: z.int().positive(), release: z.string().max(100).default('unknown') })
      .parse(copy)
    if (written > format) throw new HotCopyTooNew(written, release)
    for (let older = written; older < format; older++) copy = migrations[older]?.(copy)
    return body.parse(copy)
  } catch (cause) {
    if (cause instanceof HotCopyTooNew) throw cause
    throw new HotCopyDamaged('the hot copy cannot be read', { cause })
  }
}

function hintOf({ phase, voidReason, rested, bets: hot }: ThinCopy, opening: Opening): Round {
  const bets = new Map<string, PlacedBet>()
  const betsOfPlayer = new Map<string, readonly string[]>()
  let atStakeCents = 0
  for (const asked of hot) {
    if (bets.has(asked.betId)) throw new HotCopyDamaged('the hot copy has a bet twice')
    bets.set(asked.betId, { ...asked, stakeCents: toCents(asked.stakeCents), refusal: null })
    betsOfPlayer.set(asked.playerId, [...(betsOfPlayer.get(asked.playerId) ?? []), asked.betId])
    atStakeCents += asked.stakeCents
  }
  return {
    ...openRound(opening),
    phase,
    voidReason,
    rested,
    bets,
    betsOfPlayer,
    atStakeCents: toCents(atStakeCents),
  }
}
