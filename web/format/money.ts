/**
 * Soles as Peru writes them, in every language of the page: "S/ 1,234.50" with a no-break space (L3).
 * `en` and `qu` would print "PEN" in a browser, so money is always formatted with es-PE.
 */
const formats = new Map<string, Intl.NumberFormat>()

function formatOf(currency: string, signed: boolean): Intl.NumberFormat {
  const key = `${currency}${signed ? '+' : ''}`
  const known = formats.get(key)
  if (known !== undefined) return known
  const made = new Intl.NumberFormat('es-PE', {
    style: 'currency',
    currency,
    minimumFractionDigits: 2,
    signDisplay: signed ? 'exceptZero' : 'negative',
  })
  formats.set(key, made)
  return made
}

/** Cents as text, two decimals always. */
export function formatCents(cents: number, currency = 'PEN'): string {
  return formatOf(currency, false).format(cents / 100)
}

/** As `formatCents` with a sign before a win or a loss; zero has none. */
export function formatNetCents(cents: number, currency = 'PEN'): string {
  return formatOf(currency, true).format(cents / 100)
}

/** The short form on a chip: "0.50", "5", "1k", without currency, since the felt has little room. */
export function formatChip(cents: number): string {
  if (cents >= 100_000) return `${trimmed(cents / 100_000)}k`
  return cents % 100 === 0 ? String(cents / 100) : (cents / 100).toFixed(2)
}

function trimmed(thousands: number): string {
  return (Math.floor(thousands * 10) / 10).toString()
}

const TYPED = /^(?:S\/\.?)?(\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.(\d{1,2}))?$/

/**
 * Reads an amount typed in the form in which it is printed: the sign of the sol is optional, commas part the thousands,
 * a point parts the cents. Answers cents, or null for anything else; "1.234,50" is refused rather than guessed at.
 */
export function parseCents(typed: string): number | null {
  const compact = typed.replaceAll(/[\s\u00a0\u202f]/g, '').toUpperCase()
  const found = TYPED.exec(compact)
  if (found?.[1] === undefined) return null
  const soles = Number(found[1].replaceAll(',', ''))
  return soles * 100 + Number((found[2] ?? '').padEnd(2, '0'))
}
