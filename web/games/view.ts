import type { ComponentChildren, ComponentType } from 'preact'
import type { Json } from '../../engine/game.ts'
import type { TableInfo } from '../../rooms/protocol.ts'
import type { Language } from '../format/time.ts'
import type { SharedSnapshot } from '../net/link.ts'
import type { RoundView } from '../net/round-view.ts'
import type { BetSpec, TableBet } from '../net/table-state.ts'

/** What the player can do with the chips on the felt; those in `can` are possible now. */
export type TableAction = 'undo' | 'clear' | 'double' | 'rebet' | 'favourites'

/** The parts of a table as its game draws them; the page lays them out. */
export type GameSlots = {
  /** What shows the draw: the wheel. */
  readonly stage: ComponentChildren
  /** Where bets are placed. */
  readonly felt: ComponentChildren
  /** A second place for bets, beside or below the felt; null when the game has none. */
  readonly track: ComponentChildren
  /** Chips in hand and what can be done with those on the felt. */
  readonly tray: ComponentChildren
  /** The last results. */
  readonly strip: ComponentChildren
}

export type GameTableProps = {
  readonly info: TableInfo
  readonly round: RoundView
  readonly spots: SharedSnapshot['spots']
  /** JSON, newest first; without the present round's until the ball rests. */
  readonly lastOutcomes: readonly string[]
  readonly bets: readonly TableBet[]
  /** Credited by bet, once the result may be shown; null before. */
  readonly payouts: ReadonlyMap<string, number> | null
  readonly ballAtRest: boolean
  readonly enabled: boolean
  readonly can: ReadonlySet<TableAction>
  /** The server's clock. */
  readonly nowMs: () => number
  readonly language: Language
  readonly muted: boolean
  readonly reducedMotion: boolean
  /** Whether there is room for a felt that lies across. */
  readonly landscape: boolean
  readonly onBet: (specs: readonly BetSpec[]) => void
  readonly onWithdraw: (betIds: readonly string[]) => void
  readonly onAction: (action: TableAction) => void
  readonly onAnnounce: (text: string) => void
  readonly onBallRest: () => void
  readonly children: (slots: GameSlots) => ComponentChildren
}

/** How a game looks. One for each game under `engine/`, or the generic one. */
export type GameView = {
  readonly Table: ComponentType<GameTableProps>
  /** Up to 500 results, newest first; null when the game has no statistics. */
  readonly Statistics: ComponentType<{
    readonly rules: Json
    readonly outcomes: readonly Json[]
    readonly language: Language
  }> | null
  /** What a bet is called. */
  readonly betText: (selection: Json, language: Language) => string
}
