const LONGEST = 220
const ID_SHOWN = 8
const HEX_ID = /"([0-9a-f]{8})[0-9a-f-]{20,}"/g

/** One line of a replay: the second it happened, what, and the rest as JSON with its long ids cut. */
export function inWords(seen: { readonly what: string }, sinceStartMs: number): string {
  const { what, ...rest } = seen
  const json = JSON.stringify(rest, (key, value) => (key === 'terms' ? undefined : plain(value)))
  const text = json.replace(HEX_ID, (_, start: string) => `"${start.slice(0, ID_SHOWN)}"`)
  return `${(sinceStartMs / 1_000).toFixed(3).padStart(9)} ${what.padEnd(16)} ${text.slice(0, LONGEST)}`
}

function plain(value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value
}
