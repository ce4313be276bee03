import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { HotCopyWriter } from './hot-copy-writer.ts'

type Write = { readonly tableId: string; readonly epoch: number; readonly text: string; readonly answer: Answer }
type Answer = { resolve: (written: boolean) => void; reject: (error: Error) => void }

let writes: Write[]
let failures: string[]
let outdated: string[]
let writer: HotCopyWriter

beforeEach(() => {
  vi.useFakeTimers()
  writes = []
  failures = []
  outdated = []
  writer = new HotCopyWriter({
    copies: {
      save: (tableId, epoch, text) =>
        new Promise((resolve, reject) => writes.push({ tableId, epoch, text, answer: { resolve, reject } })),
    },
    failed: (tableId, error) => failures.push(`${tableId}: ${String(error)}`),
    outdated: (tableId, epoch) => outdated.push(`${tableId} ${epoch}`),
  })
})
afterEach(() => {
  vi.useRealTimers()
})

const texts = () => writes.map(({ text }) => text)
/** Answers write `i` and lets everybody hear it. */
async function answer(i: number, how: boolean | 'fails'): Promise<void> {
  if (how === 'fails') writes[i]?.answer.reject(new Error('Redis is gone'))
  else writes[i]?.answer.resolve(how)
  await vi.advanceTimersByTimeAsync(0)
}

describe('[FOV-13] the writer of hot copies', () => {
  test('has one write of a table under way, and then writes the newest alone', async () => {
    let made = 0
    const state = (name: string) => () => {
      made++
      return name
    }
    for (const name of ['a', 'b', 'c']) writer.save('lima', 3, state(name), true)
    writer.save('cusco', 5, state('x'), true)
    expect(texts()).toEqual(['a', 'x'])
    await answer(0, true)
    expect(texts()).toEqual(['a', 'x', 'c'])
    await answer(2, true)
    await vi.advanceTimersByTimeAsync(10_000)
    expect([texts(), made, failures]).toEqual([['a', 'x', 'c'], 3, []])
  })

  test('writes what can wait at once after a rest, and only the newest when the last write is 50 ms old', async () => {
    for (const name of ['a', 'b']) writer.save('lima', 3, () => name, false)
    await answer(0, true)
    writer.save('lima', 3, () => 'c', false)
    await vi.advanceTimersByTimeAsync(49)
    expect(texts()).toEqual(['a'])
    await vi.advanceTimersByTimeAsync(1)
    expect(texts()).toEqual(['a', 'c'])
    await answer(1, true)
    await vi.advanceTimersByTimeAsync(50)
    writer.save('lima', 3, () => 'd', false)
    expect(texts()).toEqual(['a', 'c', 'd'])
  })

  test('writes what is urgent at once, with all that waited before it', async () => {
    writer.save('lima', 3, () => 'a', false)
    await answer(0, true)
    writer.save('lima', 3, () => 'bet', false)
    writer.save('lima', 3, () => 'close', true)
    expect(texts()).toEqual(['a', 'close'])
    writer.save('lima', 3, () => 'draw', true)
    writer.save('lima', 3, () => 'bet', false)
    await answer(1, true)
    expect(texts()).toEqual(['a', 'close', 'bet'])
  })

  test('flushes what waits at once, and waits for nothing while it rests', async () => {
    writer.save('lima', 3, () => 'a', false)
    await answer(0, true)
    expect(await writer.flush('lima', 100)).toBe(true)
    writer.save('lima', 3, () => 'b', false)
    const flushed = writer.flush('lima', 100)
    writer.save('lima', 3, () => 'c', false)
    await answer(1, true)
    await answer(2, true)
    expect([await flushed, texts()]).toEqual([true, ['a', 'b', 'c']])
  })

  test('tries a failed write again while it is the newest, until it is written', async () => {
    writer.save('lima', 3, () => 'a', true)
    await answer(0, 'fails')
    expect(failures).toEqual(['lima: Error: Redis is gone'])
    await vi.advanceTimersByTimeAsync(249)
    expect(texts()).toEqual(['a'])
    await vi.advanceTimersByTimeAsync(1)
    expect(texts()).toEqual(['a', 'a'])
    await answer(1, 'fails')
    await vi.advanceTimersByTimeAsync(250)
    await answer(2, true)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(texts()).toEqual(['a', 'a', 'a'])
  })

  test('writes a newer copy at once in place of one that failed or is failing', async () => {
    writer.save('lima', 3, () => 'a', true)
    await answer(0, 'fails')
    writer.save('lima', 3, () => 'b', true)
    expect(texts()).toEqual(['a', 'b'])
    writer.save('lima', 3, () => 'c', true)
    await answer(1, 'fails')
    expect(texts()).toEqual(['a', 'b', 'c'])
    await answer(2, true)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(texts()).toEqual(['a', 'b', 'c'])
  })

  test('says when a greater epoch has written, and does not try again', async () => {
    writer.save('lima', 3, () => 'a', true)
    await answer(0, false)
    await vi.advanceTimersByTimeAsync(10_000)
    expect([outdated, texts()]).toEqual([['lima 3'], ['a']])
    expect(await writer.flush('lima', 0)).toBe(true) // nothing is left to be written
  })

  test('does not let an older epoch take the place of a newer one', async () => {
    writer.save('lima', 3, () => 'a', true)
    writer.save('lima', 5, () => 'new', true)
    writer.save('lima', 4, () => 'zombie', true)
    await answer(0, true)
    expect(writes[1]).toMatchObject({ epoch: 5, text: 'new' })
  })

  test('flushes: waits for the newest copy, trying at once', async () => {
    expect(await writer.flush('lima', 100)).toBe(true)
    writer.save('lima', 3, () => 'a', true)
    writer.save('lima', 3, () => 'b', true)
    const flushed = vi.fn<(written: boolean) => void>()
    writer.flush('lima', 1_000).then(flushed)
    await answer(0, true)
    expect(flushed).not.toHaveBeenCalled()
    await answer(1, 'fails')
    writer.flush('lima', 1_000).then(flushed)
    expect(texts()).toEqual(['a', 'b', 'b'])
    await answer(2, true)
    expect(flushed.mock.calls).toEqual([[true], [true]])
  })

  test('flushes no longer than it is given, and not what was refused or stopped', async () => {
    writer.save('lima', 3, () => 'a', true)
    const late = writer.flush('lima', 200)
    await vi.advanceTimersByTimeAsync(200)
    expect(await late).toBe(false)
    const refused = writer.flush('lima', 200)
    await answer(0, false)
    expect(await refused).toBe(false)
    writer.save('lima', 3, () => 'b', true)
    const stopped = writer.flush('lima', 200)
    writer.stop('lima')
    expect(await stopped).toBe(false)
  })

  test('stops: nothing is tried again, and what is under way is followed by nothing', async () => {
    writer.save('lima', 3, () => 'a', true)
    writer.save('lima', 3, () => 'b', true)
    writer.stop('lima')
    await answer(0, 'fails')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(texts()).toEqual(['a'])
    writer.save('cusco', 3, () => 'x', true)
    await answer(1, 'fails')
    writer.stop('cusco')
    await vi.advanceTimersByTimeAsync(10_000)
    expect([texts(), vi.getTimerCount()]).toEqual([['a', 'x'], 0])
  })

  test('takes a copy that cannot be made for a failure', async () => {
    const impossible = () => {
      throw new Error('no such state')
    }
    writer.save('lima', 3, impossible, true)
    await vi.advanceTimersByTimeAsync(0)
    expect(failures).toEqual(['lima: Error: no such state'])
    writer.save('lima', 3, () => 'b', true)
    expect(texts()).toEqual(['b'])
  })
})
