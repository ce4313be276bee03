import { assert } from '../assert.ts'
import type { DrawSource } from '../game.ts'
import { encode } from './encoding.ts'
import { hmac, hmacKey, sha256 } from './sha256.ts'

const WORDS_PER_BLOCK = 8
const MAX_RANGE = 2 ** 21

/**
 * F: the sequence of uniform choices that one round's seed and its series' salt decide.
 * Block i of the stream is HMAC-SHA256(seed, SHA-256(context) | i as 32-bit big-endian), read as eight 32-bit
 * big-endian words. Each choice takes words in turn until one is below the largest multiple of n, and is its remainder
 * by n.
 * Source: FAI-3, docs/fairness.md "From seed to outcome".
 */
export function drawSource(
  seed: Uint8Array,
  salt: Uint8Array,
  tableId: string,
  seriesId: string,
  roundNo: number,
): DrawSource {
  const nextWord = wordStream(seed, sha256(encode('crupier/1/draw', tableId, seriesId, roundNo, salt)))

  function below(n: number): number {
    assert(Number.isInteger(n) && n >= 1 && n <= MAX_RANGE, `a choice is among 1 to 2^21, not ${n}`)
    return mapWord(n, nextWord)
  }

  function permutation(n: number): number[] {
    assert(Number.isInteger(n) && n >= 0 && n <= MAX_RANGE, `a shuffle is of 0 to 2^21, not ${n}`)
    const order = Array.from({ length: n }, (_, i) => i)
    for (let i = n - 1; i > 0; i--) {
      const j = below(i + 1)
      const held = order[i]!
      order[i] = order[j]!
      order[j] = held
    }
    return order
  }

  return { below, permutation }
}

/** A uniform number below n from uniform words below `wordRange`: words that would favour low numbers are dropped. */
export function mapWord(n: number, nextWord: () => number, wordRange = 2 ** 32): number {
  const limit = wordRange - (wordRange % n)
  for (;;) {
    const word = nextWord()
    if (word < limit) return word % n
  }
}

function wordStream(seed: Uint8Array, context: Uint8Array): () => number {
  const key = hmacKey(seed)
  const message = new Uint8Array(context.length + 4)
  message.set(context)
  const counter = new DataView(message.buffer)
  let block: DataView = new DataView(new ArrayBuffer(0))
  let taken = 0
  return () => {
    const inBlock = taken % WORDS_PER_BLOCK
    if (inBlock === 0) {
      counter.setUint32(context.length, taken / WORDS_PER_BLOCK)
      block = new DataView(hmac(key, message).buffer)
    }
    taken += 1
    return block.getUint32(4 * inBlock)
  }
}
