import { EVEN_CHANCES } from '../../../../engine/roulette/layout.ts'
import { colourOf, POCKETS, type Pocket, type Wheel } from '../../../../engine/roulette/pockets.ts'
import type { RouletteMessageKey } from '../messages.es-PE.ts'
import type { Translate } from '../types.ts'
import type { FeltPlan, Rect } from './geometry.ts'

/** What is printed on the cloth: lines in gold thread, numbers in their ovals, outside bets. Nothing on it moves. */
export function FeltPrint({ plan, wheel, t }: { plan: FeltPlan; wheel: Wheel; t: Translate }) {
  return (
    <svg class="rf-print" viewBox={`0 0 ${plan.width} ${plan.height}`} aria-hidden="true">
      <defs>
        <linearGradient id="rf-red" x1="0" y1="0" x2="0" y2="1">
          <stop offset="0" stop-color="var(--red-light)" />
          <stop offset="1" stop-color="var(--red)" />
        </linearGradient>
        <linearGradient id="rf-black" x1="0" y1="0" x2="0" y2="1">
          <stop offset="0" stop-color="#2b2f31" />
          <stop offset="1" stop-color="var(--black)" />
        </linearGradient>
        <linearGradient id="rf-green" x1="0" y1="0" x2="0" y2="1">
          <stop offset="0" stop-color="#0c7b50" />
          <stop offset="1" stop-color="var(--green)" />
        </linearGradient>
      </defs>
      {POCKETS[wheel].map((pocket) => {
        const cell = plan.cells.get(pocket)
        if (cell === undefined) return null
        const zero = pocket === 0 || pocket === '00'
        return zero ? (
          <ZeroCell key={pocket} pocket={pocket} cell={cell} plan={plan} wheel={wheel} />
        ) : (
          <NumberCell key={pocket} pocket={pocket} cell={cell} />
        )
      })}
      {OUTSIDE.map(({ name, key }) => {
        const cell = plan.cells.get(name)
        return cell === undefined ? null : (
          <OutsideCell key={name} cell={cell} text={key === null ? (RANGES[name] ?? '') : t(key)} />
        )
      })}
      {(['red', 'black'] as const).map((colour) => {
        const cell = plan.cells.get(colour)
        return cell === undefined ? null : <Diamond key={colour} cell={cell} colour={colour} />
      })}
    </svg>
  )
}

const RANGES: Readonly<Record<string, string>> = { low: '1\u201318', high: '19\u201336' }
const OUTSIDE: readonly { readonly name: string; readonly key: RouletteMessageKey | null }[] = [
  { name: 'dozen:1', key: 'felt.firstDozen' },
  { name: 'dozen:2', key: 'felt.secondDozen' },
  { name: 'dozen:3', key: 'felt.thirdDozen' },
  ...[1, 2, 3].map((index) => ({ name: `column:${index}`, key: 'felt.column' as const })),
  ...EVEN_CHANCES.filter((chance) => chance !== 'red' && chance !== 'black').map((name) => ({
    name,
    key: name === 'even' ? ('felt.even' as const) : name === 'odd' ? ('felt.odd' as const) : null,
  })),
]

function NumberCell({ pocket, cell }: { pocket: Pocket; cell: Rect }) {
  const [cx, cy] = middle(cell)
  return (
    <g>
      <rect class="rf-line" fill="none" x={cell.x} y={cell.y} width={cell.w} height={cell.h} />
      <ellipse
        class="rf-oval"
        cx={cx}
        cy={cy}
        rx={Math.min(cell.w / 2 - 7, 30)}
        ry={Math.min(cell.h / 2 - 4, 27)}
        fill={`url(#rf-${colourOf(pocket)})`}
      />
      <text class="rf-number" x={cx} y={cy}>
        {pocket}
      </text>
    </g>
  )
}

/** A zero's cell is rounded on the side away from the numbers. */
function ZeroCell({ pocket, cell, plan, wheel }: { pocket: Pocket; cell: Rect; plan: FeltPlan; wheel: Wheel }) {
  const [cx, cy] = middle(cell)
  const round = Math.min(26, cell.w / 2, cell.h / 2)
  const single = wheel === 'single-zero'
  const horizontal = plan.orientation === 'horizontal'
  const first = pocket === '00' || single
  const last = pocket === 0 || single
  const corners = horizontal
    ? { tl: first ? round : 0, tr: 0, br: 0, bl: last ? round : 0 }
    : { tl: last ? round : 0, tr: first ? round : 0, br: 0, bl: 0 }
  return (
    <g>
      <path class="rf-line rf-zero" fill="url(#rf-green)" d={rounded(cell, corners)} />
      <text class="rf-number rf-number-zero" x={cx} y={cy}>
        {pocket}
      </text>
    </g>
  )
}

function OutsideCell({ cell, text }: { cell: Rect; text: string }) {
  const [cx, cy] = middle(cell)
  const upright = cell.h > cell.w * 1.3
  return (
    <g>
      <rect class="rf-line" fill="none" x={cell.x} y={cell.y} width={cell.w} height={cell.h} />
      <text
        class={cell.w < 80 && !upright ? 'rf-outside rf-outside-small' : 'rf-outside'}
        x={cx}
        y={cy}
        transform={upright ? `rotate(-90 ${cx} ${cy})` : undefined}
      >
        {text}
      </text>
    </g>
  )
}

function Diamond({ cell, colour }: { cell: Rect; colour: 'red' | 'black' }) {
  const [cx, cy] = middle(cell)
  const long = cell.w > cell.h
  const [rx, ry] = long ? [34, 17] : [18, 28]
  return (
    <g>
      <rect class="rf-line" fill="none" x={cell.x} y={cell.y} width={cell.w} height={cell.h} />
      <path
        class="rf-diamond"
        d={`M${cx - rx} ${cy}L${cx} ${cy - ry}L${cx + rx} ${cy}L${cx} ${cy + ry}Z`}
        fill={`url(#rf-${colour})`}
      />
    </g>
  )
}

type Corners = { readonly tl: number; readonly tr: number; readonly br: number; readonly bl: number }

/** The outline of a box with its own radius at each corner. */
export function rounded({ x, y, w, h }: Rect, { tl, tr, br, bl }: Corners): string {
  return (
    `M${x + tl} ${y}H${x + w - tr}a${tr} ${tr} 0 0 1 ${tr} ${tr}V${y + h - br}a${br} ${br} 0 0 1 -${br} ${br}` +
    `H${x + bl}a${bl} ${bl} 0 0 1 -${bl} -${bl}V${y + tl}a${tl} ${tl} 0 0 1 ${tl} -${tl}Z`
  )
}

export function middle({ x, y, w, h }: Rect): [number, number] {
  return [x + w / 2, y + h / 2]
}
