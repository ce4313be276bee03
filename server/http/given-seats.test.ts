import { expect, test } from 'vitest'
import { GivenSeats } from './given-seats.ts'

function seats() {
  const clock = { nowMs: 0 }
  const given = new GivenSeats<string>({ keptMs: 1_000, steadyMs: () => clock.nowMs })
  let made = 0
  const make = async () => `seat ${++made}`
  return { clock, given, make, give: (askId: string) => given.give(askId, make, (answer) => answer !== 'not now') }
}

test('[FOV-101] a question that is asked again gets the answer that it got before', async () => {
  const { clock, give } = seats()
  expect([await give('a'), await give('b'), await give('a')]).toEqual(['seat 1', 'seat 2', 'seat 1'])
  clock.nowMs = 1_000
  expect(await give('a')).toBe('seat 1')
  clock.nowMs = 1_001
  expect(await give('a')).toBe('seat 3')
})

test('[FOV-101] who asks again while the answer is being made waits for that one', async () => {
  const { given } = seats()
  let tell: (seat: string) => void = () => undefined
  const slow = () => new Promise<string>((resolve) => (tell = resolve))
  const never = () => Promise.reject(new Error('the ticket is spent'))
  const both = Promise.all([given.give('a', slow, () => true), given.give('a', never, () => true)])
  tell('the one seat')
  expect(await both).toEqual(['the one seat', 'the one seat'])
})

test('[FOV-101] what was no answer yet, or failed, is asked for anew', async () => {
  const { given, give, make } = seats()
  const denied = () => Promise.resolve('not now')
  expect(await given.give('a', denied, (answer) => answer !== 'not now')).toBe('not now')
  expect(await give('a')).toBe('seat 1')
  await expect(
    given.give(
      'b',
      () => Promise.reject(new Error('broken')),
      () => true,
    ),
  ).rejects.toThrow('broken')
  expect(await given.give('b', make, () => true)).toBe('seat 2')
})

test('[FOV-101] a bounded number of answers is remembered', async () => {
  const { give } = seats()
  for (let i = 0; i < 20_001; i++) await give(`ask ${i}`)
  expect(await give('ask 20000')).toBe('seat 20001')
  expect(await give('ask 0')).toBe('seat 20002')
})
