import { expect, test } from 'vitest'
import { outageTimes, Stopwatch, timesOf } from './stopwatch.ts'

const ANA = { name: 'ana', tableId: 'uno' }
const BEA = { name: 'bea', tableId: 'uno' }

test('[CHA-1] what was on its way before the client came back does not end its outage', () => {
  const watch = new Stopwatch()
  watch.begin('kill', 1_000, [ANA])
  watch.event('ana', 1_001)
  watch.state('ana', 1_002)
  watch.dropped('ana', 'uno', 1006, 1_010)
  watch.event('ana', 1_011)
  expect(watch.away).toHaveLength(1)
  watch.back('ana', 1_600, false)
  watch.state('ana', 1_610)
  watch.event('ana', 1_900)
  expect(watch.away).toEqual([])
  expect(outageTimes(watch.outages, 'kill')).toMatchObject({ event: { maxMs: 900 }, state: { maxMs: 610 } })
})

test('[CHA-1] a connection that breaks again before anything came through is not back', () => {
  const watch = new Stopwatch()
  watch.begin('kill', 0, [ANA])
  watch.back('ana', 200, false)
  watch.state('ana', 210)
  watch.dropped('ana', 'uno', 1006, 220)
  watch.event('ana', 230)
  expect(watch.away).toHaveLength(1)
  watch.back('ana', 500, false)
  watch.event('ana', 600)
  expect(outageTimes(watch.outages, 'kill')).toMatchObject({ event: { maxMs: 600 }, state: { maxMs: 600 } })
})

test('[CHA-2] a second kill before the client is back is part of the same outage', () => {
  const watch = new Stopwatch()
  watch.begin('kill', 0, [ANA, BEA])
  watch.back('bea', 400, false)
  watch.event('bea', 450)
  watch.back('ana', 500, false)
  watch.begin('kill', 510, [ANA, BEA])
  watch.event('ana', 520)
  watch.back('ana', 1_500, false)
  watch.event('ana', 1_600)
  watch.back('bea', 1_500, true)
  watch.event('bea', 1_700)
  expect(watch.outages.map(({ client, startedMs, eventMs }) => [client, (eventMs ?? 0) - startedMs])).toEqual([
    ['bea', 450],
    ['ana', 1_600],
    ['bea', 1_190],
  ])
  expect(watch.outages.map(({ anew }) => anew)).toEqual([false, false, true])
})

test('[CHA-3] who does not come back is given up, with the time that was given as the sample', () => {
  const watch = new Stopwatch()
  watch.begin('kill', 0, [ANA])
  watch.begin('kill', 5_000, [BEA])
  expect(watch.giveUp(10_000, 10_000).map(({ client }) => client)).toEqual(['ana'])
  expect(watch.away.map(({ client }) => client)).toEqual(['bea'])
  expect(outageTimes(watch.outages, 'kill').event).toEqual({ count: 1, p50Ms: 10_000, p99Ms: 10_000, maxMs: 10_000 })
  watch.dropped('ana', 'uno', 4003, 11_000)
  expect(watch.away.map(({ client }) => client)).toEqual(['bea'])
  watch.back('ana', 12_000, true)
  watch.dropped('ana', 'uno', 1006, 20_000)
  expect(watch.away.map(({ client }) => client)).toEqual(['bea', 'ana'])
})

test('[CHA-1] sockets that a living node closes are moves, and others broke', () => {
  const watch = new Stopwatch()
  watch.dropped('ana', 'uno', 4010, 100)
  watch.dropped('bea', 'uno', 1006, 100)
  for (const name of ['ana', 'bea']) {
    watch.back(name, 300, false)
    watch.event(name, 350)
  }
  expect(watch.outages.map(({ client, cause }) => [client, cause])).toEqual([
    ['ana', 'moved'],
    ['bea', 'dropped'],
  ])
})

test('[CHA-1] percentiles are by nearest rank', () => {
  const samples = Array.from({ length: 200 }, (_, i) => i + 1)
  expect(timesOf(samples)).toEqual({ count: 200, p50Ms: 100, p99Ms: 198, maxMs: 200 })
  expect(timesOf([7.6])).toEqual({ count: 1, p50Ms: 8, p99Ms: 8, maxMs: 8 })
  expect(timesOf([])).toEqual({ count: 0, p50Ms: null, p99Ms: null, maxMs: null })
})
