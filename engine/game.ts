import type { Cents, Ratio } from './money.ts'

/** What travels in messages and is kept in the books. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Uniform choices derived from one round's committed seed; the same seed gives the same sequence for ever. */
export interface DrawSource {
  /** A whole number in [0, n), for 1 <= n <= 2^21, without bias. */
  below(n: number): number
  /** The numbers 0..n-1 in a uniformly random order (Fisher-Yates). */
  permutation(n: number): number[]
}

/**
 * One place on the felt that a bet puts chips on. A plain bet has one part; a compound bet (voisins, neighbours) has
 * several, whose stakes sum to the bet's. `position` names the place ("split:1-2"), `kind` the limit it falls under.
 */
export type BetPart = { readonly position: string; readonly kind: string; readonly stakeCents: Cents }

/** The exact mathematics of one bet: what a stake of one returns on average, and how often it pays anything. */
export type BetReturn = {
  readonly bet: string
  readonly variant: string
  readonly return: Ratio
  readonly hitRate: Ratio
}

/**
 * Everything one table needs to know about a game. Pure: no clock, no randomness but the `DrawSource`.
 * `Rules` are the table's own settings (which wheel, la partage), `Selection` says what a bet is on,
 * `Outcome` is what the draw decides. All three are JSON, since they are stored and sent as they are.
 * Methods take values that `readRules` and `readSelection` have accepted; anything else is a broken invariant.
 */
export interface Game<Rules extends Json = Json, Selection extends Json = Json, Outcome extends Json = Json> {
  readonly id: string
  /** Raised whenever a rule or a payout changes; frozen on every round (G16). */
  readonly rulesVersion: number
  /** The table's rules from an operator's input, or null when they are not rules of this game. */
  readRules(value: unknown): Rules | null
  /** What a client's bet is on, in its one canonical form, or null when the layout has no such bet. */
  readSelection(rules: Rules, value: unknown): Selection | null
  /** The names under which a table sets limits, in the order a player reads them. */
  betKinds(rules: Rules): readonly string[]
  betKind(rules: Rules, selection: Selection): string
  /** The chips as they lie on the felt, or null when the stake cannot be divided into them. */
  parts(rules: Rules, selection: Selection, stakeCents: Cents): readonly BetPart[] | null
  /** Decides the round. Depends on nothing but rules and source (G10). */
  drawOutcome(rules: Rules, source: DrawSource): Outcome
  /** Total credited for the bet, stake included; 0 when it loses. */
  payoutCents(rules: Rules, selection: Selection, stakeCents: Cents, outcome: Outcome): Cents
  /** The exact return of every bet under these rules, by enumeration. */
  returns(rules: Rules): readonly BetReturn[]
}
