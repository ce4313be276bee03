import { expect, test, vi } from 'vitest'
import { type Admitted, type Host, Hosts, type Lookout, readHosts, type Standing } from './hosts.ts'

/** A server that says what a test wants it to; null is silence, which ends only when the test lets it. */
class FakeLookout implements Lookout {
  readonly host: Host
  standing: Standing | null
  asked = 0
  readonly #silence = Promise.withResolvers<never>()

  constructor(host: string, standing: Standing | null) {
    this.host = { host, port: 5432, url: `postgres://${host}` }
    this.standing = standing
    this.#silence.promise.catch(() => {})
  }

  async ask(): Promise<Standing> {
    this.asked += 1
    return this.standing ?? this.#silence.promise
  }

  giveUp(): void {
    this.#silence.reject(new Error('silent'))
  }

  close(): void {}
}

const PRIMARY: Standing = { writable: true, timeline: 1 }
const STANDBY: Standing = { writable: false, timeline: 0 }
const PROMOTED: Standing = { writable: true, timeline: 2 }

function open(one: Standing | null, two: Standing | null) {
  const [a, b] = [new FakeLookout('a', one), new FakeLookout('b', two)]
  return { a, b, hosts: new Hosts([a, b]) }
}

function connection(): Admitted & { cuts: number } {
  return {
    cuts: 0,
    cut() {
      this.cuts += 1
    },
  }
}

test('[DB-10] several hosts are read one by one, each with all the rest of the address', () => {
  const read = (url: string) => readHosts(url)
  expect(read('postgres://ana:p,w%40@h1:5433,h2,[::1]:6000/casino?ssl=true')).toEqual([
    { host: 'h1', port: 5433, url: 'postgres://ana:p,w%40@h1:5433/casino?ssl=true' },
    { host: 'h2', port: 5432, url: 'postgres://ana:p,w%40@h2/casino?ssl=true' },
    { host: '::1', port: 6000, url: 'postgres://ana:p,w%40@[::1]:6000/casino?ssl=true' },
  ])
  expect(read('postgres://h1,h2').map(({ url }) => url)).toEqual(['postgres://h1', 'postgres://h2'])
  // One host is for the driver to read, in all of its ways.
  for (const one of ['postgres://h1/db', 'postgres:///db?host=/run/postgresql', 'postgres://u:a,b@h1/db?x=1,2'])
    expect(read(one)).toEqual([])
  expect(() => read('postgres://ana:secret@h1,,h2/db')).toThrow(/a host that is none: ""$/)
})

test('[DB-10] the writable server is found, and kept without asking again until it is in doubt', async () => {
  const { a, b, hosts } = open(STANDBY, PRIMARY)
  expect(await hosts.writable()).toBe(b.host)
  for (let i = 0; i < 5; i++) expect(await hosts.writable()).toBe(b.host)
  expect([a.asked, b.asked]).toEqual([1, 1])
  hosts.doubt('a', 5432)
  expect(b.asked).toBe(1)
  ;[a.standing, b.standing] = [PROMOTED, STANDBY]
  hosts.doubt('b', 5432)
  expect(await hosts.writable()).toBe(a.host)
  hosts.close()
})

test('[DB-10] while no server accepts writes a caller is told so, and the next one asks again', async () => {
  const { a, b, hosts } = open(STANDBY, STANDBY)
  await expect(hosts.writable()).rejects.toThrow('no server of DATABASE_URL accepts writes')
  b.standing = PRIMARY
  expect(await hosts.writable()).toBe(b.host)
  b.standing = STANDBY
  hosts.doubt('b', 5432)
  await expect(hosts.writable()).rejects.toThrow('no server of DATABASE_URL accepts writes')
  a.standing = PROMOTED
  expect(await hosts.writable()).toBe(a.host)
  hosts.close()
})

test('[DB-10] a server that hangs holds nobody up, once it is known which timeline counts', async () => {
  const { a, b, hosts } = open(PRIMARY, STANDBY)
  await hosts.writable()
  a.standing = null
  b.standing = PROMOTED
  hosts.doubt('a', 5432)
  expect(await hosts.writable()).toBe(b.host)
  a.giveUp()
  expect(await hosts.writable()).toBe(b.host)
  hosts.close()
})

test('[DB-11] at the beginning all are waited for, and of two writable servers the newer timeline counts', async () => {
  const { a, b, hosts } = open(PRIMARY, null)
  let found: Host | null = null
  const finding = hosts.writable().then((host) => {
    found = host
  })
  for (let i = 0; i < 10; i++) await Promise.resolve()
  expect(found).toBeNull()
  b.giveUp()
  await finding
  expect(found).toBe(a.host)
  hosts.close()
  const both = open(PRIMARY, PROMOTED)
  expect(await both.hosts.writable()).toBe(both.b.host)
  both.hosts.close()
})

test('[DB-11] a newer timeline cuts every connection to an older one, and none of them comes in again', async () => {
  const { a, b, hosts } = open(PRIMARY, STANDBY)
  await hosts.writable()
  const [old, ended, fresh, late] = [connection(), connection(), connection(), connection()]
  hosts.admit(old, a.host, PRIMARY)
  hosts.admit(ended, a.host, PRIMARY)
  hosts.ended(ended)
  hosts.admit(fresh, b.host, PROMOTED)
  expect([old.cuts, ended.cuts, fresh.cuts]).toEqual([1, 0, 0])
  expect(await hosts.writable()).toBe(b.host)
  expect(() => hosts.admit(late, a.host, PRIMARY)).toThrow('a:5432 is a former primary')
  expect(() => hosts.admit(late, a.host, STANDBY)).toThrow('a:5432 accepts no writes')
  expect(await hosts.writable()).toBe(b.host)
  hosts.close()
})

test('[DB-11] a promotion is noticed while the former primary still answers, with nobody asking', async () => {
  vi.useFakeTimers()
  try {
    const { a, b, hosts } = open(PRIMARY, STANDBY)
    expect(await hosts.writable()).toBe(a.host)
    const old = connection()
    hosts.admit(old, a.host, PRIMARY)
    b.standing = PROMOTED
    await vi.advanceTimersByTimeAsync(1_000)
    expect(old.cuts).toBe(1)
    expect(await hosts.writable()).toBe(b.host)
    hosts.close()
    const asked = b.asked
    await vi.advanceTimersByTimeAsync(5_000)
    expect(b.asked).toBe(asked)
  } finally {
    vi.useRealTimers()
  }
})
