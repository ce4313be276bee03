import { PAYS_FOR_ONE } from '../../engine/roulette/payouts.ts'
import type { T } from '../i18n/i18n.ts'

/** Names under which returns are published and that have a text of their own. */
const NAMED = [
  'straight',
  'split',
  'street',
  'trio',
  'corner',
  'first-four',
  'basket',
  'line',
  'dozen',
  'column',
  'red',
  'black',
  'odd',
  'even',
  'low',
  'high',
  'voisins',
  'tiers',
  'orphelins',
  'jeu-zero',
] as const
type Named = (typeof NAMED)[number]

const EVEN_CHANCES = new Set(['red', 'black', 'odd', 'even', 'low', 'high'])

/** What a published bet ("split", "neighbours-2") is called; its own name when the page has no text for it. */
export function betName(t: T, bet: string): string {
  const [, family, detail = ''] = /^(neighbours|finale)-(\d+)$/.exec(bet) ?? []
  if (family === 'neighbours') return t('rules.kinds.neighboursOf', { reach: detail })
  if (family === 'finale') return t('rules.kinds.finaleOf', { digit: detail })
  const known = NAMED.find((name): name is Named => name === bet)
  return known === undefined ? bet : t(`rules.kinds.${known}`)
}

/** The kind under which a table limits a published bet. */
export function limitKind(bet: string): string {
  return EVEN_CHANCES.has(bet) ? 'even-chance' : bet.replace(/-\d+$/, '')
}

/** "35 a 1"; a compound bet is paid chip by chip. */
export function paysText(t: T, gameId: string, bet: string): string {
  const kind = limitKind(bet)
  if (gameId !== 'roulette') return '–'
  const odds: Readonly<Record<string, number>> = PAYS_FOR_ONE
  const pays = odds[kind]
  return pays === undefined ? t('rules.paysByChips') : t('rules.paysOdds', { odds: pays - 1 })
}
