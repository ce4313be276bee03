import { assert } from '../assert.ts'
import type { BetPart } from '../game.ts'
import { type Cents, toCents } from '../money.ts'
import { type Chips, COMPOUND_KINDS, type CompoundKind, compoundBets } from './announced.ts'
import { FELT, FELT_KINDS, type FeltKind, type Position } from './layout.ts'
import type { Wheel } from './pockets.ts'
import type { RouletteRules } from './rules.ts'
import { placeName, type RouletteSelection } from './selections.ts'

export type BetKind = FeltKind | CompoundKind

/** One bet that a table offers: its canonical selection, the limit it falls under, and its chips on the felt. */
export type OfferedBet = {
  readonly selection: RouletteSelection
  readonly kind: BetKind
  /** The name under which its return is published: all bets of one name are alike ("split", "red", "neighbours-2"). */
  readonly name: string
  readonly chips: readonly Chips[]
  /** How many chips of equal worth the stake is divided into. */
  readonly chipCount: number
}

/** Largest stake of which every payout is still a safe integer; anything above is not playable (ROU-17). */
export const MOST_STAKE_CENTS = Math.floor(Number.MAX_SAFE_INTEGER / 36)

const OFFERED: Readonly<Record<Wheel, ReadonlyMap<string, OfferedBet>>> = {
  'single-zero': offered('single-zero'),
  'double-zero': offered('double-zero'),
}

/** Every selection that a table under these rules accepts, each in its canonical form. */
export function allSelections(rules: RouletteRules): RouletteSelection[] {
  return Array.from(OFFERED[rules.wheel].values(), ({ selection }) => selection)
}

/** What a client's bet is on, in canonical form, or null when the table's layout has no such bet (ROU-15). */
export function readSelection(rules: RouletteRules, value: unknown): RouletteSelection | null {
  const place = placeName(value)
  return place === null ? null : (OFFERED[rules.wheel].get(place)?.selection ?? null)
}

/** Errors: throws on a selection that `readSelection` has not accepted under these rules. */
export function offeredBet(rules: RouletteRules, selection: RouletteSelection): OfferedBet {
  const bet = OFFERED[rules.wheel].get(placeName(selection) ?? '')
  assert(bet !== undefined, `ROU-15: the table offers ${JSON.stringify(selection)}`)
  return bet
}

/** The names under which a table of this wheel sets limits, in the order a player reads them. */
export function betKinds(rules: RouletteRules): BetKind[] {
  const kinds = new Set(Array.from(OFFERED[rules.wheel].values(), ({ kind }) => kind))
  return [...FELT_KINDS, ...COMPOUND_KINDS].filter((kind) => kinds.has(kind))
}

/** The chips as they lie on the felt, or null when the stake does not divide into them or cannot be played (ROU-14). */
export function parts(rules: RouletteRules, selection: RouletteSelection, stakeCents: Cents): BetPart[] | null {
  const { chips, chipCount } = offeredBet(rules, selection)
  if (!Number.isSafeInteger(stakeCents) || stakeCents <= 0 || stakeCents > MOST_STAKE_CENTS) return null
  if (stakeCents % chipCount !== 0) return null
  return chips.map(({ position, chips }) => ({
    position,
    kind: positionNamed(rules.wheel, position).kind,
    stakeCents: toCents((stakeCents / chipCount) * chips),
  }))
}

/** Errors: throws on a place that the felt does not have. */
export function positionNamed(wheel: Wheel, name: string): Position {
  const position = FELT[wheel].get(name)
  assert(position !== undefined, `ROU-5: the felt has the place ${name}`)
  return position
}

function offered(wheel: Wheel): ReadonlyMap<string, OfferedBet> {
  const plain = Array.from(FELT[wheel].values(), ({ name, selection }) => ({
    selection,
    chips: [{ position: name, chips: 1 }],
  }))
  return new Map(
    [...plain, ...compoundBets(wheel)].map(({ selection, chips }) => [
      placeName(selection) ?? '',
      {
        selection,
        kind: kindOf(selection),
        name: publishedName(selection),
        chips,
        chipCount: chips.reduce((sum, { chips }) => sum + chips, 0),
      },
    ]),
  )
}

function kindOf({ kind }: RouletteSelection): BetKind {
  switch (kind) {
    case 'red':
    case 'black':
    case 'odd':
    case 'even':
    case 'low':
    case 'high':
      return 'even-chance'
    default:
      return kind
  }
}

function publishedName(selection: RouletteSelection): string {
  if (selection.kind === 'neighbours') return `neighbours-${selection.reach}`
  if (selection.kind === 'finale') return `finale-${selection.digit}`
  return selection.kind
}
