import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { PROOF_HEADER, proofOf } from './peer-proof.ts'
import type { PeerWays } from './peers.ts'

/** A client's socket that is spliced to another node. */
export type Relayed = {
  readonly nodeId: string
  readonly ended: Promise<void>
  close(): void
}

const ANSWER_LIMIT_MS = 1_500
const MOST_HEAD_BYTES = 16 * 1024
const SWITCHING = /^HTTP\/1\.1 101 /
const NOT_HERE = /^HTTP\/1\.1 503 /

/**
 * Repeats the upgrade request of a client at another node that has proven itself, with the proof of all of it as one
 * header more, and joins the two streams once it was accepted; nothing is read or framed in between. Any other answer
 * than "not here" is passed on. In the cases that are told by a word the client's socket was not touched.
 */
export async function relaySocket(
  nodeId: string,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  peers: Pick<PeerWays, 'dial'>,
): Promise<Relayed | 'not-here' | 'unreachable'> {
  const connection = await peers.dial(nodeId, ANSWER_LIMIT_MS).catch(() => null)
  if (connection === null) return 'unreachable'
  const { socket: far, key } = connection
  const text = headOf(request, PROOF_HEADER)
  far.write(`${text}${PROOF_HEADER}: ${proofOf(key, 'relay', text)}\r\n\r\n`, 'latin1') // as Node has read it
  if (head.length > 0) far.write(head)
  const answer = await answerOf(far)
  const notHere = answer !== null && NOT_HERE.test(answer.toString('latin1', 0, 20))
  if (answer === null || notHere || socket.destroyed) {
    far.destroy()
    return notHere ? 'not-here' : 'unreachable'
  }
  socket.write(answer)
  if (!SWITCHING.test(answer.toString('latin1', 0, 20))) {
    far.destroy()
    socket.end(() => socket.destroy())
    return { nodeId, ended: Promise.resolve(), close: () => undefined }
  }
  return splice(nodeId, socket, far)
}

function splice(nodeId: string, socket: Duplex, far: Socket): Relayed {
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  if ('setNoDelay' in socket) (socket as Socket).setNoDelay(true)
  socket.pipe(far)
  far.pipe(socket)
  const close = (): void => {
    socket.destroy()
    far.destroy()
    resolve()
  }
  socket.once('close', close)
  far.once('close', close)
  return { nodeId, ended, close }
}

/** The request line and headers as they were sent, without any of one name. */
export function headOf({ method, url, rawHeaders }: IncomingMessage, without: string): string {
  let head = `${method} ${url} HTTP/1.1\r\n`
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    if (rawHeaders[i]?.toLowerCase() !== without) head += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`
  return head
}

/** Everything up to the end of the answer's head, with what came behind it; null when none came in time. */
function answerOf(far: Socket): Promise<Buffer | null> {
  return new Promise((resolve) => {
    let read = Buffer.alloc(0)
    const done = (answer: Buffer | null): void => {
      clearTimeout(timer)
      far.off('data', take)
      far.off('close', gone)
      far.pause()
      resolve(answer)
    }
    const gone = (): void => done(null)
    const take = (data: Buffer): void => {
      read = Buffer.concat([read, data])
      if (read.includes('\r\n\r\n')) done(read)
      else if (read.length > MOST_HEAD_BYTES) done(null)
    }
    const timer = setTimeout(gone, ANSWER_LIMIT_MS)
    far.on('data', take)
    far.once('close', gone)
  })
}
