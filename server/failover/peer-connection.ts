import { connect, type Socket } from 'node:net'
import { answerOf, type Hello, helloOf, MOST_LINE_BYTES, readAnswer, readHello } from './peer-proof.ts'
import type { Life } from './ports.ts'

/** A connection whose other side has proven that it is the life of the node that was meant. */
export type PeerConnection = {
  readonly socket: Socket
  /** Under which everything that is said on it is proven. */
  readonly key: Buffer
}

export type PeerTarget = { readonly address: string; readonly life: Life }

/** A later life of the node that was meant has proven itself, so the one that was meant is over. */
export class LaterLife extends Error {
  readonly life: Life
  constructor(life: Life) {
    super(`the node ${life.nodeId} lives its life ${life.incarnation} by now`)
    this.name = 'LaterLife'
    this.life = life
  }
}

/**
 * Dials another node and says nothing more than who is asking until that node has proven itself. Errors: rejects with
 * the system's error, with `LaterLife`, and when nobody proves to be that life of that node within the time.
 */
export async function dialPeer(to: PeerTarget, from: Life, key: Uint8Array, withinMs: number): Promise<PeerConnection> {
  const at = to.address.lastIndexOf(':')
  const host = to.address.slice(0, at).replace(/^\[|\]$/g, '')
  const socket = connect({ host, port: Number(to.address.slice(at + 1)), noDelay: true })
  const hello = helloOf(from, to.life)
  socket.write(`${hello.line}\n`)
  try {
    const answered = readAnswer(hello, await lineOf(socket, withinMs), key)
    if (answered === null) throw new Error(`${to.address} did not prove that it belongs to the house`)
    const { life } = answered
    const isNode = life.nodeId === to.life.nodeId
    if (isNode && life.incarnation > to.life.incarnation) throw new LaterLife(life)
    if (!isNode || life.incarnation !== to.life.incarnation)
      throw new Error(`${to.address} is ${life.nodeId} in its life ${life.incarnation}, and another was meant`)
    return { socket, key: answered.key }
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/**
 * The other side: proves to whoever dialled that this is `self`. Answers the key under which the dialer has to prove
 * itself; null when another life was meant, which has been told. Errors: rejects for what is no hello, or comes late.
 */
export async function greetPeer(
  socket: Socket,
  self: () => Life,
  key: Uint8Array,
  withinMs: number,
): Promise<Buffer | null> {
  const hello: Hello | null = readHello(await lineOf(socket, withinMs))
  if (hello === null) throw new Error('whoever dialled is no node')
  const { nodeId, incarnation } = self()
  const answer = answerOf(hello, { nodeId, incarnation }, key)
  socket.write(`${answer.line}\n`)
  return hello.to.nodeId === nodeId && hello.to.incarnation === incarnation ? answer.key : null
}

/** The one line that the other side says before it has to wait for an answer. */
function lineOf(socket: Socket, withinMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let read = ''
    const done = (): void => {
      clearTimeout(timer)
      socket.off('data', take)
      socket.off('close', gone)
    }
    const fail = (error: Error): void => {
      done()
      reject(error)
    }
    let failure: Error | null = null
    const gone = (): void => fail(failure ?? new Error('the connection was closed before anything was proven'))
    const take = (data: Buffer): void => {
      read += data.toString('latin1')
      const end = read.indexOf('\n')
      if (end === read.length - 1) {
        done()
        resolve(read.slice(0, end))
      } else if (end >= 0 || read.length > MOST_LINE_BYTES) fail(new Error('more was said than one line'))
    }
    const timer = setTimeout(() => fail(new Error('nothing was proven in time')), withinMs)
    socket.on('error', (error) => {
      failure = error
      socket.destroy()
    })
    socket.on('data', take)
    socket.once('close', gone)
  })
}
