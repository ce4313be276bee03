import { expect, test } from 'vitest'
import { LinkLost, Refused } from './link.ts'
import { totalStakeCents } from './table-selectors.ts'
import { FakeTable, NEXT_ROUND, ROUND, settle, sharedTable, snapshot } from './testing.ts'

const spec = { selection: 'straight:17', stakeCents: 100 }

test('[WEB-4] no bet is sent or kept for later while the connection is not live', async () => {
  const table = new FakeTable()
  await table.join()
  table.listener.state('reconnecting')
  table.session.place([spec])
  await table.pass(5_000)
  table.listener.state('live')
  await (await table.next('resume')).answer({ serverNowMs: 0, missed: null, snapshot: snapshot() })
  await table.pass(5_000)
  expect(table.waiting('bet')).toBe(0)
  expect(table.session.state.bets).toEqual([])
})

test('[WEB-4] bets clicked just before the connection breaks are told as not sent', async () => {
  const table = new FakeTable()
  await table.join()
  table.session.place([spec])
  table.listener.state('reconnecting')
  await table.pass(100)
  expect(table.waiting('bet')).toBe(0)
  expect(table.session.state.bets.map((bet) => [bet.status, bet.reason])).toEqual([['dead', 'not-sent']])
})

test('[WEB-4] before the table has answered resume, nothing is bet', async () => {
  const table = new FakeTable()
  table.listener.shared(sharedTable(), true)
  table.listener.state('live')
  expect(table.session.canBet()).toBe(false)
  await (await table.next('resume')).answer({ serverNowMs: 0, missed: null, snapshot: snapshot() })
  expect(table.session.canBet()).toBe(true)
})

test('[WEB-5] clicks in quick succession travel in one message, each with an id of its own', async () => {
  const table = new FakeTable()
  await table.join()
  table.session.place([spec])
  table.session.place([spec, spec])
  await table.pass(100)
  const { ask } = await table.next('bet')
  expect(ask.roundId).toBe(ROUND)
  expect(ask.bets.map((bet) => bet.betId)).toEqual(['bet-1', 'bet-2', 'bet-3'])
  expect(table.waiting('bet')).toBe(0)
})

test('[WEB-5] more than 64 bets travel in several messages', async () => {
  const table = new FakeTable()
  await table.join()
  table.session.place(Array.from({ length: 70 }, () => spec))
  await table.pass(100)
  expect((await table.next('bet')).ask.bets.length).toBe(64)
  expect((await table.next('bet')).ask.bets.length).toBe(6)
})

test('[WEB-6] after a lost answer the same id is asked again while its round is open', async () => {
  const table = new FakeTable()
  await table.join()
  table.session.place([spec])
  await table.pass(100)
  await (await table.next('bet')).fail(new LinkLost('timed out'))
  const again = await table.next('bet')
  expect(again.ask.bets.map((bet) => bet.betId)).toEqual(['bet-1'])
  await again.answer({ answers: [{ betId: 'bet-1', status: 'accepted', code: null }], balanceCents: 49_900 })
  expect(table.session.state.bets.map((bet) => bet.status)).toEqual(['accepted'])
  expect(table.session.state.balanceCents).toBe(49_900)
})

test('[WEB-6] a bet whose answer was lost is asked again after resume, if the table lacks it', async () => {
  const table = new FakeTable()
  await table.join()
  table.session.place([spec])
  await table.pass(100)
  const lost = await table.next('bet')
  table.listener.state('reconnecting')
  await lost.fail(new LinkLost('closed'))
  expect(table.session.state.bets[0]?.status).toBe('unsure')
  table.listener.state('live')
  await (await table.next('resume')).answer({
    serverNowMs: 0,
    missed: { public: [], private: [] },
    snapshot: snapshot(),
  })
  expect((await table.next('bet')).ask.bets.map((bet) => bet.betId)).toEqual(['bet-1'])
})

test('[WEB-6] a bet that the table has is not asked again', async () => {
  const table = new FakeTable()
  await table.join()
  table.session.place([spec])
  await table.pass(100)
  const lost = await table.next('bet')
  table.listener.state('reconnecting')
  await lost.fail(new LinkLost('closed'))
  table.listener.state('live')
  const bets = [{ ...spec, betId: 'bet-1', status: 'accepted' as const }]
  await (await table.next('resume')).answer({ serverNowMs: 0, missed: null, snapshot: snapshot({ bets }) })
  await settle()
  expect(table.waiting('bet')).toBe(0)
  expect(table.session.state.bets.map((bet) => bet.status)).toEqual(['accepted'])
})

test('[WEB-6] once its round is closed, a lost bet is not asked again and is told as not arrived', async () => {
  const table = new FakeTable()
  await table.join()
  table.session.place([spec])
  await table.pass(100)
  const lost = await table.next('bet')
  table.listener.state('reconnecting')
  await lost.fail(new LinkLost('closed'))
  table.listener.shared(sharedTable({ phase: 'closed' }), true)
  table.listener.state('live')
  await (await table.next('resume')).answer({ serverNowMs: 0, missed: null, snapshot: snapshot() })
  await settle()
  expect(table.waiting('bet')).toBe(0)
  expect(table.session.state.bets.map((bet) => bet.reason)).toEqual(['never-arrived'])
})

test('[WEB-6] a repeat that is refused does not declare the first asking dead', async () => {
  const table = new FakeTable()
  await table.join()
  table.session.place([spec])
  await table.pass(100)
  await (await table.next('bet')).fail(new LinkLost('timed out'))
  await (await table.next('bet')).fail(new Refused('too-fast'))
  const bets = [{ ...spec, betId: 'bet-1', status: 'accepted' as const }]
  await (await table.next('resume')).answer({ serverNowMs: 0, missed: null, snapshot: snapshot({ bets }) })
  expect(table.session.state.bets.map((bet) => bet.status)).toEqual(['accepted'])
})

test('[WEB-7] undo takes back what was placed together, the last first; clear takes back all', async () => {
  const table = new FakeTable()
  await table.join()
  await table.placeAccepted(1)
  await table.placeAccepted(2, 3)
  table.session.undo()
  const undo = await table.next('withdraw')
  expect(undo.ask.betIds).toEqual(['bet-2', 'bet-3'])
  expect(totalStakeCents(table.session.state)).toBe(100)
  const gone = undo.ask.betIds.map((betId) => ({ betId, status: 'dead' as const, code: 'withdrawn' as const }))
  await undo.answer({ answers: gone, balanceCents: 50_000 })
  expect(table.session.state.notices).toEqual([])
  table.session.clear()
  expect((await table.next('withdraw')).ask.betIds).toEqual(['bet-1'])
})

test('[WEB-7] undoing a bet that has not left the page sends nothing', async () => {
  const table = new FakeTable()
  await table.join()
  table.session.place([spec])
  table.session.undo()
  await table.pass(500)
  expect(table.waiting('bet') + table.waiting('withdraw')).toBe(0)
  expect(totalStakeCents(table.session.state)).toBe(0)
})

test('[WEB-7] a withdrawal that is refused leaves the bet on the felt and says why', async () => {
  const table = new FakeTable()
  await table.join()
  await table.placeAccepted(1)
  table.session.undo()
  const asked = await table.next('withdraw')
  await asked.answer({
    answers: [{ betId: 'bet-1', status: 'accepted', code: 'not-withdrawable' }],
    balanceCents: null,
  })
  expect(totalStakeCents(table.session.state)).toBe(100)
  expect(table.session.state.notices.map((notice) => notice.reason)).toEqual(['not-withdrawable'])
})

test('[WEB-7] double places every chip on the felt again under new ids', async () => {
  const table = new FakeTable()
  await table.join()
  await table.placeAccepted(1, 2)
  table.session.double()
  await table.pass(100)
  const { ask } = await table.next('bet')
  expect(ask.bets.map((bet) => [bet.betId, bet.selection])).toEqual([
    ['bet-3', 'straight:1'],
    ['bet-4', 'straight:2'],
  ])
})

test('[WEB-7] rebet places the accepted bets of the last round, not those that were refused', async () => {
  const table = new FakeTable()
  await table.join()
  await table.placeAccepted(1, 2)
  table.session.place([{ selection: 'straight:3', stakeCents: 9_999_900 }])
  await table.pass(100)
  const refused = { betId: 'bet-3', status: 'dead', code: 'above-maximum' } as const
  await (await table.next('bet')).answer({ answers: [refused], balanceCents: null })
  table.public({ type: 'opened', roundId: NEXT_ROUND, closesAtMs: table.nowMs + 20_000, commitment: 'c6' })
  expect(table.session.state.bets).toEqual([])
  table.session.rebet()
  await table.pass(100)
  const { ask } = await table.next('bet')
  expect(ask.roundId).toBe(NEXT_ROUND)
  expect(ask.bets.map((bet) => bet.selection)).toEqual(['straight:1', 'straight:2'])
})

test('[WEB-8] a gap in the versions asks resume for what is missing', async () => {
  const table = new FakeTable()
  await table.join()
  table.listener.private({ version: 23, atMs: 0, type: 'balance', balanceCents: 1 })
  const { ask, answer } = await table.next('resume')
  expect(ask).toEqual({ publicVersion: 10, privateVersion: 20 })
  const missed = [21, 22, 23].map((version) => ({ version, atMs: 0, type: 'balance' as const, balanceCents: version }))
  await answer({
    serverNowMs: 0,
    missed: { public: [], private: missed },
    snapshot: snapshot({ privateVersion: 23, balanceCents: 23 }),
  })
  expect(table.session.state.balanceCents).toBe(23)
  expect(table.session.state.privateVersion).toBe(23)
})

test('[WEB-9] the timer follows the clock of the server, not that of the device', async () => {
  const table = new FakeTable()
  await table.join()
  for (let n = 0; n < 3; n += 1) {
    const { ask, answer } = await table.next('clock')
    await answer({ clientMs: ask.clientMs, serverNowMs: table.nowMs + 90_000 })
  }
  expect(table.session.serverNowMs()).toBe(table.nowMs + 90_000)
  expect(table.session.canBet()).toBe(false)
})

test('[WEB-4] a stopped session closes its link and hears nothing more', async () => {
  const table = new FakeTable()
  await table.join()
  table.session.stop()
  table.private({ type: 'balance', balanceCents: 1 })
  expect(table.closed).toBe(true)
  expect(table.session.state.balanceCents).toBe(50_000)
})
