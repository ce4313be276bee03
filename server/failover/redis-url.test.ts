import { describe, expect, test } from 'vitest'
import { readRedisUrl } from './redis-url.ts'

const nobody = { username: null, password: null }

describe('[FOV-3] REDIS_URL', () => {
  test('names a single server, with a log-in and a database if it has them', () => {
    expect(readRedisUrl('redis://cache')).toEqual({
      ...nobody,
      kind: 'single',
      address: { host: 'cache', port: 6379 },
      tls: false,
      database: 0,
    })
    expect(readRedisUrl('rediss://pit:a%40b%2Fc:d@10.0.0.7:7000/3')).toEqual({
      username: 'pit',
      password: 'a@b/c:d',
      kind: 'single',
      address: { host: '10.0.0.7', port: 7000 },
      tls: true,
      database: 3,
    })
    expect(readRedisUrl('redis://[::1]:6380/')).toMatchObject({ address: { host: '::1', port: 6380 } })
  })

  test('names Sentinels and their master', () => {
    expect(readRedisUrl('redis-sentinel://:word@a:1,b,[fe80::1]:3/the%20house')).toEqual({
      username: null,
      password: 'word',
      kind: 'sentinel',
      sentinels: [
        { host: 'a', port: 1 },
        { host: 'b', port: 26_379 },
        { host: 'fe80::1', port: 3 },
      ],
      master: 'the house',
    })
  })

  test('names some nodes of a Cluster', () => {
    const nodes = [
      { host: 'a', port: 7000 },
      { host: 'b', port: 6379 },
    ]
    expect(readRedisUrl('redis-cluster://a:7000,b')).toEqual({ ...nobody, kind: 'cluster', nodes })
  })
})

const wrong = [
  ...['http://:secret@a', 'redis://:secret@', 'redis://:secret@a,b', 'redis://:secret@a:0', 'redis://:secret@a:65536'],
  ...['redis://:secret@a/x', 'redis://:secret@a?tls=1', 'redis://:secret%zz@a', 'redis://:secret@a b'],
  ...['redis-sentinel://:secret@a:1', 'redis-sentinel://:secret@a:1/', 'redis-cluster://:secret@a/1', 'secret'],
]
for (const url of wrong)
  test(`[FOV-2] ${url} is refused in words that do not repeat it`, () => {
    expect(() => readRedisUrl(url)).toThrow(/^REDIS_URL is none of(?!.*secret)/)
  })
