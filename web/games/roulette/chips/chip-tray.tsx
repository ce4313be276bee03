import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import type { RouletteTableProps } from '../types.ts'
import { chipColour, chipText } from './breakdown.ts'
import { ChipFace } from './chip.tsx'

export type TrayAction = 'undo' | 'clear' | 'double' | 'rebet' | 'favourites'
export type ChipTrayProps = Pick<RouletteTableProps, 't' | 'money' | 'selectedChipCents'> & {
  readonly chipsCents: readonly number[]
  readonly onSelectChip: (cents: number) => void
  /** The actions to show, in this order; those in `disabled` are shown and cannot be pressed. */
  readonly actions: readonly TrayAction[]
  readonly disabled: ReadonlySet<TrayAction>
  readonly onAction: (action: TrayAction) => void
}

/** The player's chips, one of them in hand, and what can be done with the chips on the felt. */
export function ChipTray(props: ChipTrayProps) {
  const { chipsCents, selectedChipCents, actions, disabled, t, money, onSelectChip, onAction } = props
  const group = useId()
  return (
    <div class="r-tray">
      <fieldset class="r-tray-chips">
        <legend class="r-hidden">{t('tray.label')}</legend>
        {chipsCents.map((cents) => (
          <label key={cents} class="r-tray-chip">
            <input
              type="radio"
              name={group}
              class="r-hidden"
              checked={cents === selectedChipCents}
              aria-label={t('tray.chip', { amount: money(cents) })}
              onChange={() => onSelectChip(cents)}
            />
            <svg viewBox="-18 -18 36 36" aria-hidden="true">
              <ChipFace colourCents={chipColour(cents)} text={chipText(cents)} />
            </svg>
          </label>
        ))}
      </fieldset>
      <div class="r-tray-actions">
        {actions.map((action) => (
          <button
            key={action}
            type="button"
            class="r-tray-action"
            disabled={disabled.has(action)}
            onClick={() => onAction(action)}
          >
            <svg viewBox="0 0 24 24" aria-hidden="true">
              {ICONS[action]}
            </svg>
            <span>{t(`tray.${action}`)}</span>
          </button>
        ))}
      </div>
    </div>
  )
}

const ICONS: Readonly<Record<TrayAction, ComponentChildren>> = {
  undo: <path d="M9 7 4.5 11.5 9 16M5 11.5h9a5 5 0 0 1 0 10h-3" />,
  clear: <path d="M6 6l12 12M18 6 6 18" />,
  double: <path d="M4 8.5 10 15M10 8.5 4 15M13.5 10a3 3 0 1 1 5.2 2.2L13.5 17.5h6.5" />,
  rebet: <path d="M19 12a7 7 0 1 1-2.1-5M19 3.5V8h-4.5" />,
  favourites: <path d="m12 4 2.4 5.2 5.6.6-4.2 3.8 1.2 5.6L12 16.3 7 19.2l1.2-5.6L4 9.8l5.6-.6z" />,
}
