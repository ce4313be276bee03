import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../database/testing.ts'
import { addressKey, addressList } from './addresses.ts'
import { openHouse } from './testing.ts'
import { TokenBuckets } from './token-bucket.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

test('[HTTP-5] a budget is used up, grows again with time, and never beyond its burst', () => {
  const clock = { nowMs: 0 }
  const buckets = new TokenBuckets({ perSecond: 2, burst: 3 }, () => clock.nowMs)
  const takes = (count: number) => Array.from({ length: count }, () => buckets.take('a'))
  expect(takes(5)).toEqual([true, true, true, false, false])
  expect(buckets.take('b')).toBe(true)
  clock.nowMs += 500
  expect(takes(2)).toEqual([true, false])
  clock.nowMs += 3_600_000
  expect(takes(4)).toEqual([true, true, true, false])
  clock.nowMs -= 3_600_000
  expect(takes(1)).toEqual([false])
})

test('[HTTP-5] what is remembered is bounded, and the one unused for longest goes first', () => {
  const buckets = new TokenBuckets({ perSecond: 0, burst: 1 }, () => 0, 1_000)
  expect(buckets.take('regular')).toBe(true)
  for (let i = 0; i < 100_000; i++) {
    buckets.take(`address-${i}`)
    if (i % 500 === 0) expect(buckets.take('regular')).toBe(false)
  }
  expect(buckets.size).toBe(1_000)
})

test('[HTTP-5] an address that asks too much is refused with a code, and others are not', async () => {
  const house = await openHouse(database, { requestsPerSecond: 2, trustedProxies: ['127.0.0.1'] })
  const from = (address: string) => house.ask('GET', '/api/tables', { headers: { 'x-forwarded-for': address } })
  try {
    const answers = []
    for (let i = 0; i < 12; i++) answers.push(await from('192.0.2.1'))
    expect(answers.slice(0, 8).every(({ status }) => status === 200)).toBe(true)
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(0)
    for (const { code, headers } of refused) expect([code, headers.get('retry-after')]).toEqual(['too-fast', '1'])
    expect((await from('192.0.2.2')).status).toBe(200)
  } finally {
    await house.close()
  }
})

test('[HTTP-5] a player has one budget, from whatever addresses he comes', async () => {
  const house = await openHouse(database, { requestsPerSecond: 10, trustedProxies: ['127.0.0.1'] })
  try {
    const { cookie } = await house.signUp('budget@example.pe')
    const codes: (string | null)[] = []
    for (let i = 0; i < 25; i++) {
      const headers = { 'x-forwarded-for': `192.0.2.${i}` }
      codes.push((await house.ask('GET', '/api/me/favourites', { cookie, headers })).code)
    }
    expect(codes.filter((code) => code === 'too-fast').length).toBeGreaterThan(5)
    expect(codes[0]).toBeNull()
  } finally {
    await house.close()
  }
})

test('[HTTP-6] a client cannot choose its address unless a listed proxy says so', async () => {
  const attempts = async (trustedProxies: readonly string[]) => {
    const house = await openHouse(database, { requestsPerSecond: 2, trustedProxies })
    const statuses: number[] = []
    for (let i = 0; i < 12; i++) {
      const headers = { 'x-forwarded-for': `192.0.2.${i}`, 'x-crupier-client': `192.0.2.${i}` }
      statuses.push((await house.ask('GET', '/api/tables', { headers })).status)
    }
    await house.close()
    return statuses
  }
  expect(await attempts([])).toContain(429)
  expect(await attempts(['127.0.0.0/8'])).not.toContain(429)
})

test('[HTTP-6] addresses are compared as addresses', () => {
  const inside = addressList(['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'])
  for (const address of ['10.255.0.1', '::ffff:10.1.2.3', '2001:db8:1::9', '192.0.2.7'])
    expect(inside(address)).toBe(true)
  for (const address of ['11.0.0.1', '::ffff:11.0.0.1', '2001:db9::1', '192.0.2.8', '', 'x']) {
    expect(inside(address)).toBe(false)
  }
  expect(addressKey('::ffff:192.0.2.1')).toBe('192.0.2.1')
  expect(addressKey('2001:db8:1:2:3:4:5:6')).toBe(addressKey('2001:db8:1:2::'))
  expect(addressKey('2001:db8:1:2::1')).not.toBe(addressKey('2001:db8:1:3::1'))
  expect(addressKey('::1')).toBe('0:0:0:0::/64')
})
