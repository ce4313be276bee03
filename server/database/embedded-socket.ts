import { Duplex } from 'node:stream'
import type { EmbeddedGateway } from './embedded-gateway.ts'

const TERMINATE = 'X'.charCodeAt(0)
const AUTHENTICATED = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0])
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])

/** A simple query in PostgreSQL's wire protocol: 'Q', the length, the text and a zero byte. */
function simpleQuery(text: string): Buffer {
  const message = Buffer.alloc(text.length + 6)
  message.write('Q')
  message.writeInt32BE(text.length + 5, 1)
  message.write(text, 5)
  return message
}

/**
 * What `pg` takes for a TCP socket to a server. It answers the greeting itself and passes everything else to the
 * embedded Postgres, which has one session only: whatever the last connection left behind (an open transaction,
 * settings, prepared statements) is thrown away before a new one is told that the server is ready.
 */
export class EmbeddedSocket extends Duplex {
  readonly #gateway: EmbeddedGateway
  #greeted = false

  constructor(gateway: EmbeddedGateway) {
    super()
    this.#gateway = gateway
  }

  connect(): void {
    process.nextTick(() => this.emit('connect'))
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#pass(chunk).then(() => done(), done)
  }

  /** `pg` corks the five messages of one query, so that they cross to the worker as one. */
  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#pass(Buffer.concat(chunks.map(({ chunk }) => chunk))).then(() => done(), done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.push(null)
    done()
  }

  async #pass(bytes: Buffer): Promise<void> {
    if (!this.#greeted) {
      await this.#gateway.ask(simpleQuery('rollback'))
      await this.#gateway.ask(simpleQuery('discard all'))
      this.#greeted = true
      this.push(Buffer.concat([AUTHENTICATED, READY]))
      return
    }
    if (bytes[0] === TERMINATE) return
    const answer = await this.#gateway.ask(bytes)
    if (answer.length > 0) this.push(answer)
  }
}
