import { unresolved } from '../engine/round/step.ts'
import type { Round } from '../engine/round/types.ts'
import type { Dice } from './dice.ts'

const MOST_KEPT = 40

/**
 * Stands for Redis: keeps the newest copies of a table's round, and may forget its last writes, all of them, or its
 * order.
 */
export class HotStore {
  #copies: { readonly epoch: number; readonly round: Round }[] = []
  /** Every copy that some replica may still have, forgotten or not. */
  readonly #replicas: Round[] = []

  /** A copy of an older epoch is refused, unless what would refuse it was forgotten. */
  save(epoch: number, round: Round): void {
    if (epoch < (this.#copies.at(-1)?.epoch ?? 0)) return
    this.#copies.push({ epoch, round })
    this.#replicas.push(round)
    if (this.#copies.length > MOST_KEPT) this.#copies.shift()
    if (this.#replicas.length > MOST_KEPT) this.#replicas.shift()
  }

  forgetSome(dice: Dice): void {
    this.#copies.length = Math.max(0, this.#copies.length - dice.between(1, 6))
  }

  forgetAll(): void {
    this.#copies = []
  }

  /**
   * The newest copy; or, from a replica that was left behind, any that was kept of late, above all one of the same
   * round that waits for something of which the newest copy knows nothing any more.
   */
  read(dice: Dice, stale: boolean): Round | null {
    const newest = this.#copies.at(-1)?.round ?? null
    const last = this.#replicas.at(-1)
    if (!stale || last === undefined) return newest
    const ofRound = this.#replicas.filter(({ opening }) => opening.roundId === last.opening.roundId)
    const waiting = ofRound.filter((copy) => unresolved(copy) && waitsForMore(copy, last))
    if (dice.chance(0.15)) return asAnotherKnewIt(last, dice)
    if (waiting.length > 0 && dice.chance(0.7)) return dice.pick(waiting)
    return dice.pick(dice.chance(0.7) ? ofRound : this.#replicas)
  }
}

/** The copy of an owner who had another bet under the id of one of these, of another player who withdrew it. */
function asAnotherKnewIt(copy: Round, dice: Dice): Round {
  if (copy.bets.size === 0) return copy
  const bet = dice.pick([...copy.bets.values()])
  const other = { ...bet, playerId: `${bet.playerId}-before`, status: 'releasing', refusal: null } as const
  return { ...copy, bets: new Map(copy.bets).set(bet.betId, other) }
}

function waitsForMore(copy: Round, newest: Round): boolean {
  for (const { betId, status } of copy.bets.values()) {
    const known = newest.bets.get(betId)?.status
    if (status === 'reserving' && known === undefined) return true
    if (status === 'releasing' && known === 'accepted') return true
  }
  return false
}
