import { type Client, type ClientPrivate, CloseCode, getMessageBytes, Protocol, type Room } from '@colyseus/core'
import { decode } from '@colyseus/schema'
import { type Budget, MessageBudget } from './message-budget.ts'
import type { MessageRefusal } from './protocol.ts'

type Frame = (client: Client & ClientPrivate, frame: Buffer) => void

/** In `@colyseus/core` 0.18 every frame of a joined client goes through this method of the room, bound at join. */
type WithOnMessage = { _onMessage: Frame }

const REJECTED = 1
const REQUEST = Protocol.ROOM_REQUEST

/**
 * Puts itself before a room's own dispatch of frames, because Colyseus 0.18 (a) decodes a frame's message type outside
 * any try block, so that one malformed frame ends the process, (b) disconnects whoever exceeds its own message limit
 * without an answer, and (c) answers an unknown request with no code. A flood is refused, then closed; a frame that
 * cannot be decoded closes its connection alone.
 */
export function guardMessages(
  room: Room,
  known: ReadonlySet<string>,
  budget: Budget,
  nowMs: () => number,
  refused: (code: MessageRefusal) => void,
): void {
  const guarded = room as unknown as WithOnMessage
  const dispatch = guarded._onMessage
  const budgets = new WeakMap<object, MessageBudget>()
  guarded._onMessage = (client, frame) => {
    const spent = budgets.get(client.ref) ?? new MessageBudget(budget, nowMs())
    budgets.set(client.ref, spent)
    const verdict = spent.take(nowMs())
    try {
      if (verdict === 'spend') {
        const request = readRequest(frame)
        if (request === null || known.has(request.type)) dispatch.call(room, client, frame)
        else refuse(client, request.id, 'unknown-message', refused)
        return
      }
      const request = verdict === 'refuse' ? readRequest(frame) : null
      if (request !== null) refuse(client, request.id, 'too-fast', refused)
      else refused('too-fast')
      if (verdict === 'close') client.leave(CloseCode.WITH_ERROR, 'too-fast')
    } catch {
      refused('malformed')
      client.leave(CloseCode.WITH_ERROR, 'malformed')
    }
  }
}

/** Id and type of a request frame; null for every other kind of frame. */
function readRequest(frame: Buffer): { id: number; type: string } | null {
  if ((frame[0] ?? 0) % 32 !== REQUEST) return null
  const at = { offset: 1 }
  const id = decode.number(frame, at)
  const type = decode.stringCheck(frame, at) ? decode.string(frame, at) : String(decode.number(frame, at))
  if (!Number.isSafeInteger(id) || id < 0) throw new Error('a request id is a whole number')
  return { id, type }
}

function refuse(client: Client, id: number, code: MessageRefusal, refused: (code: MessageRefusal) => void): void {
  refused(code)
  client.enqueueRaw(getMessageBytes[Protocol.ROOM_RESPONSE](id, REJECTED, { code }))
}
