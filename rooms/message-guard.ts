import {
  type Client,
  type ClientPrivate,
  ClientState,
  CloseCode,
  getMessageBytes,
  Protocol,
  type Room,
} from '@colyseus/core'
import { type ClientFrame, readFrame } from './frames.ts'
import { type Budget, MessageBudget } from './message-budget.ts'
import type { MessageRefusal } from './protocol.ts'

type GuardedClient = Client & ClientPrivate
type OnFrame = (client: GuardedClient, frame: Buffer) => void
/** In `@colyseus/core` 0.18 every frame of a joined client goes through this method of the room, bound at join. */
type WithOnMessage = { _onMessage: OnFrame }

/**
 * How long a seat waits for its socket; a room that ends waits for every seat, so it is less than an orderly stop
 * takes.
 */
export const SEAT_SECONDS = 5
const REJECTED = 1
/** Until a client has acknowledged its seat all that is meant for it is kept; so it may not take its time. */
const ACKNOWLEDGE_MS = 10_000
/** Frames that wait for the acknowledgement: the SDK tells of a return before it acknowledges it. */
const MOST_EARLY = 8

export type GuardOptions = {
  /** Types of the messages that the room answers. */
  readonly known: ReadonlySet<string>
  readonly budget: Budget
  nowMs(): number
  refused(code: MessageRefusal): void
  /** The client has acknowledged its seat, so it has the token that came with it. */
  joined(client: Client): void
}

/** What is known of one connection. */
type Standing = {
  readonly budget: MessageBudget
  readonly sinceMs: number
  /** What it asked before it acknowledged its seat. */
  readonly early: Buffer[]
  closed: boolean
}

/**
 * Stands before a room's own dispatch of frames, because Colyseus 0.18 (a) decodes a frame's head outside any try
 * block, so that one malformed frame could end the process, (b) disconnects whoever exceeds its own message limit or
 * sends an unknown message, without an answer, (c) answers an undecodable request with internals, (d) decodes
 * extension types that no client of ours needs, and (e) keeps without limit what a client that never acknowledges is
 * sent. A flood is refused, then closed; a frame that is none closes its connection alone. What comes before the
 * acknowledgement waits for it, and more than a little of it closes.
 */
export class MessageGuard {
  readonly #room: Room
  readonly #options: GuardOptions
  readonly #dispatch: OnFrame
  readonly #standings = new WeakMap<object, Standing>()

  /** Puts itself before the room's dispatch; to be made in `onCreate`, before anybody joins. */
  constructor(room: Room, options: GuardOptions) {
    const guarded = room as unknown as WithOnMessage
    this.#room = room
    this.#options = options
    this.#dispatch = guarded._onMessage
    guarded._onMessage = (client, frame) => this.#take(client, frame)
  }

  /** Closes whoever joined long ago and never acknowledged it; to be called now and then. */
  sweep(): void {
    const latest = this.#options.nowMs() - ACKNOWLEDGE_MS
    for (const client of this.#room.clients as Iterable<GuardedClient>) {
      if (client.state !== ClientState.JOINING) continue
      const standing = this.#standingOf(client)
      if (standing.sinceMs < latest) this.#close(client, standing, 'malformed')
    }
  }

  #take(client: GuardedClient, frame: Buffer): void {
    const standing = this.#standingOf(client)
    if (standing.closed) return
    const verdict = standing.budget.take(this.#options.nowMs())
    const read = verdict === 'close' ? null : readFrame(frame)
    const early = client.state === ClientState.JOINING && read?.kind !== 'join' && read?.kind !== 'leave'
    if (verdict === 'close') this.#close(client, standing, 'too-fast')
    else if (read === null || (early && standing.early.length >= MOST_EARLY)) this.#close(client, standing, 'malformed')
    else if (early) standing.early.push(frame)
    else {
      // Whoever wants to go may always go.
      const code = verdict === 'refuse' && read.kind !== 'leave' ? 'too-fast' : this.#whyNot(read)
      this.#answer(client, standing, read, frame, code)
    }
  }

  #answer(
    client: GuardedClient,
    standing: Standing,
    read: ClientFrame,
    frame: Buffer,
    code: MessageRefusal | null,
  ): void {
    if (code === null) this.#pass(client, standing, frame)
    else this.#refuse(client, read, code)
  }

  #whyNot(read: ClientFrame): MessageRefusal | null {
    if (read.kind !== 'message' && read.kind !== 'request') return null
    if (!this.#options.known.has(read.type)) return 'unknown-message'
    return read.plain ? null : 'malformed'
  }

  #pass(client: GuardedClient, standing: Standing, frame: Buffer): void {
    const joins = client.state === ClientState.JOINING
    try {
      this.#dispatch.call(this.#room, client, frame)
      if (joins && client.state === ClientState.JOINED) this.#joined(client, standing)
    } catch {
      this.#close(client, standing, 'malformed')
    }
  }

  #joined(client: GuardedClient, standing: Standing): void {
    this.#options.joined(client)
    for (const frame of standing.early.splice(0)) {
      const read = standing.closed ? null : readFrame(frame)
      if (read !== null) this.#answer(client, standing, read, frame, this.#whyNot(read))
    }
  }

  /** A request is rejected with the code; a message is told of it as message `answer`. */
  #refuse(client: GuardedClient, read: ClientFrame, code: MessageRefusal): void {
    this.#options.refused(code)
    if (read.kind === 'message') client.send('answer', { type: read.type, code })
    if (read.kind === 'request') client.enqueueRaw(getMessageBytes[Protocol.ROOM_RESPONSE](read.id, REJECTED, { code }))
  }

  #close(client: GuardedClient, standing: Standing, code: MessageRefusal): void {
    standing.closed = true
    this.#options.refused(code)
    client.leave(CloseCode.WITH_ERROR, code)
  }

  #standingOf(client: GuardedClient): Standing {
    const known = this.#standings.get(client.ref)
    if (known !== undefined) return known
    const sinceMs = this.#options.nowMs()
    const standing: Standing = {
      budget: new MessageBudget(this.#options.budget, sinceMs),
      sinceMs,
      early: [],
      closed: false,
    }
    this.#standings.set(client.ref, standing)
    return standing
  }
}
