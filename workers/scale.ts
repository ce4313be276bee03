/** What `scaled` answers when the word must be thrown away so that every number stays equally likely. */
export const REJECTED = -1

/** Ranges go up to 2^21, so that word times range stays exact in a double. */
export const MAX_RANGE = 2 ** 21
export const WORD_SPAN = 2 ** 32

/**
 * Maps a uniform word in [0, span) to a uniform number in [0, n), or `REJECTED`. `span` is a power of two; the ring
 * uses 2^32, the exhaustive proof 2^16. Multiply and reject: of the span's words exactly floor(span / n) map to each
 * number. Source: D. Lemire, "Fast Random Integer Generation in an Interval" (2019); rule DRW-6 (G5).
 */
export function scaled(word: number, n: number, span: number): number {
  const product = word * n
  const value = Math.floor(product / span)
  const low = product - value * span
  return low >= n || low >= span % n ? value : REJECTED
}
