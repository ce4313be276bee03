import { createHash, createHmac } from 'node:crypto'
import type { Json } from '../engine/game.ts'
import type { NewBet, Opening } from '../engine/round/types.ts'
import type { OwnRules } from './own-roulette.ts'

/** What only the house knows of a series; the auditor is told, so that he can draw every round himself. */
export type SeriesSecret = { readonly secretHex: string; readonly saltHex: string }

/** What docs/fairness.md says a round's draw must be, by node:crypto instead of `engine/fairness`. */
export type OwnDraw = { readonly commitment: string; readonly seedHex: string; readonly outcome: Json }

export function ownDraw(series: SeriesSecret, opening: Opening): OwnDraw {
  const { tableId, seriesId, roundNo } = opening
  const seed = mac(Buffer.from(series.secretHex, 'hex'), fields('crupier/1/seed', tableId, seriesId, roundNo))
  const commitment = hash(fields('crupier/1/commit', tableId, seriesId, roundNo, seed)).toString('hex')
  const salt = Buffer.from(series.saltHex, 'hex')
  const context = hash(fields('crupier/1/draw', tableId, seriesId, roundNo, salt))
  const pockets = (opening.terms.rules as OwnRules).wheel === 'single-zero' ? 37 : 38
  const drawn = choice(seed, context, pockets)
  return { commitment, seedHex: seed.toString('hex'), outcome: { pocket: drawn === 37 ? '00' : drawn } }
}

function choice(seed: Buffer, context: Buffer, among: number): number {
  for (let block = 0; ; block++) {
    const words = mac(seed, Buffer.concat([context, uint32(block)]))
    for (let at = 0; at < 32; at += 4) {
      const word = words.readUInt32BE(at)
      if (word < 2 ** 32 - (2 ** 32 % among)) return word % among
    }
  }
}

/** The tree of RFC 9162 over the accepted bets in order of their ids. */
export function ownDigest(bets: readonly NewBet[]): string {
  const leaves = bets
    .toSorted((a, b) => (a.betId < b.betId ? -1 : 1))
    .map(({ betId, playerId, selection, stakeCents }) =>
      hash(byte(0), fields('crupier/1/bet', betId, playerId, canonical(selection), stakeCents)),
    )
  return (leaves.length === 0 ? hash() : tree(leaves)).toString('hex')
}

function tree(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves
  if (only !== undefined && leaves.length === 1) return only
  let left = 1
  while (left * 2 < leaves.length) left *= 2
  return hash(byte(1), tree(leaves.slice(0, left)), tree(leaves.slice(left)))
}

/** Selections hold no fractions and plain text only, so sorting the names is all that is left to do. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`
}

function fields(...values: readonly (string | number | Buffer)[]): Buffer {
  const bytes = values.map((value) => (Buffer.isBuffer(value) ? value : Buffer.from(`${value}`)))
  return Buffer.concat(bytes.flatMap((value) => [uint32(value.length), value]))
}

function uint32(n: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(n)
  return bytes
}

const byte = (n: number): Buffer => Buffer.from([n])
const mac = (key: Buffer, message: Buffer): Buffer => createHmac('sha256', key).update(message).digest()

function hash(...parts: readonly Buffer[]): Buffer {
  const sum = createHash('sha256')
  for (const part of parts) sum.update(part)
  return sum.digest()
}
