import type { Dice } from './dice.ts'

/** How hard a world is on its owners: chances, each for one occasion. Every world throws its own profile. */
export type Faults = {
  /** An owner dies between two of its acts. */
  readonly crash: number
  /** Another node takes over from an owner that is well, which goes on as a zombie. */
  readonly suspect: number
  /** A call to the books never arrives, or its answer does not. */
  readonly lostCall: number
  readonly lostReply: number
  /** A call arrives once more, later. */
  readonly repeatedCall: number
  /** An answer is given to the table twice, the second time later. */
  readonly repeatedAnswer: number
  /** A call or its answer is slow, by seconds. */
  readonly slow: number
  /** The hot copy forgets its last writes, or all of them, or an old replica answers. */
  readonly forgetSome: number
  readonly forgetAll: number
  readonly staleCopy: number
  /** An operator orders a round to be void. */
  readonly voidOrder: number
  /** Nobody can draw for some seconds, from the close of a round. */
  readonly noDraws: number
}

/** What a world has seen of each fault, so that a test can tell that they happened. */
export type Tally = { [fault in Tallied]: number }
export const TALLIED = [
  'rounds',
  'voids',
  'accepted',
  'refusedStakes',
  'withdrawn',
  'crashes',
  'zombies',
  'takeOvers',
  'fencedCalls',
  'lostCalls',
  'lostReplies',
  'repeatedCalls',
  'repeatedAnswers',
  'slowCalls',
  'forgets',
  'staleCopies',
  'wrongDraws',
  'failedDraws',
] as const
type Tallied = (typeof TALLIED)[number]

export function emptyTally(): Tally {
  return Object.fromEntries(TALLIED.map((name) => [name, 0])) as Tally
}

/** From a quiet night to a very bad one: some faults are switched off in some worlds, so that others are seen alone. */
export function faultsOf(dice: Dice): Faults {
  const restless = dice.chance(0.25)
  const some = (most: number): number => (dice.chance(0.25) ? 0 : dice.upTo(1_000) * (most / 1_000))
  return {
    crash: some(restless ? 0.04 : 0.01),
    suspect: some(restless ? 0.03 : 0.006),
    lostCall: some(0.1),
    lostReply: some(0.15),
    repeatedCall: some(0.15),
    repeatedAnswer: some(0.1),
    slow: some(0.15),
    forgetSome: some(0.6),
    forgetAll: some(0.3),
    staleCopy: some(0.7),
    voidOrder: some(0.4),
    noDraws: some(0.15),
  }
}
