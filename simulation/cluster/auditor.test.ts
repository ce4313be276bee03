import { describe, expect, test } from 'vitest'
import { CalmAuditor } from './calm-auditor.ts'
import { ownPlace } from './own-placement.ts'
import { OwnersAuditor } from './owners-auditor.ts'
import { Register } from './register.ts'
import type { ClusterTestimony, Drill } from './testimony.ts'

type Told = readonly [atMs: number, seen: ClusterTestimony]
type Of<W extends ClusterTestimony['what']> = Extract<ClusterTestimony, { what: W }>

const LOOK_MS = 50
const BEAT_MS = 400
const END_MS = 16_000
const HELD_BET = 'bet-1'

/** A table that belongs to n1 of n1 and n2, and one that belongs to n2. */
const [FIRST, SECOND] = ['n1', 'n2'].map((nodeId) =>
  ['t1', 't2', 't3', 't4', 't5', 't6'].find((tableId) => ownPlace(tableId, ['n1', 'n2']) === nodeId),
) as [string, string]

/** A node that has the second table only once both others are away. */
const LAST = ['n3', 'n4', 'n5', 'n6', 'n7'].find((id) => ownPlace(SECOND, ['n1', id]) === 'n1') ?? ''

const claimed = (process: number, incarnation: number, tableId: string, stood: number, atMs: number): Told => [
  atMs,
  {
    ...{ what: 'claimed', process, incarnation, tableId, askedAtMs: atMs - 10, seen: stood, stood },
    ...{ won: true, epoch: stood + 1 },
  },
]
const ran = (process: number, room: number, tableId: string, epoch: number, atMs: number): Told => [
  atMs,
  {
    ...{ what: 'ran', process, room, tableId, epoch, roundId: `${tableId}.1` },
    bets: [{ betId: HELD_BET, status: 'accepted' }],
  },
]
const ended = (process: number, room: number, tableId: string, atMs: number): Told => [
  atMs,
  { what: 'ended', process, room, tableId },
]
const started = (process: number, nodeId: string, incarnation: number, peer: string, atMs: number): Told[] => [
  [atMs, { what: 'started', process, nodeId, place: nodeId }],
  [atMs + 100, { what: 'entered', process, nodeId, incarnation }],
  [atMs + 120, { what: 'follows', process, nodeIds: [peer] }],
]
const proven = (process: number, fromMs: number, untilMs: number): Told[] =>
  Array.from({ length: Math.floor((untilMs - fromMs) / BEAT_MS) + 1 }, (_, i) => {
    const atMs = fromMs + i * BEAT_MS
    return [atMs, { what: 'leased', process, askedAtMs: atMs - 5, all: 1, refused: [] }]
  })
const DIES: Drill = { name: 'a process dies', moves: 2, runsWithinMs: 900, answersWithinMs: 1_600 }

/**
 * Two nodes with a table each. After the storm and a rest n2 dies, n1 takes its table over, n2 comes back and is given
 * the table again between two rounds; then the house closes.
 */
const HONEST: readonly Told[] = [
  ...[FIRST, SECOND].map((tableId): Told => [0, { what: 'house', tableId, status: 'open' }]),
  ...[...started(1, 'n1', 1, 'n2', 0), ...started(2, 'n2', 2, 'n1', 0)],
  ...[...proven(1, 200, END_MS), ...proven(2, 210, 6_400), ...proven(3, 9_720, END_MS)],
  ...[claimed(1, 1, FIRST, 0, 300), ran(1, 11, FIRST, 1, 350)],
  ...[claimed(2, 2, SECOND, 0, 320), ran(2, 12, SECOND, 1, 370)],
  [2_000, { what: 'calm' }],
  [4_000, { what: 'beaten', process: 1, askedAtMs: 3_990, owned: [[FIRST, 1]] }],
  [5_000, { what: 'settled' }],
  [5_900, { what: 'bets-sent', message: 1, tableId: FIRST }],
  [5_950, { what: 'bets-answered', message: 1 }],
  [6_500, { what: 'drill', drill: DIES, nodeIds: ['n2'] }],
  [6_501, { what: 'died', process: 2 }],
  ...[claimed(1, 1, SECOND, 1, 6_900), ran(1, 13, SECOND, 2, 6_950)],
  ...started(3, 'n2', 3, 'n1', 9_500),
  [12_000, { what: 'gives', process: 1, tableId: SECOND, atRest: true }],
  ended(1, 13, SECOND, 12_010),
  ...[claimed(3, 3, SECOND, 2, 12_030), ran(3, 14, SECOND, 3, 12_080)],
  [15_000, { what: 'closing-time' }],
  ...[ended(1, 11, FIRST, 15_300), ended(3, 14, SECOND, 15_300)],
]

/** Tells the auditors a story in the order of its times, with their looks in between, and answers what they said. */
function complaintsOf(story: readonly Told[], untilMs = END_MS): { complaints: string[]; settledAtMs: number[] } {
  let nowMs = 0
  const register = new Register()
  const closesAtMs = story.find(([, { what }]) => what === 'closing-time')?.[0] ?? Number.POSITIVE_INFINITY
  const owners = new OwnersAuditor(
    register,
    () => nowMs,
    (roundId) => (roundId === `${SECOND}.1` ? [HELD_BET] : []),
  )
  const calm = new CalmAuditor(
    register,
    () => nowMs,
    () => nowMs < closesAtMs + 300,
  )
  const settledAtMs: number[] = []
  const told = story.toSorted(([a], [b]) => a - b)
  for (let next = 0; nowMs <= untilMs; nowMs++) {
    for (let at = told[next]; at !== undefined && at[0] <= nowMs; at = told[++next]) {
      owners.hear(at[1])
      calm.hear(at[1])
      register.hear(at[1], nowMs)
    }
    if (nowMs % LOOK_MS !== 0) continue
    owners.look()
    calm.look()
    if (calm.isSettled) settledAtMs.push(nowMs)
  }
  return { complaints: [...owners.complaints, ...calm.complaints], settledAtMs }
}

/** The story with its testimony of one kind at that time told otherwise. */
function lie<W extends ClusterTestimony['what']>(
  what: W,
  atMs: number,
  tell: (seen: Of<W>) => ClusterTestimony,
): Told[] {
  const at = HONEST.findIndex(([ms, seen]) => ms === atMs && seen.what === what)
  const told = HONEST[at]
  if (told === undefined) throw new Error(`the story has no ${what} at ${atMs} ms`)
  return HONEST.toSpliced(at, 1, [atMs, tell(told[1] as Of<W>)])
}
const without = (drop: (seen: ClusterTestimony, atMs: number) => boolean): Told[] =>
  HONEST.filter(([atMs, seen]) => !drop(seen, atMs))
const withMore = (...more: readonly Told[]): Told[] => [...HONEST, ...more]
const unprovenFrom = (fromMs: number): Told[] =>
  without((seen, atMs) => seen.what === 'leased' && seen.process === 1 && atMs > fromMs)
/** By what Redis says, the first table has a later owner. */
const refusedFrom = (fromMs: number): Told[] =>
  HONEST.map(([atMs, seen]) =>
    seen.what === 'leased' && seen.process === 1 && atMs > fromMs
      ? [atMs, { ...seen, refused: [[FIRST, 1]] }]
      : [atMs, seen],
  )

test('[SIM-16] an honest story leaves the auditors nothing to say, and they see when it has come to rest', () => {
  const { complaints, settledAtMs } = complaintsOf(HONEST)
  expect(complaints).toEqual([])
  const [first = 0] = settledAtMs
  expect(first).toBeGreaterThan(2_000)
  expect(settledAtMs).toContain(6_450)
  // From its return on n2 has not yet the table that belongs there.
  expect(settledAtMs.filter((atMs) => atMs > 9_600 && atMs < 12_080)).toEqual([])
  expect(settledAtMs).toContain(14_000)
})

const LIES: readonly [complaint: RegExp, lie: string, story: () => readonly Told[]][] = [
  [/^SIM-16: .* raised/, 'an epoch is left out', () => lie('claimed', 6_900, (seen) => ({ ...seen, epoch: 3 }))],
  [
    /^SIM-16: epoch 2 of .* stands/,
    'an epoch stands that nobody raised',
    () => lie('claimed', 6_900, (seen) => ({ ...seen, seen: 2, stood: 2, epoch: 3 })),
  ],
  [/^SIM-16: .* saw 0/, 'a claim of older news wins', () => lie('claimed', 6_900, (seen) => ({ ...seen, seen: 0 }))],
  [
    /^SIM-16: .*another's$/,
    'two nodes win the same epoch',
    () => withMore([400, { ...(claimed(2, 2, FIRST, 1, 400)[1] as Of<'claimed'>), epoch: 1 }]),
  ],
  [
    /^SIM-16: an ended life/,
    'a life that is over claims',
    () => lie('claimed', 12_030, (seen) => ({ ...seen, incarnation: 2 })),
  ],
  [/^SIM-16: life 2/, 'a life is not new', () => lie('entered', 9_600, (seen) => ({ ...seen, incarnation: 2 }))],
  [/^SIM-17: .*another's$/, 'a table runs under the epoch of another', () => withMore(ran(2, 21, FIRST, 1, 800))],
  [/^SIM-17: .*twice/, 'a table is opened twice at a node', () => withMore(ran(1, 21, FIRST, 1, 800))],
  [
    /^SIM-17: two rooms/,
    'an epoch has two rooms, one after the other',
    () => withMore(ended(1, 11, FIRST, 700), ran(1, 21, FIRST, 1, 800)),
  ],
  [
    /^SIM-17: .*which is over$/,
    'a table is opened long after it was taken over',
    () => [...without((seen) => 'room' in seen && seen.room === 13), ran(1, 13, SECOND, 2, 14_500)],
  ],
  [/^SIM-18: /, 'a table is taken from a node that is well', () => withMore(claimed(2, 2, FIRST, 1, 6_000))],
  [/^SIM-19: n1.1 /, 'a node that nothing proves runs its table', () => unprovenFrom(6_000)],
  [/^SIM-19: n1.1 /, 'a node runs a table whose lease Redis refuses', () => refusedFrom(6_000)],
  [
    /^SIM-20: n1.1 /,
    'a node runs a table that the books have told it is over',
    () => lie('beaten', 4_000, (seen) => ({ ...seen, owned: [] })),
  ],
  [/^SIM-21: .*bet-1$/, 'a bet is lost on the way', () => lie('ran', 6_950, (seen) => ({ ...seen, bets: [] }))],
  [
    /^SIM-21: .*bet-1$/,
    'a bet is dead at the new owner, and the books hold it',
    () => lie('ran', 6_950, (seen) => ({ ...seen, bets: [{ betId: HELD_BET, status: 'dead' }] })),
  ],
  [/^SIM-22: .*drains and takes/, 'a node drains and takes', () => withMore([3_000, { what: 'drains', process: 1 }])],
  [
    /^SIM-22: n2.3 drains and takes/,
    'a node that drains is asked for a table, and takes it',
    () =>
      withMore(
        [11_900, { what: 'drains', process: 3 }],
        [12_015, { what: 'asked', process: 3, kind: 'take', tableId: SECOND }],
      ),
  ],
  [
    /^SIM-22: .*during a round/,
    'a table is given away during a round',
    () => lie('gives', 12_000, (seen) => ({ ...seen, atRest: false })),
  ],
  [
    /^SIM-22: .*at once/,
    'a node gives two tables at once',
    () => withMore([12_005, { what: 'gives', process: 1, tableId: FIRST, atRest: true }]),
  ],
  [/^SIM-23: .* 0 nodes/, 'a table runs nowhere', () => without((seen) => 'room' in seen && seen.room === 13)],
  [/^SIM-23: .*former/, 'a former owner runs on', () => without((seen) => seen.what === 'ended' && seen.room === 13)],
  [
    /^SIM-25: n2 .* 1\. time/,
    'a mishap moves a table that it does not concern',
    () => withMore(claimed(3, 3, FIRST, 1, 13_000)),
  ],
  [/^SIM-25: n1 .* 3\. time/, 'a mishap moves a table too often', () => withMore(claimed(1, 1, SECOND, 3, 13_000))],
  [
    /^SIM-25: n1 took .* \(settled\)$/,
    'a table moves and nothing has happened',
    () => withMore(claimed(1, 1, SECOND, 1, 6_000)),
  ],
  [
    /^SIM-25: .*another one is before it$/,
    'the wrong node takes a table over',
    () => withMore(...started(4, LAST, 4, 'n1', 0), claimed(4, 4, SECOND, 1, 6_600)),
  ],
  [/^SIM-26: .*waits/, 'a bet is not answered', () => without(({ what }) => what === 'bets-answered')],
  [
    /^SIM-26: nobody answered/,
    'a player gives up',
    () => lie('bets-answered', 5_950, () => ({ what: 'bets-given-up', message: 1 })),
  ],
  [
    /^SIM-26: .*not where it is/,
    'a client is led to a node that does not run the table',
    () => withMore([6_000, { what: 'wrong-door', process: 2, tableId: FIRST }]),
  ],
  [/^SIM-27: n2 /, 'a node is not ready', () => withMore([6_000, { what: 'not-ready', process: 2 }])],
]

describe('the auditors catch', () => {
  for (const [complaint, what, story] of LIES)
    test(`[${complaint.source.slice(1, 7)}] ${what}`, () => {
      expect(complaintsOf(story()).complaints).toEqual(expect.arrayContaining([expect.stringMatching(complaint)]))
    })

  test('[SIM-24] tables that do not come to rest after a storm, or after a drill', () => {
    const rest = 14 * 1_500
    const drilled = without(({ what }) => what === 'closing-time')
    const calm = drilled.filter(([, { what }]) => what !== 'drill' && what !== 'settled')
    const expected = (of: RegExp): unknown => expect.arrayContaining([expect.stringMatching(of)])
    expect(complaintsOf(drilled, 6_500 + rest).complaints).toEqual(expected(/^SIM-24: .*after the drill/))
    expect(complaintsOf(calm, 2_000 + rest).complaints).toEqual(expected(/^SIM-24: .*\(calm\)$/))
  })
})

describe('the auditors leave', () => {
  test('[SIM-24] what a process was about to open when it died, which is no second room', () => {
    const { complaints, settledAtMs } = complaintsOf(withMore(ran(2, 15, SECOND, 1, 6_502)))
    expect(complaints.filter((complaint) => !complaint.startsWith('SIM-17'))).toEqual([])
    expect(settledAtMs).toContain(14_000)
  })

  const said = (story: readonly Told[], rule: string): string[] =>
    complaintsOf(story).complaints.filter((complaint) => complaint.startsWith(rule))

  test('[SIM-18] a table to whoever takes it while the way between both is cut', () => {
    const cut: Told = [5_000, { what: 'trouble', with: 'n1-n2', untilMs: 5_500 }]
    expect(said(withMore(cut, claimed(2, 2, FIRST, 1, 6_000)), 'SIM-18')).toEqual([])
  })

  test('[SIM-19] a table to a node without proof that knows of no other node', () => {
    const alone: Told = [6_600, { what: 'follows', process: 1, nodeIds: [] }]
    expect(said([...unprovenFrom(6_000), alone], 'SIM-19')).toEqual([])
  })

  test('[SIM-20] a moment to end a table to whoever was told that it is over', () => {
    const told = lie('beaten', 4_000, (seen) => ({ ...seen, owned: [] }))
    expect(said([...told, ended(1, 11, FIRST, 4_150)], 'SIM-20')).toEqual([])
  })

  test('[SIM-25] a move to each of several nodes that come back, if none that stayed ranks before it', () => {
    const nodes = ['n1', 'n2', 'n3']
    const best = ownPlace(SECOND, nodes) ?? ''
    const next = ownPlace(SECOND, nodes.toSpliced(nodes.indexOf(best), 1)) ?? ''
    const [last = ''] = nodes.filter((id) => id !== best && id !== next)
    // The order in which a table goes round when two nodes are away and come back one by one.
    const round = (away: readonly string[], moves: readonly string[]): Told[] => [
      ...nodes.flatMap((id, i) => started(i + 1, id, i + 1, id === 'n1' ? 'n2' : 'n1', 0)),
      claimed(nodes.indexOf(best) + 1, nodes.indexOf(best) + 1, SECOND, 0, 300),
      [2_000, { what: 'drill', drill: { ...DIES, runsWithinMs: 60_000 }, nodeIds: away }],
      ...moves.map((id, i) => {
        const process = nodes.indexOf(id) + 1
        return claimed(process, process, SECOND, i + 1, 3_000 + i * 1_000)
      }),
    ]
    expect(said(round([best, next], [last, next, best]), 'SIM-25')).toEqual([])
    expect(said(round([best, next], [last, next, last, best]), 'SIM-25').length).toBe(1)
    expect(said(round([best, last], [next, best]), 'SIM-25')).toEqual([])
    expect(said(round([best, last], [next, last, best]), 'SIM-25').length).toBe(1)
  })
})
