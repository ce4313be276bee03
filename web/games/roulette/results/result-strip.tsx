import { colourOf } from '../../../../engine/roulette/pockets.ts'
import type { RouletteTableProps } from '../types.ts'

export type ResultStripProps = Pick<RouletteTableProps, 'lastOutcomes' | 't'>

const SHOWN = 20

/** The last twenty numbers, newest first. Red ones are round, black ones square, so the shape tells the colour. */
export function ResultStrip({ lastOutcomes, t }: ResultStripProps) {
  if (lastOutcomes.length === 0) return <p class="r-strip r-strip-empty">{t('strip.empty')}</p>
  return (
    <ol class="r-strip" aria-label={t('strip.label')}>
      {lastOutcomes.slice(0, SHOWN).map((pocket, i) => (
        <li key={lastOutcomes.length - i} class={`r-last r-${colourOf(pocket)}`}>
          <span aria-hidden="true">{pocket}</span>
          <span class="r-hidden">
            {pocket} {t(`colour.${colourOf(pocket)}`)}
          </span>
        </li>
      ))}
    </ol>
  )
}
