import { pack, unpack } from 'msgpackr'
import WebSocket from 'ws'

type Answer = { readonly status: number; readonly value: unknown }
export type Seat = {
  readonly name: string
  readonly sessionId: string
  readonly roomId: string
  readonly processId: string
}
type JoinOptions = {
  readonly ticket?: string
  /** Whether the client says that it has joined, as the protocol wants. */
  readonly acknowledges?: boolean
  readonly autoPong?: boolean
}

/** Asks the matchmaker for a seat; answers its status and body. */
export async function askSeat(url: string, tableId: string, ticket?: string, headers: Record<string, string> = {}) {
  const authorization = ticket === undefined ? {} : { authorization: `Bearer ${ticket}` }
  const response = await fetch(`${url}/matchmake/joinById/${tableId}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorization, ...headers },
    body: '{}',
  })
  return { status: response.status, body: (await response.json()) as Seat & { code?: number; error?: string } }
}

/** A client of bare frames, which can misbehave as a test wishes. */
export class RawClient {
  readonly ws: WebSocket
  /** All that came, oldest first. */
  readonly frames: Buffer[] = []
  /** Resolves with the close code. */
  readonly closed: Promise<number>
  /** Resolves with the first frame that says the seat is taken. */
  readonly joined: Promise<void>
  reconnectionToken = ''
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #lastId = 0

  constructor(address: string, options: JoinOptions = {}) {
    this.ws = new WebSocket(address, { perMessageDeflate: false, autoPong: options.autoPong ?? true })
    this.closed = new Promise((tell) => this.ws.on('close', tell))
    this.ws.on('error', () => undefined)
    this.joined = new Promise((tell, fail) => {
      this.ws.on('close', (code) => fail(new Error(`closed before it joined: ${code}`)))
      this.ws.on('message', (frame: Buffer) => {
        this.frames.push(frame)
        if (frame[0] === 10) {
          this.reconnectionToken = frame.toString('latin1', 2, 2 + (frame[1] ?? 0))
          if (options.acknowledges ?? true) this.ws.send(Buffer.of(10))
          tell()
        }
        if (frame[0] === 22) this.#answered(frame)
      })
    })
    this.joined.catch(() => undefined)
  }

  static async join(url: string, tableId: string, options: JoinOptions = {}): Promise<RawClient> {
    const { status, body } = await askSeat(url, tableId, options.ticket)
    if (status !== 200) throw new Error(`no seat: ${JSON.stringify(body)}`)
    const client = new RawClient(seatAddress(url, body), options)
    await client.joined
    return client
  }

  send(...bytes: (number | Uint8Array)[]): void {
    this.ws.send(Buffer.concat(bytes.map((part) => (typeof part === 'number' ? Buffer.of(part) : part))))
  }

  message(type: string, value: unknown): void {
    this.send(13, text(type), pack(value))
  }

  request(type: string, value: unknown): Promise<Answer> {
    const id = ++this.#lastId
    this.send(21, 0xce, id & 255, (id >> 8) & 255, (id >> 16) & 255, id >>> 24, text(type), pack(value))
    return new Promise((tell, fail) => {
      this.#waiting.set(id, tell)
      void this.closed.then((code) => fail(new Error(`closed before the answer: ${code}`)))
    })
  }

  /** Every answer to a request that came so far. */
  answers(): ({ readonly id: number } & Answer)[] {
    return this.frames.filter((frame) => frame[0] === 22).map(readAnswer)
  }

  /** The messages of a type that came so far. */
  messages(type: string): unknown[] {
    const head = Buffer.concat([Buffer.of(13), text(type)])
    return this.frames
      .filter((frame) => frame.subarray(0, head.length).equals(head))
      .map((frame) => unpack(frame.subarray(head.length)))
  }

  #answered(frame: Buffer): void {
    const { id, ...answer } = readAnswer(frame)
    this.#waiting.get(id)?.(answer)
    this.#waiting.delete(id)
  }
}

function readAnswer(frame: Buffer): { readonly id: number } & Answer {
  const first = frame[1] ?? 0
  const width = first < 0x80 ? 0 : first === 0xcc ? 1 : first === 0xcd ? 2 : 4
  const id = width === 0 ? first : frame.readUIntLE(2, width)
  const body = frame.subarray(3 + width)
  return { id, status: frame[2 + width] ?? -1, value: body.length === 0 ? undefined : unpack(body) }
}

export function seatAddress(url: string, { processId, roomId, sessionId }: Seat): string {
  return `${url.replace('http', 'ws')}/${processId}/${roomId}?sessionId=${sessionId}`
}

/** A short text as a message type is written. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([bytes.length < 32 ? Buffer.of(0xa0 | bytes.length) : Buffer.of(0xd9, bytes.length), bytes])
}
