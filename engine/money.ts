import { assert } from './assert.ts'

declare const cents: unique symbol

/** Whole minor units of the table's currency (céntimos of a sol); a safe integer, never a fraction. */
export type Cents = number & { readonly [cents]: true }

/** An exact ratio of whole numbers, for odds and returns; the denominator is positive. */
export type Ratio = { readonly num: bigint; readonly den: bigint }

/** Errors: throws when `n` is not a safe integer, since a fraction of a céntimo cannot be paid. */
export function toCents(n: number): Cents {
  assert(Number.isSafeInteger(n), `money is a whole number of cents, not ${n}`)
  return n as Cents
}

export function isCents(value: unknown): value is Cents {
  return typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0)
}

export function sumCents(amounts: Iterable<Cents>): Cents {
  let sum = 0
  for (const amount of amounts) sum += amount
  return toCents(sum)
}

/** The ratio in lowest terms. Errors: throws on a denominator that is not positive. */
export function ratio(num: bigint, den: bigint): Ratio {
  assert(den > 0n, 'a ratio has a positive denominator')
  const divisor = gcd(num < 0n ? -num : num, den)
  return { num: num / divisor, den: den / divisor }
}

export function ratioText({ num, den }: Ratio): string {
  return `${num}/${den}`
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? (a === 0n ? 1n : a) : gcd(b, a % b)
}
