import { colourOf, type Pocket } from '../../../../engine/roulette/pockets.ts'
import type { Translate } from '../types.ts'

/** "rojo, impar, 1 al 18"; a zero is only green. */
export function traitsText(pocket: Pocket, t: Translate): string {
  const colour = t(`colour.${colourOf(pocket)}`)
  if (pocket === 0 || pocket === '00') return colour
  const parity = t(pocket % 2 === 0 ? 'trait.even' : 'trait.odd')
  return [colour, parity, t(pocket <= 18 ? 'trait.low' : 'trait.high')].join(' · ')
}

/** The number plate that stands when the ball has come to rest. */
export function ResultPlate({ pocket, t }: { pocket: Pocket; t: Translate }) {
  return (
    <div class={`r-plate r-${colourOf(pocket)}`}>
      <span class="r-plate-number">{pocket}</span>
      <span class="r-plate-traits">{traitsText(pocket, t)}</span>
    </div>
  )
}
