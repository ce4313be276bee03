import { z } from 'zod'
import { isCents } from '../../engine/money.ts'
import { problemsOf } from '../problems.ts'

const MOST_CENTS = 1_000_000_000_000
const cents = z.custom<number>(
  (value) => isCents(value) && value > 0 && value <= MOST_CENTS,
  'must be a whole number of cents above 0',
)
export const limitsShape = z.strictObject({
  perBet: z.record(z.string().min(1).max(40), z.strictObject({ minCents: cents, maxCents: cents })),
  perPlayerCents: cents,
  perTableCents: cents,
})
const ms = (least: number) => {
  const error = `must be a whole number of milliseconds from ${least} to 600000`
  return z.int({ error }).min(least, { error }).max(600_000, { error })
}
export const paceShape = z.strictObject({ bettingMs: ms(1_000), restMs: ms(0) })

type Read = z.output<typeof limitsShape>

/** Which field of limits does not fit a game with these kinds of bets, and why; null when all do (OPS-7). */
export function limitsProblem(kinds: readonly string[], value: unknown): string | null {
  const read = limitsShape.safeParse(value)
  return read.success ? misfit(kinds, read.data) : problemsOf(read.error, 'limits')
}

function misfit(kinds: readonly string[], { perBet, perPlayerCents, perTableCents }: Read): string | null {
  const offered = Object.entries(perBet)
  for (const [kind, { minCents, maxCents }] of offered) {
    if (!kinds.includes(kind)) return `limits.perBet.${kind}: the game has no such bet under these rules`
    if (minCents > maxCents) return `limits.perBet.${kind}: minCents must be at most maxCents`
  }
  if (!offered.some(([, { minCents }]) => minCents <= perPlayerCents))
    return 'limits.perBet: no bet has a minCents of at most perPlayerCents'
  return perPlayerCents > perTableCents ? 'limits.perPlayerCents: must be at most perTableCents' : null
}

/** Which field of a pace cannot be read, and why; null when it can. */
export function paceProblem(value: unknown): string | null {
  const read = paceShape.safeParse(value)
  return read.success ? null : problemsOf(read.error, 'pace')
}
