import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SeatClaim } from '../../rooms/ports.ts'
import { Sealer, sealContext, sealKey } from '../../workers/seal.ts'
import { MOST_TOKEN_BYTES, SeatTokens, TOKEN_MS } from './seat-tokens.ts'

const keyOf = (fill: number) => sealKey(new Uint8Array(32).fill(fill))
const tokens = new SeatTokens(new Sealer([keyOf(1)]))
const NOW = 1_800_000_000_000

const claim: SeatClaim = {
  roomId: 'lima',
  sessionId: 'aB3-_9xYz',
  playerId: 'p'.repeat(32),
  name: 'Ana María',
  generation: 3,
  layout: 0xfedcba98,
  issuedAtMs: NOW,
}

const claims: fc.Arbitrary<SeatClaim> = fc.record({
  roomId: fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/),
  sessionId: fc.stringMatching(/^[\w-]{9}$/),
  playerId: fc.option(fc.string({ maxLength: 36, unit: 'binary-ascii' })),
  name: fc.string({ maxLength: 100, unit: 'grapheme' }),
  generation: fc.nat(2 ** 32 - 1),
  layout: fc.nat(2 ** 32 - 1),
  issuedAtMs: fc.integer({ min: NOW - TOKEN_MS, max: NOW }),
})

describe('[ROM-24] reconnection tokens', () => {
  test('[ROM-24] every seat comes back as it was sealed; a name that is too long, cut at a letter', () => {
    fc.assert(
      fc.property(claims, (sealed) => {
        const token = tokens.seal(sealed)
        expect(token.length).toBeLessThanOrEqual(MOST_TOKEN_BYTES)
        expect(token).toMatch(/^[\w-]+$/)
        const opened = tokens.open(token, NOW)
        expect({ ...opened, name: '' }).toEqual({ ...sealed, name: '' })
        expect(sealed.name.startsWith(opened?.name ?? '-')).toBe(true)
        // The longest ids of the house leave 60 bytes, and a name has 24 letters.
        if (Buffer.byteLength(sealed.name) <= 55) expect(opened?.name).toBe(sealed.name)
      }),
    )
  })

  test('[ROM-24] a token tells its bearer nothing, and is another one each time', () => {
    const [one, two] = [tokens.seal(claim), tokens.seal(claim)]
    expect(one).not.toBe(two)
    const bytes = Buffer.from(one, 'base64url').toString('latin1')
    for (const secret of [claim.playerId ?? '', claim.roomId, claim.sessionId]) expect(bytes).not.toContain(secret)
  })

  test('[ROM-24] a token is good for twelve hours, also while clocks of nodes differ', () => {
    const token = tokens.seal(claim)
    expect(tokens.open(token, NOW + TOKEN_MS)).toEqual(claim)
    expect(tokens.open(token, NOW + TOKEN_MS + 1)).toBeNull()
    expect(tokens.open(token, NOW - 3_600_000)).toEqual(claim)
  })

  test('[ROM-24] changed in any letter, cut, made longer, or sealed by another key, it is none', () => {
    const token = tokens.seal(claim)
    for (let i = 0; i < token.length; i++) {
      const letter = token[i] === 'A' ? 'B' : 'A'
      expect([i, tokens.open(token.slice(0, i) + letter + token.slice(i + 1), NOW)]).toEqual([i, null])
    }
    for (const other of [token.slice(1), token.slice(0, -1), `${token}=`, `${token}A`, ` ${token}`, `${token}!`, ''])
      expect([other, tokens.open(other, NOW)]).toEqual([other, null])
    expect(tokens.open(new SeatTokens(new Sealer([keyOf(2)])).seal(claim), NOW)).toBeNull()
    expect(tokens.open('x'.repeat(100_000), NOW)).toBeNull()
  })

  test('[ROM-24] what the same key sealed as something else, or for another release, is no seat', () => {
    const sealer = new Sealer([keyOf(1)])
    const sealed = (context: string, first: number) =>
      Buffer.from(sealer.seal(Buffer.alloc(80, first), context), 'base64').toString('base64url')
    expect(tokens.open(sealed(sealContext('series secret'), 1), NOW)).toBeNull()
    expect(tokens.open(sealed(sealContext('reconnection token'), 9), NOW)).toBeNull()
  })

  test('[ROM-24] a key that was replaced still opens what it sealed', () => {
    const rotated = new SeatTokens(new Sealer([keyOf(3), keyOf(1)]))
    expect(rotated.open(tokens.seal(claim), NOW)).toEqual(claim)
    expect(tokens.open(rotated.seal(claim), NOW)).toBeNull()
  })

  test('[ROM-24] ids that could never fit are a mistake of this program', () => {
    expect(() => tokens.seal({ ...claim, roomId: 'x'.repeat(130) })).toThrow('fit a token')
    expect(() => tokens.seal({ ...claim, roomId: 'x'.repeat(255) })).toThrow('short')
  })
})
