import { useRef } from 'preact/hooks'
import { toCents } from '../../../../engine/money.ts'
import { parts } from '../../../../engine/roulette/bets.ts'
import type { Pocket } from '../../../../engine/roulette/pockets.ts'
import { chipText } from '../chips/breakdown.ts'
import { ChipStack } from '../chips/chip.tsx'
import type { OwnBet, RouletteTableProps } from '../types.ts'
import type { FeltPlan, Spot } from './geometry.ts'
import { type OwnStake, othersCents, type RoundOutcome } from './stakes.ts'

type FeltChipsProps = Pick<RouletteTableProps, 'rules' | 'ownBets' | 'spots' | 'money' | 'selectedChipCents'> & {
  readonly plan: FeltPlan
  readonly stakes: ReadonlyMap<string, OwnStake>
  /** The place that a chip in hand hovers over, or null. */
  readonly aimedAt: Spot | null
  /** Null until the ball is at rest. */
  readonly result: RoundOutcome | null
  readonly winner: Pocket | null
}

/** Everything that lies on the cloth: own chips, the others' as ghosts, chips on their way off, payouts, the dolly. */
export function FeltChips(props: FeltChipsProps) {
  const { plan, stakes, spots, result, winner, aimedAt, money } = props
  const scale = plan.orientation === 'horizontal' ? 1 : 0.9
  const departing = useDeparting(props.ownBets)
  const at = ({ anchor }: Spot) => `translate(${anchor.x} ${anchor.y}) scale(${scale})`
  const wonOn = (name: string) => result?.paid.get(name)
  return (
    <svg class="rf-chips" viewBox={`0 0 ${plan.width} ${plan.height}`} aria-hidden="true">
      {[...plan.spots.values()].map((spot) => {
        const others = othersCents(spots, spot.name, stakes.get(spot.name))
        const { x, y } = ghostPlace(plan, spot, stakes.has(spot.name))
        return others === 0 ? null : (
          <g key={spot.name} transform={`translate(${x} ${y}) scale(${scale})`} class="rf-ghost">
            <circle r="10" />
            <text y="0.5">{chipText(others)}</text>
          </g>
        )
      })}
      {[...stakes].map(([name, stake]) => {
        const spot = plan.spots.get(name)
        return spot === undefined ? null : (
          <g key={`${name} ${stake.betIds.at(-1)}`} transform={at(spot)}>
            <OwnChips stake={stake} result={result} paidCents={wonOn(name)} />
          </g>
        )
      })}
      {departing.flatMap((bet) =>
        (parts(props.rules, bet.selection, toCents(bet.stakeCents)) ?? []).map(({ position, stakeCents }) => {
          const spot = plan.spots.get(position)
          return spot === undefined ? null : (
            <g key={`${bet.betId} ${position}`} transform={at(spot)}>
              <g class={isRefused(bet) ? 'rf-stack rf-refused' : 'rf-stack rf-taken'}>
                <ChipStack cents={stakeCents} />
              </g>
            </g>
          )
        }),
      )}
      {winner !== null && <Dolly plan={plan} pocket={winner} />}
      {payoutLabels(plan, result, money).map(({ name, x, y, half, text }) => (
        <g key={name} class="rf-payout" transform={`translate(${x} ${y})`}>
          <rect x={-half} y="-11" width={2 * half} height="22" rx="11" />
          <text y="0.5">{text}</text>
        </g>
      ))}
      {aimedAt !== null && result === null && (
        <g transform={at(aimedAt)} class="rf-aim">
          <ChipStack cents={props.selectedChipCents} />
        </g>
      )}
    </svg>
  )
}

function OwnChips({
  stake,
  result,
  paidCents,
}: {
  stake: OwnStake
  result: RoundOutcome | null
  paidCents?: number | undefined
}) {
  const { acceptedCents, pendingCents, leavingCents } = stake
  const waiting = pendingCents + leavingCents > 0
  const fate = result === null ? '' : paidCents === undefined ? ' rf-lost' : result.celebrate ? ' rf-won' : ' rf-kept'
  return (
    <g class={`rf-stack${waiting ? ' rf-waiting' : ''}${fate}`}>
      <g class="rf-drop">
        {result !== null && paidCents !== undefined && <circle class="rf-halo" r="21" />}
        <ChipStack cents={acceptedCents + pendingCents + leavingCents} />
        {waiting && <circle class="rf-wait" r="19.5" />}
      </g>
    </g>
  )
}

/** In the corner of a cell, so that print and own chips stay free; on a line on the line, or beside own chips. */
function ghostPlace(plan: FeltPlan, { position, name, anchor }: Spot, beside: boolean): { x: number; y: number } {
  const [pocket] = position.covers
  const cell = position.kind === 'straight' && pocket !== undefined ? plan.cells.get(pocket) : plan.cells.get(name)
  if (cell !== undefined) return { x: cell.x + cell.w - 11.5, y: cell.y + 11.5 }
  return beside ? { x: anchor.x + 15, y: anchor.y - 15 } : anchor
}

type PayoutLabel = {
  readonly name: string
  readonly x: number
  y: number
  readonly half: number
  readonly text: string
}

/**
 * What is credited on each winning place, the stake included, written above its chips, inside the drawing, and not over
 * another such label.
 */
function payoutLabels(plan: FeltPlan, result: RoundOutcome | null, money: (cents: number) => string): PayoutLabel[] {
  const labels: PayoutLabel[] = []
  const inOrder = [...(result?.paid ?? [])].toSorted(([a], [b]) => heightOf(plan, b) - heightOf(plan, a))
  for (const [name, cents] of inOrder) {
    const spot = plan.spots.get(name)
    if (spot === undefined) continue
    const text = money(cents)
    const half = text.length * 3.6 + 9
    const x = Math.min(Math.max(spot.anchor.x, half + 3), plan.width - half - 3)
    const label = { name, x, y: spot.anchor.y - 30, half, text }
    const hits = (other: PayoutLabel) => Math.abs(other.x - x) < other.half + half && Math.abs(other.y - label.y) < 23
    for (let tries = 0; tries < 8 && labels.some(hits); tries += 1) label.y -= 23
    labels.push(label)
  }
  return labels
}

function heightOf(plan: FeltPlan, name: string): number {
  return plan.spots.get(name)?.anchor.y ?? 0
}

/** The croupier's marker on the winning number. */
function Dolly({ plan, pocket }: { plan: FeltPlan; pocket: Pocket }) {
  const cell = plan.cells.get(pocket)
  if (cell === undefined) return null
  const small = plan.orientation === 'vertical' ? 0.8 : 1
  return (
    <g transform={`translate(${cell.x + 14} ${cell.y + cell.h / 2 + 2}) scale(${small})`}>
      <g class="rf-dolly">
        <ellipse cx="3" cy="6" rx="13" ry="6" fill="#000" opacity="0.4" />
        <path d="M-11 3C-11-3-5-4-4-8L-6-18H6L4-8C5-4 11-3 11 3 11 9-11 9-11 3Z" fill="url(#rf-dolly)" />
        <ellipse cy="-18" rx="7.5" ry="2.6" fill="url(#rf-dolly)" stroke="#6b4c16" stroke-width="0.6" />
        <circle cy="-25" r="6.5" fill="url(#rf-dolly)" stroke="#6b4c16" stroke-width="0.6" />
        <ellipse cx="-2" cy="-27.5" rx="2" ry="1.4" fill="#fff" opacity="0.85" />
      </g>
    </g>
  )
}

/** Dead bets that were on the felt while this felt was shown: their chips are seen to leave. */
function useDeparting(bets: readonly OwnBet[]): readonly OwnBet[] {
  const seen = useRef(new Set<string>())
  for (const bet of bets) if (bet.status !== 'dead') seen.current.add(bet.betId)
  return bets.filter((bet) => bet.status === 'dead' && seen.current.has(bet.betId))
}

export function isRefused({ status, refusal }: OwnBet): boolean {
  return status === 'dead' && refusal !== undefined && refusal !== null && refusal !== 'withdrawn'
}
