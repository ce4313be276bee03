/** The chips of the house in cents, dearest first; every amount in whole soles can be laid in them. */
export const CHIP_VALUES_CENTS = [100_000, 50_000, 10_000, 2_500, 1_000, 500, 100] as const
/** More discs than this would hide the felt; the amount is always written on the uppermost. */
export const MOST_DISCS = 5

/** An amount in the fewest chips, dearest first; what is left below the smallest chip counts as one of it (FELT-7). */
export function breakdown(cents: number): number[] {
  const chips: number[] = []
  let left = cents
  for (const value of CHIP_VALUES_CENTS) {
    const count = Math.floor(left / value)
    for (let i = 0; i < count && chips.length <= MOST_DISCS; i += 1) chips.push(value)
    left -= count * value
  }
  return left > 0 ? [...chips, CHIP_VALUES_CENTS[CHIP_VALUES_CENTS.length - 1] ?? left] : chips
}

/** The discs of a stack as drawn, lowest first: the dearest lie at the bottom, as a croupier builds them. */
export function discsOf(cents: number): number[] {
  return breakdown(cents).slice(0, MOST_DISCS)
}

/** The dearest chip that an amount of chips holds, which gives a tray chip its colour. */
export function chipColour(cents: number): number {
  return CHIP_VALUES_CENTS.find((value) => value <= cents) ?? 100
}

/** The short form on a chip: "0.50", "5", "1.2k", without currency, since a chip has little room. */
export function chipText(cents: number): string {
  if (cents >= 100_000) return `${Math.floor(cents / 10_000) / 10}k`
  return cents % 100 === 0 ? `${cents / 100}` : (cents / 100).toFixed(2)
}
