import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Life } from './ports.ts'

/**
 * How two nodes prove to each other that they know the house's key, before either believes or tells anything (FOV-110).
 * The dialer says who it is, whom it means and a random text of its own; the other answers who it is, its own random
 * text and a proof over all of it. Both derive the key of this one connection from what was said, and everything that
 * follows is proven under that key: so it is good for these two lives, once, and for as long as the connection is.
 * What is said is not encrypted.
 */
export type Hello = { readonly from: Life; readonly to: Life; readonly line: string }

/** What the other side of a hello has proven, and the key of this connection. */
export type Answered = { readonly life: Life; readonly key: Buffer }

/** The header in which a request or its answer is proven. */
export const PROOF_HEADER = 'x-crupier-proof'
/** Characters of a proof. */
export const PROOF_LENGTH = 43
/** No first line of either side is longer. */
export const MOST_LINE_BYTES = 512

const LIFE = '([a-z0-9-]{1,63}) (\\d{1,15})'
const RANDOM = `[\\w-]{${PROOF_LENGTH}}`
const HELLO = new RegExp(`^crupier/1 ${LIFE} ${LIFE} ${RANDOM}$`)
const ANSWER = new RegExp(`^(crupier/1 ${LIFE} ${RANDOM}) (${RANDOM})$`)

/** The key under which the nodes of one house prove themselves to each other. */
export function peerKey(secretsKey: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', secretsKey, '', 'crupier peers', 32))
}

/** Proves that whoever holds the key said exactly these things, in this order. */
export function proofOf(key: Uint8Array, ...said: readonly (string | number)[]): string {
  return createHmac('sha256', key).update(JSON.stringify(said)).digest('base64url')
}

/** In constant time, so that a proof cannot be guessed by its beginning. */
export function proves(proof: unknown, key: Uint8Array, ...said: readonly (string | number)[]): boolean {
  const given = Buffer.from(typeof proof === 'string' ? proof : '')
  const expected = Buffer.from(proofOf(key, ...said))
  return given.length === expected.length && timingSafeEqual(given, expected)
}

export function helloOf(from: Life, to: Life): Hello {
  const random = randomBytes(32).toString('base64url')
  return { from, to, line: `crupier/1 ${from.nodeId} ${from.incarnation} ${to.nodeId} ${to.incarnation} ${random}` }
}

/** Null for what is no hello. */
export function readHello(line: string): Hello | null {
  const [, fromId, from, toId, to] = HELLO.exec(line) ?? []
  if (fromId === undefined || toId === undefined) return null
  return {
    from: { nodeId: fromId, incarnation: Number(from) },
    to: { nodeId: toId, incarnation: Number(to) },
    line,
  }
}

/** The line that answers a hello, also one that means another life; and the key of the connection. */
export function answerOf(hello: Hello, self: Life, key: Uint8Array): { readonly line: string; readonly key: Buffer } {
  const said = `crupier/1 ${self.nodeId} ${self.incarnation} ${randomBytes(32).toString('base64url')}`
  const line = `${said} ${proofOf(key, 'answer', hello.line, said)}`
  return { line, key: connectionKey(key, hello, said) }
}

/** Null when whoever answered did not prove that it knows the key. */
export function readAnswer(hello: Hello, line: string, key: Uint8Array): Answered | null {
  const [, said = '', nodeId = '', incarnation, proof] = ANSWER.exec(line) ?? []
  if (!proves(proof, key, 'answer', hello.line, said)) return null
  return { life: { nodeId, incarnation: Number(incarnation) }, key: connectionKey(key, hello, said) }
}

function connectionKey(key: Uint8Array, hello: Hello, answer: string): Buffer {
  return createHmac('sha256', key)
    .update(JSON.stringify(['connection', hello.line, answer]))
    .digest()
}
