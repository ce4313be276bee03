import { chipColour, chipText, discsOf } from './breakdown.ts'

/** One chip from above, drawn around the origin with radius 16, its amount in the middle. */
export function ChipFace({ colourCents, text }: { colourCents: number; text: string }) {
  return (
    <g class={`rc rc-${colourCents}`}>
      <circle class="rc-body" r="16" />
      <circle class="rc-marks" r="13.4" />
      <circle class="rc-ring" r="10.6" />
      <circle class="rc-shine" r="15.4" />
      <text class={`rc-text rc-text-${Math.min(text.length, 5)}`} y="0.5">
        {text}
      </text>
    </g>
  )
}

/** A stack around the origin: up to five discs, the amount of all of it on the uppermost. */
export function ChipStack({ cents }: { cents: number }) {
  const discs = discsOf(cents)
  const top = discs.length - 1
  return (
    <g>
      <ellipse class="rc-shadow" cx="2" cy="4" rx="17" ry="16" />
      {discs.slice(0, -1).map((value, i) => (
        <g key={`${i}:${value}`} class={`rc rc-${value}`} transform={`translate(0 ${-3.2 * i})`}>
          <circle class="rc-body" r="16" />
          <circle class="rc-marks" r="13.4" />
        </g>
      ))}
      <g transform={`translate(0 ${-3.2 * top})`}>
        <ChipFace colourCents={discs[top] ?? chipColour(cents)} text={chipText(cents)} />
      </g>
    </g>
  )
}
