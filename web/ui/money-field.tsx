import { useId, useState } from 'preact/hooks'
import { formatCents, parseCents } from '../format/money.ts'
import { useTexts } from '../i18n/i18n.ts'

export type MoneyFieldProps = {
  readonly label: string
  readonly cents: number
  /** Told only amounts that were understood; null while what is typed is not one. */
  readonly onCents: (cents: number | null) => void
}

/** A field for an amount, typed as it is printed. It is set in its full form when the field is left. */
export function MoneyField({ label, cents, onCents }: MoneyFieldProps) {
  const { t } = useTexts()
  const [text, setText] = useState(formatCents(cents))
  const id = useId()
  const bad = parseCents(text) === null
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="text"
        inputMode="decimal"
        autocomplete="off"
        value={text}
        aria-invalid={bad}
        aria-describedby={bad ? `${id}-bad` : undefined}
        onInput={(event) => {
          setText(event.currentTarget.value)
          onCents(parseCents(event.currentTarget.value))
        }}
        onBlur={() => {
          const read = parseCents(text)
          if (read !== null) setText(formatCents(read))
        }}
      />
      {bad && (
        <p class="field-error" id={`${id}-bad`}>
          {t('account.amountBad')}
        </p>
      )}
    </div>
  )
}
