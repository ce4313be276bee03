import type { BetStatus } from '../../engine/round/types.ts'

/** What the witnesses of a cluster's world saw, beside what those of every world see. Processes go by their numbers. */
export type ClusterTestimony =
  | { readonly what: 'started'; readonly process: number; readonly nodeId: string; readonly place: string }
  | { readonly what: 'entered'; readonly process: number; readonly nodeId: string; readonly incarnation: number }
  | { readonly what: 'died' | 'paused' | 'woke' | 'drains' | 'drained'; readonly process: number }
  /** What the books answered to a claim, at that moment. `stood`: the epoch that stood before it. */
  | {
      readonly what: 'claimed'
      readonly process: number
      readonly incarnation: number
      readonly tableId: string
      readonly askedAtMs: number
      readonly seen: number
      readonly stood: number
      readonly won: boolean
      readonly epoch: number
    }
  /** The books have answered a beat: these epochs are its own; null: its life is over. */
  | {
      readonly what: 'beaten'
      readonly process: number
      readonly askedAtMs: number
      readonly owned: readonly (readonly [tableId: string, epoch: number])[] | null
    }
  /** Redis has answered a renewal of `all` leases; by its word, greater epochs hold these. */
  | {
      readonly what: 'leased'
      readonly process: number
      readonly askedAtMs: number
      readonly all: number
      readonly refused: readonly (readonly [tableId: string, epoch: number])[]
    }
  /** The process keeps a link to each of these other nodes. */
  | { readonly what: 'follows'; readonly process: number; readonly nodeIds: readonly string[] }
  /** A table runs in a room of the process, which knows of these bets. */
  | {
      readonly what: 'ran'
      readonly process: number
      readonly room: number
      readonly tableId: string
      readonly epoch: number
      readonly roundId: string
      readonly bets: readonly { readonly betId: string; readonly status: BetStatus }[]
    }
  | { readonly what: 'ended'; readonly process: number; readonly room: number; readonly tableId: string }
  /** One node gives a table to another, `atRest` if no round was under way. */
  | {
      readonly what: 'gives'
      readonly process: number
      readonly tableId: string
      readonly atRest: boolean
    }
  /** Another node asks for something. */
  | { readonly what: 'asked'; readonly process: number; readonly kind: 'take' | 'void'; readonly tableId: string }
  /** Something is wrong with a node, a store, or the way between two nodes (`a-b`), and will be until then. */
  | { readonly what: 'trouble'; readonly with: string; readonly untilMs: number }
  | { readonly what: 'house'; readonly tableId: string; readonly status: 'open' | 'paused' | 'draining' | 'closed' }
  | { readonly what: 'bets-sent'; readonly message: number; readonly tableId: string }
  /** Every bet of the message is answered, or its player has given up: the world was in a storm. */
  | { readonly what: 'bets-answered' | 'bets-given-up'; readonly message: number }
  /** A client was led to a node that does not run the table. */
  | { readonly what: 'wrong-door'; readonly process: number; readonly tableId: string }
  /** A node tells its load balancer that it cannot serve. */
  | { readonly what: 'not-ready'; readonly process: number }
  /** From now on nothing goes wrong but what a drill does; see `drills.ts`. */
  | { readonly what: 'calm' | 'settled' }
  | { readonly what: 'drill'; readonly drill: Drill; readonly nodeIds: readonly string[] }
  /** The house closes: each table's round is its last. */
  | { readonly what: 'closing-time' }

/** A mishap in an otherwise calm world, and what may come of it. */
export type Drill = {
  readonly name: string
  /**
   * How often a table of the node it happens to may move at most; all others stay where they are. With several such
   * nodes it may move once more for each that comes back before the one it belongs to.
   */
  readonly moves: number
  /** Within this time every table runs, at one node that can be reached. */
  readonly runsWithinMs: number
  /** Within this time every bet is answered. */
  readonly answersWithinMs: number
}

export type ClusterWitness = (seen: ClusterTestimony) => void
