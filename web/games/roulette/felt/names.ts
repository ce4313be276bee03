import { EVEN_CHANCES, type Position } from '../../../../engine/roulette/layout.ts'
import type { RouletteSelection } from '../../../../engine/roulette/selections.ts'
import type { RouletteTableProps } from '../types.ts'
import { type OwnStake, oddsOf, othersCents } from './stakes.ts'

type Texts = Pick<RouletteTableProps, 't' | 'money'>

/** What a place is called: "Caballo 17-20", "Docena 1, del 1 al 12". */
export function placeText({ kind, selection, covers }: Position, { t }: Pick<Texts, 't'>): string {
  const numbers = [...covers].join('-')
  if (selection.kind === 'dozen') {
    const to = selection.index * 12
    return t('spot.dozen', { index: selection.index, from: to - 11, to })
  }
  if (selection.kind === 'column') return t('spot.column', { index: selection.index })
  const chance = EVEN_CHANCES.find((chance) => chance === selection.kind)
  if (chance !== undefined) return t(`spot.${chance}`)
  return kind === 'even-chance' || kind === 'dozen' || kind === 'column' ? '' : t(`spot.${kind}`, { numbers })
}

/** What a compound bet is called; plain bets are named by their place. */
export function announcedText(selection: RouletteSelection, { t }: Pick<Texts, 't'>): string {
  switch (selection.kind) {
    case 'voisins':
    case 'tiers':
    case 'orphelins':
    case 'jeu-zero':
      return t(`bet.${selection.kind}`)
    case 'neighbours':
      return t('bet.neighbours', { number: selection.of, reach: selection.reach })
    case 'finale':
      return t('bet.finale', { digit: selection.digit })
    default:
      return ''
  }
}

type OnSpot = {
  readonly own: OwnStake | undefined
  readonly spots: RouletteTableProps['spots']
  readonly offered: boolean
  readonly paidCents: number | undefined
  readonly wins: boolean
}

/** The whole accessible name: "Pleno 17, paga 35 a 1, tu apuesta S/ 5.00". */
export function spotLabel(position: Position, on: OnSpot, texts: Texts): string {
  const { t, money } = texts
  const said = [placeText(position, texts), t('spot.pays', { odds: oddsOf(position) })]
  if (!on.offered) said.push(t('spot.notOffered'))
  const { acceptedCents = 0, pendingCents = 0, leavingCents = 0 } = on.own ?? {}
  if (acceptedCents > 0) said.push(t('spot.own', { amount: money(acceptedCents) }))
  if (pendingCents + leavingCents > 0) said.push(t('spot.pending', { amount: money(pendingCents + leavingCents) }))
  const others = othersCents(on.spots, position.name, on.own)
  if (others > 0) said.push(t('spot.others', { amount: money(others) }))
  if (on.wins) said.push(t('spot.won'))
  if (on.paidCents !== undefined) said.push(t('spot.wins', { amount: money(on.paidCents) }))
  return said.join(', ')
}
