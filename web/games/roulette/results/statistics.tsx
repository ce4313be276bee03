import { useMemo } from 'preact/hooks'
import type { RouletteOutcome } from '../../../../engine/roulette/payouts.ts'
import { colourOf, WHEEL_ORDER } from '../../../../engine/roulette/pockets.ts'
import { type PocketCount, type RouletteStatistics, statistics } from '../../../../engine/roulette/statistics.ts'
import type { RouletteTableProps, Translate } from '../types.ts'

export type StatisticsProps = Pick<RouletteTableProps, 'rules' | 't'> & {
  /** Up to 500 results, oldest first. */
  readonly outcomes: readonly RouletteOutcome[]
}

/** What the last rounds brought: shares of the outside bets, each pocket's count, most and least frequent numbers. */
export function Statistics({ rules, outcomes, t }: StatisticsProps) {
  const stats = useMemo(() => statistics(rules.wheel, outcomes), [rules.wheel, outcomes])
  if (stats.rounds === 0) return <p class="r-stats">{t('stats.none')}</p>
  return (
    <section class="r-stats" aria-label={t('stats.label')}>
      <p class="r-stats-rounds">{t('stats.rounds', { count: stats.rounds })}</p>
      <Shares stats={stats} t={t} />
      <Histogram stats={stats} order={WHEEL_ORDER[rules.wheel]} />
      <div class="r-stats-pair">
        <Counts title={t('stats.hot')} counts={stats.hot} t={t} />
        <Counts title={t('stats.cold')} counts={stats.cold} t={t} />
      </div>
      <p class="r-stats-note">{t('stats.independent')}</p>
    </section>
  )
}

function Shares({ stats, t }: { stats: RouletteStatistics; t: Translate }) {
  const even = (['red', 'zero', 'black'] as const).map((name) => ({
    name,
    text: name === 'zero' ? t('stats.zero') : t(`spot.${name}`),
  }))
  const rows: { readonly name: string; readonly text: string }[][] = [
    even,
    [
      { name: 'even', text: t('spot.even') },
      { name: 'odd', text: t('spot.odd') },
    ],
    [
      { name: 'low', text: '1\u201318' },
      { name: 'high', text: '19\u201336' },
    ],
    (['felt.firstDozen', 'felt.secondDozen', 'felt.thirdDozen'] as const).map((key, i) => ({
      name: `dozen:${i + 1}`,
      text: t(key),
    })),
    [1, 2, 3].map((i) => ({ name: `column:${i}`, text: t('stats.column', { index: i }) })),
  ]
  return (
    <div class="r-shares">
      {rows.map((row) => (
        <ul key={row[0]?.name} class="r-share-row">
          {row.map(({ name, text }) => {
            const share = stats.shares[name] ?? 0
            return (
              <li
                key={name}
                class={`r-share r-share-${name.replace(':', '-')}`}
                style={{ flexGrow: `${Math.max(share, 0.1)}` }}
              >
                <span>{text}</span> <b>{Math.round(share * 100)}&nbsp;%</b>
              </li>
            )
          })}
        </ul>
      ))}
    </div>
  )
}

/** How often each pocket came, in the order of the wheel; the lists beside it say the extremes in words. */
function Histogram({ stats, order }: { stats: RouletteStatistics; order: readonly (number | '00')[] }) {
  const most = Math.max(1, ...stats.pockets.map(({ hits }) => hits))
  const hits = new Map(stats.pockets.map(({ pocket, hits }) => [pocket, hits]))
  return (
    <svg class="r-histogram" viewBox={`0 0 ${order.length * 12} 74`} aria-hidden="true">
      {order.map((pocket, i) => {
        const height = ((hits.get(pocket) ?? 0) / most) * 56
        return (
          <g key={pocket} transform={`translate(${i * 12} 0)`}>
            <rect
              class={`r-bar r-bar-${colourOf(pocket)}`}
              x="1.5"
              y={58 - height}
              width="9"
              height={height}
              rx="1.5"
            />
            <text x="6" y="69">
              {pocket}
            </text>
          </g>
        )
      })}
    </svg>
  )
}

function Counts({ title, counts, t }: { title: string; counts: readonly PocketCount[]; t: Translate }) {
  return (
    <div class="r-counts">
      <p aria-hidden="true">{title}</p>
      <ul aria-label={title}>
        {counts.map(({ pocket, hits }) => (
          <li key={pocket}>
            <span class={`r-last r-${colourOf(pocket)}`} aria-hidden="true">
              {pocket}
            </span>
            <span aria-hidden="true">×{hits}</span>
            <span class="r-hidden">{t('stats.hits', { number: pocket, count: hits })}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
