import http from 'k6/http'
import { WebSocket } from 'k6/websockets'
import type { PrivateEvent, PublicEvent, TableRequests } from '../rooms/protocol.ts'
import { joinAcknowledged, leave, read, request } from './wire.ts'

const JSON_BODY = { headers: { 'content-type': 'application/json' } }
const IDS = 128

type Listener = { public?: (event: PublicEvent) => void; private?: (event: PrivateEvent) => void }
type Waiting = { resolve: (value: never) => void; reject: (reason: unknown) => void }

/** POST and parse; throws with the address and status of what was not answered well. */
export function post<T>(url: string, body: object, tags: { name: string }): T {
  const response = http.post(url, JSON.stringify(body), { ...JSON_BODY, tags })
  if (response.status !== 200)
    throw new Error(`${tags.name}: ${response.status} ${String(response.body).slice(0, 200)}`)
  return response.json() as T
}

/** One seat at one table, over the public protocol; k6's cookie jar holds the player's session. */
export class TableClient {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, Waiting>()
  readonly #listener: Listener
  #nextId = 0
  readonly closed: Promise<void>
  readonly ready: Promise<void>

  constructor(base: string, tableId: string, listener: Listener) {
    this.#listener = listener
    const { ticket } = post<{ ticket: string }>(`${base}/api/tables/${tableId}/ticket`, {}, { name: 'ticket' })
    const seat = http.post(`${base}/matchmake/joinById/${tableId}`, '{}', {
      headers: { ...JSON_BODY.headers, authorization: `Bearer ${ticket}` },
      tags: { name: 'matchmake' },
    })
    const { sessionId, processId, roomId } = seat.json() as { sessionId: string; processId: string; roomId: string }
    this.#socket = new WebSocket(`${base.replace('http', 'ws')}/${processId}/${roomId}?sessionId=${sessionId}`)
    this.#socket.binaryType = 'arraybuffer' as never
    let joined = () => {}
    let failed: (error: Error) => void = () => {}
    this.ready = new Promise((resolve, reject) => {
      joined = resolve
      failed = reject
    })
    this.#socket.onmessage = (event) => this.#hear(event?.data as ArrayBuffer, joined, failed)
    this.#socket.onerror = () => failed(new Error('the socket failed'))
    this.closed = new Promise((resolve) => {
      this.#socket.onclose = () => resolve()
    })
  }

  ask<T extends keyof TableRequests>(type: T, message: TableRequests[T]['ask']): Promise<TableRequests[T]['answer']> {
    const id = this.#nextId++ % IDS
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as never, reject })
      this.#socket.send(request(id, type, message))
    })
  }

  leave(): void {
    this.#socket.send(leave())
  }

  #hear(data: ArrayBuffer, joined: () => void, failed: (error: Error) => void): void {
    const frame = read(data)
    if (frame.kind === 'joined') {
      this.#socket.send(joinAcknowledged())
      joined()
    } else if (frame.kind === 'error') failed(new Error('the table refused the seat'))
    else if (frame.kind === 'message') {
      if (frame.type === 'public') this.#listener.public?.(frame.value as PublicEvent)
      if (frame.type === 'private') this.#listener.private?.(frame.value as PrivateEvent)
    } else if (frame.kind === 'response') {
      const waiting = this.#waiting.get(frame.id)
      this.#waiting.delete(frame.id)
      if (frame.ok) waiting?.resolve(frame.value as never)
      else waiting?.reject(frame.value)
    }
  }
}
