import { PAYS_FOR_ONE } from '../../engine/roulette/payouts.ts'
import type { TableInfo } from '../../rooms/protocol.ts'
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

const FAMILY = /^(neighbours|finale)-(\d+)$/
const EVEN_CHANCES = new Set(['red', 'black', 'odd', 'even', 'low', 'high'])

export type ReturnRow = TableInfo['returns'][number]
/** One line of the returns: bets of one family with one return, and the range in which they hit. */
export type ReturnLine = { readonly bet: string; readonly rows: readonly ReturnRow[] }

/** Neighbours and finales come in fives and tens that return the same: one line for each run of them. */
export function returnLines(rows: readonly ReturnRow[]): readonly ReturnLine[] {
  const lines: { bet: string; rows: ReturnRow[] }[] = []
  for (const row of rows) {
    const last = lines.at(-1)
    const before = last?.rows.at(-1)
    const alike = before !== undefined && FAMILY.test(row.bet) && before.return === row.return
    if (alike && limitKind(before.bet) === limitKind(row.bet)) last?.rows.push(row)
    else lines.push({ bet: row.bet, rows: [row] })
  }
  return lines
}

/** What a line of the returns is called: "Final 0 a 9". */
export function lineName(t: T, { bet, rows }: ReturnLine): string {
  const [, family, first = ''] = FAMILY.exec(bet) ?? []
  const last = FAMILY.exec(rows.at(-1)?.bet ?? '')?.[2] ?? first
  const range = first === last ? first : t('rules.kinds.range', { first, last })
  if (family === 'neighbours') return t('rules.kinds.neighboursOf', { reach: range })
  if (family === 'finale') return t('rules.kinds.finaleOf', { digit: range })
  return betName(t, bet)
}

/** What a published bet ("split") is called; its own name when the page has no text for it. */
function betName(t: T, bet: string): string {
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
