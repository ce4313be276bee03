import { beforeEach, describe, expect, test } from 'vitest'
import { Sealer, sealKey } from '../../workers/seal.ts'
import { type PlainHotCopies, SealedHotCopies } from './hot-copies-sealed.ts'
import { HotCopyDamaged } from './hot-copy-codec.ts'
import type { HotCopy } from './ports.ts'

const [first, second] = [sealKey(Buffer.alloc(32, 1)), sealKey(Buffer.alloc(32, 2))]
const kept = new Map<string, HotCopy>()
const seats = new Map<string, number>()
const memory: PlainHotCopies = {
  async save(tableId, epoch, text) {
    if ((kept.get(tableId)?.epoch ?? 0) > epoch) return false
    kept.set(tableId, { epoch, text })
    return true
  },
  read: async (tableId) => kept.get(tableId) ?? null,
  async seat(_, sessionId, generation) {
    seats.set(sessionId, generation ?? 0)
  },
  async discard(tableId, epoch) {
    if (kept.get(tableId)?.epoch === epoch) kept.delete(tableId)
  },
  seats: async () => seats,
  async forget(tableId) {
    kept.delete(tableId)
  },
}

describe('[FOV-9] sealed hot copies', () => {
  const copies = new SealedHotCopies(memory, new Sealer([first]))
  beforeEach(async () => {
    kept.clear()
    await copies.save('lima', 3, 'bets of ana, ñ')
  })

  test('are read as they were written, and Redis sees nothing of them', async () => {
    expect(await copies.read('lima')).toEqual({ epoch: 3, text: 'bets of ana, ñ' })
    const stored = kept.get('lima')?.text ?? ''
    expect(stored.length).toBeGreaterThan(50)
    expect(Buffer.from(stored, 'base64').toString('latin1')).not.toContain('ana')
    expect(await copies.read('cusco')).toBe(null)
  })

  test('cannot be passed off as the copy of another table or epoch, nor changed', async () => {
    const copy = kept.get('lima') as HotCopy
    kept.set('cusco', copy)
    await expect(copies.read('cusco')).rejects.toThrow(HotCopyDamaged)
    kept.set('lima', { ...copy, epoch: 4 })
    await expect(copies.read('lima')).rejects.toThrow(HotCopyDamaged)
    const bytes = Buffer.from(copy.text, 'base64')
    bytes[40] = (bytes[40] ?? 0) ^ 1
    kept.set('lima', { ...copy, text: bytes.toString('base64') })
    await expect(copies.read('lima')).rejects.toThrow(HotCopyDamaged)
    kept.set('lima', { ...copy, text: '{"format":2}' })
    await expect(copies.read('lima')).rejects.toThrow(HotCopyDamaged)
    kept.set('lima', copy)
    expect((await copies.read('lima'))?.epoch).toBe(3)
  })

  test('survive a change of the key as long as the old one is known', async () => {
    const rotated = new SealedHotCopies(memory, new Sealer([second, first]))
    expect((await rotated.read('lima'))?.text).toBe('bets of ana, ñ')
    const foreign = new SealedHotCopies(memory, new Sealer([second]))
    await expect(foreign.read('lima')).rejects.toThrow(HotCopyDamaged)
  })

  test('[FOV-96] give way to a later one of this house alone', async () => {
    kept.set('lima', { epoch: 99, text: Buffer.from('forged').toString('base64') })
    expect(await copies.save('lima', 3, 'mine')).toBe(true)
    expect(await copies.read('lima')).toEqual({ epoch: 3, text: 'mine' })
    const ours = kept.get('lima') as HotCopy
    kept.set('lima', { ...ours, epoch: 99 }) // sealed to another epoch
    expect(await copies.save('lima', 3, 'mine again')).toBe(true)
    await copies.save('lima', 4, 'of the next owner')
    expect(await copies.save('lima', 3, 'too late')).toBe(false)
    expect(await copies.read('lima')).toEqual({ epoch: 4, text: 'of the next owner' })
  })

  test('leave the rest to the store', async () => {
    await copies.seat('lima', 'ses-1', 4)
    expect(await copies.seats('lima')).toEqual(new Map([['ses-1', 4]]))
    await copies.forget('lima')
    expect(await copies.read('lima')).toBe(null)
  })
})
