import type { Pocket } from '../../../engine/roulette/pockets.ts'
import type { RouletteRules } from '../../../engine/roulette/rules.ts'
import type { RouletteSelection } from '../../../engine/roulette/selections.ts'
import type { BetStatus, Limits, Phase } from '../../../engine/round/types.ts'
import type { RouletteMessageKey } from './messages.es-PE.ts'

/** The text of a message in the page's language; values fill its `{{name}}` places. */
export type Translate = (key: RouletteMessageKey, values?: Readonly<Record<string, string | number>>) => string

/** A bet of this player in this round. The selection is canonical, as `readSelection` gives it. */
export type OwnBet = {
  readonly betId: string
  readonly selection: RouletteSelection
  readonly stakeCents: number
  /** `sending`, `unsure` and `reserving` are drawn as pending; a `dead` bet leaves the felt. */
  readonly status: 'sending' | 'unsure' | BetStatus
  /** True while its withdrawal has been asked. */
  readonly leaving?: boolean
  /** Why a dead bet is dead; null or missing when the player took it back. Refused chips leave another way. */
  readonly refusal?: string | null
  /** All that was credited, stake included; null or missing until it is known. */
  readonly paidCents?: number | null
}

/** By position on the felt ("straight:17"): all accepted chips of everybody, own ones included. */
export type Spots = ReadonlyMap<string, { readonly cents: number; readonly players: number }>

/** Everything the roulette view is driven by. Each component takes the part that it names. Money is whole cents. */
export type RouletteTableProps = {
  readonly rules: RouletteRules
  readonly phase: Phase
  /** Null until the draw is known. */
  readonly outcome: { readonly pocket: Pocket } | null
  /** Server time of the draw, in milliseconds; null while there is none, or when it is long past. */
  readonly drawnAtMs: number | null
  /** The server's clock as this device estimates it. */
  readonly nowMs: () => number
  /** True from `onBallRest` until the next round opens: only then do felt and strip show the result. */
  readonly ballAtRest: boolean
  readonly ownBets: readonly OwnBet[]
  readonly spots: Spots
  readonly limits: Limits
  readonly selectedChipCents: number
  /** False when no bet can be placed: phase, connection, observer. */
  readonly enabled: boolean
  /** Newest first. */
  readonly lastOutcomes: readonly Pocket[]
  readonly t: Translate
  /** An amount as the page writes it ("S/ 1,234.50"). */
  readonly money: (cents: number) => string
  readonly reducedMotion: boolean
  readonly onBet: (selection: RouletteSelection, stakeCents: number) => void
  readonly onWithdraw: (betIds: readonly string[]) => void
  /** Text for the page's polite live region. */
  readonly onAnnounce: (text: string) => void
  /** Called once for each outcome, when the ball lies in its pocket. */
  readonly onBallRest: () => void
}
