import { Room, type RoomOptions } from '@colyseus/core'
import type { SeatKeeper } from './seat-keeper.ts'

/** A room whose seats are proven by their tokens, also those that an earlier owner of the room gave out. */
export class SeatedRoom<T extends RoomOptions> extends Room<T> {
  /** Set in `onCreate`. */
  protected seats: SeatKeeper | null = null

  /**
   * Gives a client that comes with its token the seat it had at an earlier owner of the room, or in one that is gone.
   * Colyseus asks for the seat of everybody who comes (`hasReservedSeat`), so nobody else has to call this; asked again
   * it does nothing. Answers whether this call restored the seat.
   */
  restoreSeat(token: string, sessionId: string): boolean {
    return (this.seats?.restore(token, sessionId) ?? null) !== null
  }

  override hasReservedSeat(sessionId: string, reconnectionToken?: string): boolean {
    if (typeof reconnectionToken === 'string') this.restoreSeat(reconnectionToken, sessionId)
    return super.hasReservedSeat(sessionId, reconnectionToken)
  }

  /** Asked by the matchmaker's `reconnect`, which knows no session. */
  override checkReconnectionToken(reconnectionToken: string): string {
    const held: string | undefined = super.checkReconnectionToken(reconnectionToken)
    // Colyseus' type leaves out what it answers for a token that is no good: nothing.
    return held ?? (this.seats?.restore(reconnectionToken, null) as string)
  }

  override disconnect(closeCode?: number): Promise<unknown> {
    this.seats?.clear()
    return super.disconnect(closeCode)
  }
}
