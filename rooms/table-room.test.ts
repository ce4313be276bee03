import { randomUUID } from 'node:crypto'
import type { Room } from '@colyseus/sdk'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { PrivateEvent, PublicEvent, SharedTable } from './protocol.ts'
import type { TableRoom } from './table-room.ts'
import { openTestRooms, seedOf, type TestRooms, until } from './testing.ts'
import { RawClient } from './testing-client.ts'

let rooms: TestRooms
let tableId: string
let table: TableRoom
let tables = 0
beforeAll(async () => {
  rooms = await openTestRooms()
})
beforeEach(async () => {
  tableId = `t${++tables}`
  table = await rooms.table(tableId)
})
afterEach(() => rooms.closeTables())
afterAll(() => rooms.close())

const roundId = () => table.round.opening.roundId
const ticket = (playerId: string) => ({ ticket: rooms.ports.ticket(playerId, tableId) })
const chip = (over: object = {}) => ({
  betId: randomUUID(),
  selection: { kind: 'straight', numbers: [17] },
  stakeCents: 500,
  ...over,
})
const inPhase = (phase: string) => until(`the round is ${phase}`, () => table.round.phase === phase)
const shared = (room: Room) => (room.state as { toJSON(): SharedTable } | undefined)?.toJSON()

function listen(room: Room) {
  const events: { public: PublicEvent[]; private: PrivateEvent[]; answers: unknown[] } = {
    public: [],
    private: [],
    answers: [],
  }
  room.onMessage('public', (event: PublicEvent) => events.public.push(event))
  room.onMessage('private', (event: PrivateEvent) => events.private.push(event))
  room.onMessage('answer', (answer: unknown) => events.answers.push(answer))
  return events
}

const reasonOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'resolved',
    (error: { reason?: { code?: string } }) => error.reason?.code ?? String(error),
  )

async function playRound(): Promise<void> {
  const { roundNo } = table.round.opening
  rooms.ports.advance(20_000)
  await inPhase('settled')
  rooms.ports.advance(8_000)
  await until('the next round opens', () => table.round.opening.roundNo === roundNo + 1)
}

describe('at the table', () => {
  test('[ROM-2 ROM-10 G13] a bet is answered with id, status and balance, told, and seen on the felt', async () => {
    rooms.ports.player('ana')
    const room = await rooms.join(tableId, 'ana')
    const events = listen(room)
    const bets = [chip(), chip({ selection: { kind: 'voisins' }, stakeCents: 900 }), chip({ stakeCents: 50 })]
    const answer = await room.request('bet', { roundId: roundId(), bets })
    expect(answer).toEqual({
      answers: [
        { betId: bets[0]?.betId, status: 'accepted', code: null },
        { betId: bets[1]?.betId, status: 'accepted', code: null },
        { betId: bets[2]?.betId, status: 'dead', code: 'below-minimum' },
      ],
      balanceCents: 998_600,
    })
    await until('the felt shows it', () => Object.keys(shared(room)?.spotCents ?? {}).length > 1)
    const felt = { tableId, gameId: 'roulette', phase: 'open', players: 1, outcome: '', atStakeCents: 1_400 }
    expect(shared(room)).toMatchObject(felt)
    expect([shared(room)?.spotCents, shared(room)?.spotPlayers]).toMatchObject([
      { 'straight:17': 500 },
      { 'straight:17': 1 },
    ])
    expect(events.private.map(({ type }) => type)).toEqual(['bet', 'bet', 'balance'])
    await playRound()
    await until('the next round is told', () => events.public.length === 5)
    expect(events.public.map(({ type }) => type)).toEqual(['closing', 'closed', 'drawn', 'settled', 'opened'])
  })

  test('[ROM-5] one player in two tabs has one set of bets, the same private events, and counts once', async () => {
    rooms.ports.player('dora')
    const tabs = [await rooms.join(tableId, 'dora'), await rooms.join(tableId, 'dora')] as const
    const events = tabs.map(listen)
    const [first, second] = tabs
    const placed = chip()
    await first.request('bet', { roundId: roundId(), bets: [placed] })
    const fromOther = await second.request('withdraw', { roundId: roundId(), betIds: [placed.betId] })
    expect(fromOther.answers).toEqual([{ betId: placed.betId, status: 'releasing', code: null }])
    await until('both are told', () => events.every(({ private: told }) => told.length === 5))
    expect(events[0]?.private).toEqual(events[1]?.private)
    await until('both are counted', () => shared(first)?.players === 1)
    const repeated = await second.request('bet', { roundId: roundId(), bets: [placed] })
    expect(repeated.answers).toEqual([{ betId: placed.betId, status: 'dead', code: null }])
    await first.leave()
    expect(table.isPresent('dora')).toBe(true)
    await second.leave()
    await until('nobody is left', () => !table.isPresent('dora') && rooms.ports.sockets === 0)
  })

  test('[ROM-6] who watches without a ticket sees the table and cannot bet, withdraw or contribute', async () => {
    const room = await rooms.join(tableId)
    const events = listen(room)
    const asks: [string, object][] = [
      ['bet', { roundId: roundId(), bets: [chip()] }],
      ['withdraw', { roundId: roundId(), betIds: [randomUUID()] }],
      ['contribute', { seed: 'mine' }],
    ]
    for (const [type, ask] of asks) expect(await reasonOf(room.request(type, ask))).toBe('not-a-player')
    expect(await room.request('clock', { clientMs: 5 })).toEqual({ clientMs: 5, serverNowMs: rooms.ports.now })
    const resumed = await room.request('resume', { publicVersion: 0, privateVersion: 0 })
    expect(resumed.snapshot).toMatchObject({ roundId: roundId(), balanceCents: null, bets: [] })
    await playRound()
    await until('it saw the round', () => events.public.length === 5)
    expect([shared(room)?.players, events.private]).toEqual([0, []])
  })

  test('[ROM-9] whatever is wrong with a message is answered with a code, as request and as message', async () => {
    rooms.ports.player('eva')
    const room = await rooms.join(tableId, 'eva')
    const { answers } = listen(room)
    const wrong: [string, unknown, string][] = [
      ['bet', { roundId: roundId(), bets: [chip({ stakeCents: 0.5 })] }, 'malformed'],
      ['bet', { roundId: roundId(), bets: [chip({ betId: randomUUID().toUpperCase() })] }, 'malformed'],
      ['bet', undefined, 'malformed'],
      ['bet', { roundId: roundId(), at: new Date() }, 'malformed'],
      ['bet', { roundId: `${tableId}.9.9`, bets: [chip()] }, 'wrong-round'],
      ['withdraw', { roundId: `${tableId}.9.9`, betIds: [randomUUID()] }, 'wrong-round'],
      ['contribute', { seed: 'late' }, 'too-late'],
      ['contribute', { seed: 'throw' }, 'failed'],
      ['steal', { from: 'ana' }, 'unknown-message'],
      ['__proto__', {}, 'unknown-message'],
      ['*', {}, 'unknown-message'],
    ]
    for (const [type, ask, code] of wrong) expect([type, await reasonOf(room.request(type, ask))]).toEqual([type, code])
    for (const [type, ask] of wrong) room.send(type, ask)
    await until('all are answered', () => answers.length === wrong.length)
    const sorted = (all: unknown[]) => all.map((one) => JSON.stringify(one)).sort()
    expect(sorted(answers)).toEqual(sorted(wrong.map(([type, , code]) => ({ type, code }))))
    expect(rooms.ports.ledger.balanceOf('eva')).toBe(1_000_000)
  })

  test('[ROM-2] books that do not tell the balance do not hide that a bet was accepted', async () => {
    rooms.ports.player('flor')
    const room = await rooms.join(tableId, 'flor')
    rooms.ports.balanceFails = true
    const answer = await room.request('bet', { roundId: roundId(), bets: [chip()] })
    rooms.ports.balanceFails = false
    expect(answer).toMatchObject({ answers: [{ status: 'accepted', code: null }], balanceCents: null })
  })

  test('[ROM-8] a flood is answered too-fast, then its connection alone is closed', async () => {
    const calm = await RawClient.join(rooms.url, tableId)
    const flooder = await RawClient.join(rooms.url, tableId)
    const answers = Array.from({ length: 70 }, (_, i) => flooder.request('clock', { clientMs: i }))
    const known = await Promise.all(answers)
    // The first frame, which said that it had joined, was paid for too.
    expect(known.filter(({ status }) => status === 0)).toHaveLength(59)
    expect(known.at(-1)).toEqual({ status: 1, value: { code: 'too-fast' } })
    flooder.message('clock', { clientMs: 0 })
    await until('the message is answered', () => flooder.messages('answer').length === 1)
    expect(flooder.messages('answer')).toEqual([{ type: 'clock', code: 'too-fast' }])
    const leaver = await RawClient.join(rooms.url, tableId)
    for (let i = 0; i < 70; i++) leaver.message('clock', { clientMs: 0 })
    leaver.send(12)
    expect(await leaver.closed).toBe(4000)
    for (let i = 0; i < 200; i++) flooder.message('clock', { clientMs: 0 })
    expect(await flooder.closed).toBe(4002)
    expect((await calm.request('clock', { clientMs: 1 })).status).toBe(0)
  })

  test('[ROM-10] the last twenty outcomes are shown, newest first, also of a round taken over', async () => {
    const room = await rooms.join(tableId)
    const pockets = Array.from({ length: 23 }, (_, i) => i)
    rooms.ports.pockets.push(...pockets)
    for (const _ of pockets) await playRound()
    const newest = pockets.toReversed().slice(0, 20)
    const outcomes = newest.map((pocket) => JSON.stringify({ pocket }))
    await until('all are shown', () => shared(room)?.lastOutcomes[0] === outcomes[0])
    expect(shared(room)?.lastOutcomes).toEqual(outcomes)
    const late = await rooms.join(tableId)
    const same = () => JSON.stringify(shared(late)) === JSON.stringify(shared(room))
    await until('who comes late sees the same', same)
    expect(rooms.ports.board.rows().find((row) => row.tableId === tableId)?.lastOutcomes).toEqual(outcomes)

    rooms.ports.held.add('settle')
    rooms.ports.pockets.push(36)
    rooms.ports.advance(20_000)
    await inPhase('drawn')
    await table.disconnect(4010)
    const again = await rooms.table(tableId)
    rooms.ports.release()
    await until('the round is settled', () => again.round.phase === 'settled')
    expect(again.state.lastOutcomes[0]).toBe('{"pocket":36}')
  })
})

test('[ROM-10] who joins between a change of phase and the next patch sees one round, not two', async () => {
  tableId = 'between'
  table = await rooms.table(tableId, 60_000)
  for (const phase of ['open', 'drawn', 'settled'] as const) {
    const { opening, draw } = table.round
    expect(table.round.phase).toBe(phase)
    const room = await rooms.join(tableId)
    await until('it has the state', () => shared(room)?.roundId === opening.roundId)
    const { roundId: id, closesAtMs } = opening
    const outcome = draw === null ? '' : JSON.stringify(draw.outcome)
    expect(shared(room)).toMatchObject({ roundId: id, closesAtMs, phase, outcome, seedHex: draw?.seedHex ?? '' })
    if (phase === 'open') {
      rooms.ports.held.add('settle')
      rooms.ports.advance(20_000)
      await inPhase('drawn')
    } else rooms.ports.release()
    if (phase === 'drawn') await inPhase('settled')
  }
})

describe('coming back', () => {
  test('[ROM-7 U5] a broken connection comes back to its seat, and resume gives what was missed', async () => {
    rooms.ports.player('gino')
    const first = await RawClient.join(rooms.url, tableId, ticket('gino'))
    await first.request('bet', { roundId: roundId(), bets: [chip()] })
    const { value } = await first.request('resume', { publicVersion: 0, privateVersion: 0 })
    const { publicVersion, privateVersion } = (value as { snapshot: { publicVersion: number; privateVersion: number } })
      .snapshot
    first.ws.terminate()
    await until('the table noticed', () => !table.isPresent('gino'))
    await playRound()
    const path = new URL(first.ws.url)
    path.searchParams.set('reconnectionToken', first.reconnectionToken)
    path.searchParams.set('skipHandshake', '1')
    const second = new RawClient(path.href)
    await second.joined
    const answer = await second.request('resume', { publicVersion, privateVersion })
    expect(answer.value).toMatchObject({
      missed: {
        public: [{ type: 'closing' }, { type: 'closed' }, { type: 'drawn' }, { type: 'settled' }, { type: 'opened' }],
        private: [{ type: 'result', stakedCents: 500, paidCents: 18_000 }, { type: 'balance' }],
      },
      snapshot: { balanceCents: 1_017_500, bets: [] },
    })
    expect((await second.request('bet', { roundId: roundId(), bets: [chip()] })).status).toBe(0)
    expect(rooms.ports.sockets).toBe(1)
  })

  test('[ROM-7] a balance that moved while it was read is read again', async () => {
    rooms.ports.player('hugo')
    const client = await RawClient.join(rooms.url, tableId, ticket('hugo'))
    const other = await RawClient.join(rooms.url, tableId, ticket('hugo'))
    const read = rooms.ports.balanceOf.bind(rooms.ports)
    const slow = vi.spyOn(rooms.ports, 'balanceOf').mockImplementationOnce(async (playerId) => {
      const stale = await read(playerId)
      void other.request('bet', { roundId: roundId(), bets: [chip()] })
      await until('the bet is accepted', () => other.messages('private').length === 2)
      return stale
    })
    const { value } = await client.request('resume', { publicVersion: 0, privateVersion: 0 })
    slow.mockRestore()
    expect(value).toMatchObject({ snapshot: { balanceCents: 999_500 } })
  })

  test('[ROM-20] a table outlives its players; on hand-over sockets are told to come back', async () => {
    const client = await RawClient.join(rooms.url, tableId)
    client.send(12)
    expect(await client.closed).toBe(4000)
    const next = await RawClient.join(rooms.url, tableId)
    table.onBeforeShutdown()
    expect(await next.closed).toBe(4010)
    const again = await rooms.table(tableId)
    const third = await RawClient.join(rooms.url, tableId)
    rooms.ports.ledger.raiseEpoch(tableId)
    await again.orderVoid('operator-error')
    expect(await third.closed).toBe(4010)
    expect(rooms.ports.board.rows().some((row) => row.tableId === tableId)).toBe(false)
  })
})

describe('who sees what', () => {
  test('[ROM-11 G9] an evening: no frame has a seed before its draw, or what is another’s', async () => {
    const names = Array.from({ length: 8 }, () => `player-${randomUUID()}`)
    const secretsOf = new Map(names.map((name) => [name, [name]]))
    const clients = await Promise.all(
      names.map(async (name) => {
        const admission = ticket(rooms.ports.player(name))
        secretsOf.get(name)?.push(admission.ticket)
        return RawClient.join(rooms.url, tableId, admission)
      }),
    )
    const watcher = await RawClient.join(rooms.url, tableId)
    const seeds: string[] = []
    for (let round = 0; round < 12; round++) {
      seeds.push(seedOf(roundId()))
      await Promise.all(
        clients.map(async (client, i) => {
          const bets = [chip({ selection: { kind: 'straight', numbers: [(round + i) % 37] } }), chip({ stakeCents: 1 })]
          secretsOf.get(names[i] ?? '')?.push(...bets.map(({ betId }) => betId))
          await client.request('bet', { roundId: roundId(), bets })
          if (i % 3 === 0) await client.request('withdraw', { roundId: roundId(), betIds: [bets[0]?.betId] })
        }),
      )
      await playRound()
    }
    await until('all is told', () => watcher.messages('public').length === 60)
    await until('to everyone', () => clients.every((client) => client.messages('public').length === 60))
    for (const [i, client] of [...clients, watcher].entries()) {
      const foreign = names.filter((_, j) => j !== i).flatMap((name) => secretsOf.get(name) ?? [])
      const all = Buffer.concat(client.frames).toString('latin1')
      expect(foreign.filter((secret) => all.includes(secret))).toEqual([])
      for (const seed of seeds) {
        const holds = (bytes: Buffer) => bytes.includes(seed) || bytes.includes(Buffer.from(seed, 'hex'))
        const first = client.frames.find(holds)
        expect(first?.includes('drawn')).toBe(true)
      }
    }
  })

  test('[ROM-10 ROM-11 L3] 1,000 clients: shared state is encoded once, private data goes to its player', async () => {
    const [ana, beto] = [rooms.ports.player('k-ana'), rooms.ports.player('k-beto')]
    const clients: RawClient[] = []
    while (clients.length < 998)
      clients.push(
        ...(await Promise.all(Array.from({ length: 50 }, () => RawClient.join(rooms.url, tableId)))).slice(
          0,
          998 - clients.length,
        ),
      )
    clients.push(await RawClient.join(rooms.url, tableId, ticket(ana)))
    clients.push(await RawClient.join(rooms.url, tableId, ticket(beto)))
    const [own, other] = clients.slice(-2)
    await until('everybody is in', () => clients.every(({ frames }) => frames.some((frame) => frame[0] === 14)))
    for (const client of clients) client.frames.length = 0
    const { encoder } = (table as unknown as { _serializer: { encoder: { encode(...args: unknown[]): Uint8Array } } })
      ._serializer
    const encode = vi.spyOn(encoder, 'encode')
    await own?.request('bet', { roundId: roundId(), bets: [chip()] })
    const patches = (client: RawClient) => client.frames.filter((frame) => frame[0] === 15)
    await until('the felt is shown to all', () => clients.every((client) => patches(client).length > 0))
    await playRound()
    await until('the end is shown to all', () => clients.every((client) => client.messages('public').length === 5))
    await until('nothing is left to be told', () =>
      clients.every((c) => patches(c).length === encode.mock.calls.length),
    )
    expect(encode.mock.calls.length).toBeLessThan(12)
    const bytes = new Set(clients.map((client) => Buffer.concat(patches(client)).toString('latin1')))
    expect(bytes.size).toBe(1)
    expect(own?.messages('private')).toHaveLength(4)
    expect(other?.messages('private')).toHaveLength(0)
    expect(clients.slice(0, 998).every((client) => client.messages('private').length === 0)).toBe(true)
    encode.mockRestore()
  })
})
