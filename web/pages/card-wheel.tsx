const POCKETS = 37
const OUTER = 82
const INNER = 56

/** A wheel as the picture of a card: red and black by turns, one or two green pockets, the light from above. */
export function CardWheel({ zeros }: { zeros: 1 | 2 }) {
  const count = POCKETS + zeros - 1
  const step = (2 * Math.PI) / count
  return (
    <svg viewBox="-100 -100 200 200" aria-hidden="true">
      <defs>
        <radialGradient id="cw-wood" gradientUnits="userSpaceOnUse" cx="0" cy="0" r="98">
          <stop offset="0.84" stop-color="#3a1c0c" />
          <stop offset="0.93" stop-color="#7d4a28" />
          <stop offset="1" stop-color="#2a1308" />
        </radialGradient>
        <radialGradient id="cw-cone" gradientUnits="userSpaceOnUse" cx="-12" cy="-16" r="64">
          <stop offset="0" stop-color="#b97a45" />
          <stop offset="0.55" stop-color="#6f3f1f" />
          <stop offset="1" stop-color="#2c1408" />
        </radialGradient>
        <radialGradient id="cw-hub" cx="0.36" cy="0.3" r="0.8">
          <stop offset="0" stop-color="#fff3c9" />
          <stop offset="0.45" stop-color="#d9b76c" />
          <stop offset="1" stop-color="#5d4114" />
        </radialGradient>
      </defs>
      <circle r="98" fill="url(#cw-wood)" />
      <circle r="85" class="cw-rim" />
      {Array.from({ length: count }, (_, i) => (
        <path key={i} d={pocketPath(i * step, (i + 1) * step)} class={pocketClass(i, count, zeros)} />
      ))}
      <circle r={INNER} fill="url(#cw-cone)" class="cw-ring" />
      <path d="M-46 0H46M0-46V46" class="cw-arms" />
      <circle r="13" fill="url(#cw-hub)" />
      <circle cx="36" cy="-54" r="4.6" class="cw-ball" />
    </svg>
  )
}

function pocketClass(index: number, count: number, zeros: 1 | 2): string {
  if (index === 0 || (zeros === 2 && index === count / 2)) return 'cw-green'
  return index % 2 === 0 ? 'cw-black' : 'cw-red'
}

function pocketPath(from: number, to: number): string {
  const point = (r: number, a: number): string => `${(r * Math.sin(a)).toFixed(1)} ${(-r * Math.cos(a)).toFixed(1)}`
  const out = `M${point(OUTER, from)}A${OUTER} ${OUTER} 0 0 1 ${point(OUTER, to)}L${point(INNER, to)}`
  return `${out}A${INNER} ${INNER} 0 0 0 ${point(INNER, from)}Z`
}
