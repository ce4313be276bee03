import { useMemo, useState } from 'preact/hooks'
import type { Json } from '../../engine/game.ts'
import { gameById } from '../../engine/games.ts'
import { formatCents } from '../format/money.ts'
import { useTexts } from '../i18n/i18n.ts'
import { MoneyField } from '../ui/money-field.tsx'
import { OutcomeBadge, outcomeText, readOutcome } from './outcome-badge.tsx'
import type { GameTableProps, GameView, TableAction } from './view.ts'

const ACTIONS = ['undo', 'clear', 'double', 'rebet', 'favourites'] as const satisfies readonly TableAction[]

/** The table of a game without a view of its own: its bets as a form. It offers the bets that a kind alone names. */
function GenericTable(props: GameTableProps) {
  const { info, round, lastOutcomes, ballAtRest, enabled, onBet, children } = props
  const { t } = useTexts()
  const kinds = useMemo(() => offeredKinds(info.gameId, info.rules, Object.keys(info.limits.perBet)), [info])
  const [stakeCents, setStake] = useState<number | null>(() => smallest(info.limits.perBet))
  const outcome = ballAtRest && round.outcome !== '' ? readOutcome(round.outcome) : null
  return children({
    stage: (
      <p class="generic-stage" role="img" aria-label={outcome === null ? info.name : outcomeText(outcome)}>
        {outcome === null ? info.name : outcomeText(outcome)}
      </p>
    ),
    felt: (
      <fieldset class="generic-felt" disabled={!enabled}>
        <legend>{t('generic.title')}</legend>
        {kinds.length === 0 && <p>{t('generic.noSelections')}</p>}
        <div class="generic-bets">
          {kinds.map((kind) => (
            <button
              key={kind}
              type="button"
              class="button"
              disabled={stakeCents === null}
              onClick={() => stakeCents !== null && onBet([{ selection: { kind }, stakeCents }])}
            >
              {t('generic.place', { bet: kind, amount: formatCents(stakeCents ?? 0, info.currency) })}
            </button>
          ))}
        </div>
      </fieldset>
    ),
    track: null,
    tray: (
      <div class="generic-tray">
        <MoneyField label={t('generic.amount')} cents={stakeCents ?? 100} onCents={setStake} />
        <GenericActions {...props} />
      </div>
    ),
    strip: (
      <ol class="generic-strip" aria-label={t('table.results')}>
        {lastOutcomes.map((text, i) => (
          <li key={lastOutcomes.length - i}>
            <OutcomeBadge outcome={readOutcome(text)} />
          </li>
        ))}
      </ol>
    ),
  })
}

function GenericActions({ can, onAction }: Pick<GameTableProps, 'can' | 'onAction'>) {
  const { t } = useTexts()
  const texts = {
    undo: t('table.undo'),
    clear: t('table.clear'),
    double: t('table.double'),
    rebet: t('table.rebet'),
    favourites: t('favourites.title'),
  }
  return (
    <div class="generic-bets">
      {ACTIONS.map((action) => (
        <button
          key={action}
          type="button"
          class="button button-small"
          disabled={!can.has(action)}
          onClick={() => onAction(action)}
        >
          {texts[action]}
        </button>
      ))}
    </div>
  )
}

function smallest(perBet: GameTableProps['info']['limits']['perBet']): number {
  return Math.min(...Object.values(perBet).map((range) => range.minCents))
}

/** The kinds that say by themselves what the bet is on ("banker"). */
export function offeredKinds(gameId: string, rules: Json, kinds: readonly string[]): readonly string[] {
  const game = gameById(gameId)
  if (game === null) return []
  return kinds.filter((kind) => game.readSelection(rules, { kind }) !== null)
}

function betText(selection: Json): string {
  if (typeof selection === 'object' && selection !== null && 'kind' in selection) return String(selection.kind)
  return JSON.stringify(selection)
}

export const genericView: GameView = { Table: GenericTable, Statistics: null, betText }
