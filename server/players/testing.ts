import { assert } from '../../engine/assert.ts'
import { type Cents, toCents } from '../../engine/money.ts'
import type { Books } from '../ledger/books.ts'

/** The part of the books that players meet outside a table, in memory, with the answers the contract promises. */
export class PlayerBooks implements Pick<Books, 'openAccount' | 'balanceOf' | 'grant'> {
  readonly balances = new Map<string, Cents>()
  readonly #grants = new Map<string, string>()

  async openAccount(playerId: string): Promise<void> {
    if (!this.balances.has(playerId)) this.balances.set(playerId, toCents(0))
  }

  async balanceOf(playerId: string): Promise<Cents | null> {
    return this.balances.get(playerId) ?? null
  }

  async grant(
    id: string,
    playerId: string,
    cents: Cents,
    memo: string,
  ): Promise<{ readonly balanceCents: Cents } | 'grant-id-taken' | 'unknown-account'> {
    assert(cents > 0, 'a grant is positive')
    const balance = this.balances.get(playerId)
    if (balance === undefined) return 'unknown-account'
    const content = JSON.stringify([playerId, cents, memo])
    const earlier = this.#grants.get(id)
    if (earlier !== undefined) return earlier === content ? { balanceCents: balance } : 'grant-id-taken'
    this.#grants.set(id, content)
    const balanceCents = toCents(balance + cents)
    this.balances.set(playerId, balanceCents)
    return { balanceCents }
  }

  total(): number {
    return [...this.balances.values()].reduce((sum, cents) => sum + cents, 0)
  }
}
