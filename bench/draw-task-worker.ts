import { Generator } from '../workers/generator.ts'
import { REJECTED, scaled, WORD_SPAN } from '../workers/scale.ts'

/** What the ring is measured against: a worker that makes one draw a task, from the same generator. */
const generator = new Generator({ label: 'bench' })
const words = new Uint32Array(16_384)
let at = words.length

export function ready(): { ok: true; value: null } {
  return { ok: true, value: null }
}

export function one(n: number): { ok: true; value: number } {
  for (;;) {
    if (at === words.length) {
      generator.fill(words)
      at = 0
    }
    const value = scaled(words[at] as number, n, WORD_SPAN)
    words[at++] = 0
    if (value !== REJECTED) return { ok: true, value }
  }
}
