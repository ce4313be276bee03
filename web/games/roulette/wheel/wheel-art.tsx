import { colourOf, type Pocket } from '../../../../engine/roulette/pockets.ts'
import { POCKET_RADIUS } from './spin.ts'

/**
 * What the wheel is made of, in layers so that a spin moves pictures and repaints none: the bowl stands, the rotor
 * turns, and the light on brass and lacquer stands above both, as it does on a real wheel.
 * Units: the wheel's radius is 500.
 */
const NUMBERS_OUT = 374
const NUMBERS_IN = 298
const POCKETS_IN = 230
const VIEW = '-500 -500 1000 1000'

export function BowlArt() {
  return (
    <svg class="rw-layer" viewBox={VIEW} aria-hidden="true">
      <defs>
        <radialGradient id="rw-rim" gradientUnits="userSpaceOnUse" cx="0" cy="0" r="500">
          <stop offset="0.74" stop-color="#1a0b05" />
          <stop offset="0.8" stop-color="#4a2612" />
          <stop offset="0.835" stop-color="#2a1309" />
          <stop offset="0.87" stop-color="#5f341a" />
          <stop offset="0.915" stop-color="#7d4a28" />
          <stop offset="0.93" stop-color="#33180b" />
          <stop offset="0.965" stop-color="#6d3d20" />
          <stop offset="1" stop-color="#241007" />
        </radialGradient>
        <linearGradient id="rw-brass" x1="0" y1="0" x2="1" y2="1">
          <stop offset="0" stop-color="#fff3c9" />
          <stop offset="0.2" stop-color="#d9b261" />
          <stop offset="0.42" stop-color="#7c5720" />
          <stop offset="0.56" stop-color="#e9cb83" />
          <stop offset="0.78" stop-color="#8a6427" />
          <stop offset="1" stop-color="#f3dca0" />
        </linearGradient>
        <linearGradient id="rw-sheen" x1="0.2" y1="0" x2="0.7" y2="1">
          <stop offset="0" stop-color="#fff" stop-opacity="0.28" />
          <stop offset="0.35" stop-color="#fff" stop-opacity="0.03" />
          <stop offset="0.7" stop-color="#000" stop-opacity="0.12" />
          <stop offset="1" stop-color="#000" stop-opacity="0.4" />
        </linearGradient>
      </defs>
      <circle r="498" fill="url(#rw-rim)" />
      {WOOD_GRAIN.map(({ from, sweep, radius, shade }) => (
        <path key={`${from}:${radius}`} d={arc(radius, from, from + sweep)} class="rw-grain" stroke={shade} />
      ))}
      <circle r="480" fill="none" stroke="url(#rw-sheen)" stroke-width="34" />
      <circle r="463" fill="none" stroke="url(#rw-brass)" stroke-width="3.5" />
      <circle r="437" fill="none" stroke="url(#rw-sheen)" stroke-width="44" />
      <circle r="411" fill="none" stroke="#120703" stroke-opacity="0.7" stroke-width="3" />
      <circle r="395" fill="none" stroke="url(#rw-sheen)" stroke-width="28" opacity="0.7" />
      {Array.from({ length: 8 }, (_, i) => (
        <g key={i} transform={`rotate(${i * 45 + 22.5}) translate(0 -397) rotate(${i % 2 === 0 ? 0 : 90})`}>
          <path d="M0-17 6 0 0 17-6 0Z" fill="#000" opacity="0.4" transform="translate(2 3)" />
          <path d="M0-17 6 0 0 17-6 0Z" fill="url(#rw-brass)" />
          <path d="M0-17 0 17-6 0Z" fill="#fff" opacity="0.25" />
        </g>
      ))}
      <circle r="380" fill="#0b0503" />
    </svg>
  )
}

export function RotorArt({ order }: { order: readonly Pocket[] }) {
  const step = 360 / order.length
  return (
    <svg class="rw-layer" viewBox={VIEW} aria-hidden="true">
      <defs>
        <radialGradient id="rw-cone" gradientUnits="userSpaceOnUse" cx="0" cy="0" r={POCKETS_IN}>
          <stop offset="0" stop-color="#a46a3c" />
          <stop offset="0.45" stop-color="#6f3f1f" />
          <stop offset="0.8" stop-color="#4a2611" />
          <stop offset="1" stop-color="#210e05" />
        </radialGradient>
        <radialGradient id="rw-well" gradientUnits="userSpaceOnUse" cx="0" cy="0" r={NUMBERS_OUT}>
          <stop offset="0.61" stop-color="#000" stop-opacity="0.62" />
          <stop offset="0.68" stop-color="#000" stop-opacity="0.18" />
          <stop offset="0.79" stop-color="#000" stop-opacity="0.42" />
          <stop offset="0.8" stop-color="#000" stop-opacity="0" />
          <stop offset="0.95" stop-color="#fff" stop-opacity="0.05" />
          <stop offset="1" stop-color="#000" stop-opacity="0.3" />
        </radialGradient>
        <radialGradient id="rw-dome" cx="0.4" cy="0.35" r="0.7">
          <stop offset="0" stop-color="#fff6d8" />
          <stop offset="0.35" stop-color="#dcb767" />
          <stop offset="0.75" stop-color="#8d6526" />
          <stop offset="1" stop-color="#4c3410" />
        </radialGradient>
      </defs>
      {order.map((pocket, i) => (
        <path
          key={pocket}
          d={wedge(POCKETS_IN, NUMBERS_OUT, (i - 0.5) * step, (i + 0.5) * step)}
          fill={`var(--rw-${colourOf(pocket)})`}
        />
      ))}
      <circle r={NUMBERS_OUT} fill="url(#rw-well)" />
      {order.map((pocket, i) => (
        <g key={pocket} transform={`rotate(${i * step})`}>
          <path
            d={`M0-${POCKETS_IN}V-${NUMBERS_OUT}`}
            transform={`rotate(${step / 2})`}
            stroke="#e6c988"
            stroke-width="2.6"
          />
          <text class="rw-number" y={-(NUMBERS_IN + 25)}>
            {pocket}
          </text>
        </g>
      ))}
      <circle r={NUMBERS_IN} fill="none" stroke="#e6c988" stroke-width="2.6" />
      <circle r={POCKETS_IN} fill="url(#rw-cone)" />
      {Array.from({ length: 8 }, (_, i) => (
        <path key={i} d={wedge(70, POCKETS_IN - 8, i * 45, i * 45 + 22.5)} fill="#000" opacity="0.13" />
      ))}
      <Turret />
    </svg>
  )
}

function Turret() {
  return (
    <g>
      <circle r="92" fill="#1b0c05" opacity="0.5" />
      {[0, 90, 180, 270].map((turn) => (
        <g key={turn} transform={`rotate(${turn})`}>
          <path d="M-9-30 -5-128A6 6 0 0 1 5-128L9-30Z" fill="#b98c3f" stroke="#3f2a0c" stroke-width="1.5" />
          <path d="M-6-30 -3-126 0-126 0-30Z" fill="#fbe7b0" opacity="0.75" />
          <circle cy="-136" r="15" fill="url(#rw-dome)" stroke="#3f2a0c" stroke-width="1.5" />
        </g>
      ))}
      <circle r="66" fill="url(#rw-dome)" stroke="#3f2a0c" stroke-width="2" />
      <circle r="44" fill="none" stroke="#5d4114" stroke-opacity="0.6" stroke-width="3" />
    </g>
  )
}

/** The light: it falls from the upper left and does not turn with the wheel. */
export function LightArt() {
  return (
    <svg class="rw-layer rw-light" viewBox={VIEW} aria-hidden="true">
      <defs>
        <linearGradient id="rw-gloss" x1="0.15" y1="0" x2="0.8" y2="1">
          <stop offset="0" stop-color="#fff" stop-opacity="0.2" />
          <stop offset="0.3" stop-color="#fff" stop-opacity="0.02" />
          <stop offset="0.65" stop-color="#000" stop-opacity="0.06" />
          <stop offset="1" stop-color="#000" stop-opacity="0.34" />
        </linearGradient>
        <radialGradient id="rw-cap" cx="0.38" cy="0.3" r="0.75">
          <stop offset="0" stop-color="#fffbe9" />
          <stop offset="0.3" stop-color="#ecca80" />
          <stop offset="0.7" stop-color="#9a7130" />
          <stop offset="1" stop-color="#58400f" />
        </radialGradient>
      </defs>
      <circle r={NUMBERS_OUT} fill="url(#rw-gloss)" />
      <circle r={NUMBERS_OUT + 3} fill="none" stroke="url(#rw-brass)" stroke-width="7" />
      <circle r={POCKETS_IN - 2} fill="none" stroke="url(#rw-brass)" stroke-width="7" />
      <circle r="36" fill="url(#rw-cap)" />
      <ellipse cx="-10" cy="-14" rx="13" ry="8" fill="#fff" opacity="0.7" transform="rotate(-32 -10 -14)" />
    </svg>
  )
}

/** Radius of the ball in the same units, and where it rests. */
export const BALL_SIZE = 30
export const BALL_REST = POCKET_RADIUS * 500

const WOOD_GRAIN = Array.from({ length: 26 }, (_, i) => ({
  from: (i * 137.5) % 360,
  sweep: 34 + ((i * 29) % 50),
  radius: 388 + ((i * 47) % 108),
  shade: i % 3 === 0 ? 'rgb(255 196 140 / 9%)' : 'rgb(10 3 0 / 22%)',
}))

function point(radius: number, deg: number): string {
  const rad = (deg * Math.PI) / 180
  return `${(radius * Math.sin(rad)).toFixed(2)} ${(-radius * Math.cos(rad)).toFixed(2)}`
}

function arc(radius: number, fromDeg: number, toDeg: number): string {
  return `M${point(radius, fromDeg)}A${radius} ${radius} 0 0 1 ${point(radius, toDeg)}`
}

function wedge(inner: number, outer: number, fromDeg: number, toDeg: number): string {
  const out = `${arc(outer, fromDeg, toDeg)}L${point(inner, toDeg)}`
  return `${out}A${inner} ${inner} 0 0 0 ${point(inner, fromDeg)}Z`
}
