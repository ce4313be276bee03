/** One question and answer about the time: when it was asked, when the answer came, what the server's clock said. */
export type ClockSample = { readonly askedAtMs: number; readonly answeredAtMs: number; readonly serverNowMs: number }

/**
 * Milliseconds to add to this device's clock to have the server's. The answer with the shortest way there and back is
 * the one to believe, half of the way being assumed for its return. Null without samples.
 */
export function clockOffsetMs(samples: readonly ClockSample[]): number | null {
  let best: ClockSample | null = null
  for (const sample of samples) if (best === null || wayMs(sample) < wayMs(best)) best = sample
  if (best === null) return null
  return Math.round(best.serverNowMs - (best.askedAtMs + best.answeredAtMs) / 2)
}

function wayMs(sample: ClockSample): number {
  return sample.answeredAtMs - sample.askedAtMs
}
