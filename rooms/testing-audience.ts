import type { Round } from '../engine/round/types.ts'
import type { PrivateEvent, PublicEvent } from './protocol.ts'
import type { Audience } from './table-actor.ts'

/** Keeps all that a table tells. */
export class TestAudience implements Audience {
  readonly public: PublicEvent[] = []
  readonly private: { readonly playerId: string; readonly event: PrivateEvent }[] = []
  readonly present = new Set<string>()
  readonly ends: string[] = []
  readonly stalls: boolean[] = []
  fails = false
  toAll(event: PublicEvent): void {
    this.public.push(event)
  }
  toPlayer(playerId: string, event: PrivateEvent): void {
    if (this.fails) throw new Error('nobody can be told')
    this.private.push({ playerId, event })
  }
  isPresent(playerId: string): boolean {
    return this.present.has(playerId)
  }
  changed(_round: Round): void {}
  stalled(stalled: boolean): void {
    this.stalls.push(stalled)
  }
  ended(why: 'lost' | 'suspended'): void {
    this.ends.push(why)
  }
  told(playerId: string): PrivateEvent[] {
    return this.private.filter((told) => told.playerId === playerId).map(({ event }) => event)
  }
}
