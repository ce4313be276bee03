import { type IncomingMessage, request } from 'node:http'
import type { PeerConnection } from './peer-connection.ts'
import { PROOF_HEADER, proofOf, proves } from './peer-proof.ts'
import type { HouseAsks } from './peers.ts'

const MOST_ANSWER_BYTES = 64 * 1024

/**
 * Asks the one question of a connection. Errors: rejects when there is no answer within the time, when the other node
 * could not answer, and when the answer is not proven to be that node's, to this question.
 */
export async function askPeer<K extends keyof HouseAsks>(
  { socket, key }: PeerConnection,
  kind: K,
  ask: HouseAsks[K]['ask'],
  withinMs: number,
): Promise<HouseAsks[K]['answer']> {
  const path = `/peer/ask/${kind}`
  const text = JSON.stringify(ask)
  const timer = setTimeout(() => socket.destroy(), withinMs)
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asking = request({ method: 'POST', path, createConnection: () => socket, headers: headersOf() })
      asking.once('response', resolve)
      asking.on('error', reject)
      asking.end(text)
    })
    const { statusCode = 0, headers } = response
    const body = await textOf(response)
    if (!proves(headers[PROOF_HEADER], key, 'answer', statusCode, body)) throw new Error('an answer was not proven')
    if (statusCode !== 200) throw new Error(`asked to ${kind}, the other node answered ${statusCode}`)
    return JSON.parse(body) as HouseAsks[K]['answer']
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }

  function headersOf(): Record<string, string | number> {
    const proof = proofOf(key, 'ask', 'POST', path, text)
    return {
      host: 'peer',
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      [PROOF_HEADER]: proof,
    }
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > MOST_ANSWER_BYTES) throw new Error('an answer was too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
