import type { Json } from '../../engine/game.ts'
import { colourOf, isPocket } from '../../engine/roulette/pockets.ts'

/** An outcome as its JSON says it; null for text that is not JSON. */
export function readOutcome(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return null
  }
}

/** What came, in the fewest letters. */
export function outcomeText(outcome: Json): string {
  const pocket = pocketOf(outcome)
  if (pocket !== null) return String(pocket)
  return typeof outcome === 'string' || typeof outcome === 'number' ? String(outcome) : JSON.stringify(outcome)
}

/** One result as a small plate: red ones round, black ones square, so that no colour is needed to tell them apart. */
export function OutcomeBadge({ outcome }: { outcome: Json }) {
  const pocket = pocketOf(outcome)
  const look = pocket === null ? 'badge' : `badge badge-${colourOf(pocket)}`
  return <span class={look}>{outcomeText(outcome)}</span>
}

function pocketOf(outcome: Json) {
  if (typeof outcome !== 'object' || outcome === null || !('pocket' in outcome)) return null
  return isPocket(outcome.pocket) ? outcome.pocket : null
}
