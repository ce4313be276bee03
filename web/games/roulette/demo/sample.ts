import { defaultLimits } from '../../../../engine/roulette/limits.ts'
import { type Pocket, WHEEL_ORDER } from '../../../../engine/roulette/pockets.ts'
import { ROULETTE_VARIANTS } from '../../../../engine/roulette/rules.ts'
import type { RouletteSelection } from '../../../../engine/roulette/selections.ts'
import { formatCents } from '../../../format/money.ts'
import { type OwnBet, rouletteEn, rouletteEsPe, type Translate } from '../index.ts'

/** What the design page shows: `?wheel=double`, `?lang=en` and `?reduced` choose among it. */
export const params = new URLSearchParams(location.search)
export const rules = params.get('wheel') === 'double' ? ROULETTE_VARIANTS.american : ROULETTE_VARIANTS.european
export const limits = defaultLimits(rules)
export const order = WHEEL_ORDER[rules.wheel]

const texts = params.get('lang') === 'en' ? rouletteEn : rouletteEsPe
export const t: Translate = (key, values = {}) =>
  texts[key].replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => `${values[name] ?? ''}`)
export const money = (cents: number): string => formatCents(cents)
export const nowMs = (): number => performance.timeOrigin + performance.now()

/** A fixed sequence of results for strip and statistics, newest first. */
export const HISTORY: readonly Pocket[] = Array.from({ length: 500 }, (_, i) => {
  const mixed = Math.imul(i + 11, 2_654_435_761) >>> 8
  return order[mixed % order.length] ?? 0
})

export const SPOTS = new Map(
  (
    [
      ['straight:8', 1_500],
      ['split:19-22', 500],
      ['corner:31-32-34-35', 2_500],
      ['dozen:2', 12_000],
      ['red', 55_000],
      ['straight:17', 3_000],
      ['line:7-8-9-10-11-12', 700],
    ] as const
  ).map(([name, cents]) => [name, { cents, players: 3 }]),
)

const SAMPLE: readonly (readonly [RouletteSelection, number, OwnBet['status']])[] = [
  [{ kind: 'straight', numbers: [17] }, 1_000, 'accepted'],
  [{ kind: 'split', numbers: [17, 20] }, 500, 'accepted'],
  [{ kind: 'corner', numbers: [25, 26, 28, 29] }, 2_500, 'accepted'],
  [{ kind: 'street', numbers: [4, 5, 6] }, 500, 'reserving'],
  [{ kind: 'black' }, 11_600, 'accepted'],
  [{ kind: 'dozen', index: 2 }, 5_000, 'accepted'],
  [{ kind: 'column', index: 2 }, 1_000, 'sending'],
  [{ kind: 'straight', numbers: [0] }, 100, 'accepted'],
]
let nextId = 0

export function madeBet(selection: RouletteSelection, stakeCents: number, status: OwnBet['status']): OwnBet {
  nextId += 1
  return { betId: `bet-${nextId}`, selection, stakeCents, status }
}

export function sampleBets(): OwnBet[] {
  return SAMPLE.map(([selection, cents, status]) => madeBet(selection, cents, status))
}
