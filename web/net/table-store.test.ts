import { expect, test } from 'vitest'
import { clockOffsetMs } from './clock.ts'
import { isLater, mergeRound, roundOfShared } from './round-view.ts'
import {
  lackedResult,
  shownBalanceCents,
  shownLastOutcomes,
  shownLastWinCents,
  shownResult,
  shownTally,
} from './table-selectors.ts'
import { FakeTable, NEXT_ROUND, ROUND, sharedTable, snapshot } from './testing.ts'

const result = {
  type: 'result',
  roundId: ROUND,
  stakedCents: 200,
  paidCents: 3_600,
  payouts: [{ betId: 'bet-1', cents: 3_600 }],
  balanceCents: 53_400,
} as const

async function spinning(): Promise<FakeTable> {
  const table = new FakeTable()
  await table.join()
  await table.placeAccepted(1, 2)
  table.public({ type: 'closed', roundId: ROUND, betDigest: 'd5' })
  table.public({ type: 'drawn', roundId: ROUND, outcome: '1', seedHex: 's5' })
  table.listener.shared(sharedTable({ phase: 'settled', outcome: '"1"', lastOutcomes: ['"1"', '"7"'] }), false)
  table.private(result)
  return table
}

test('[WEB-10] until the ball rests, neither balance, win, net, result nor last numbers tell the outcome', async () => {
  const { state } = (await spinning()).session
  expect(shownBalanceCents(state)).toBe(40_000)
  expect(shownResult(state)).toBeNull()
  expect(shownLastWinCents(state)).toBeNull()
  expect(shownTally(state).paidCents).toBe(0)
  expect(shownLastOutcomes(state)).toEqual(['"7"'])
  expect(state.round?.outcome).toBe('"1"')
})

test('[WEB-10] once the ball rests, everything is shown', async () => {
  const table = await spinning()
  table.session.ballRested(ROUND)
  const { state } = table.session
  expect(shownBalanceCents(state)).toBe(53_400)
  expect(shownResult(state)?.paidCents).toBe(3_600)
  expect(shownLastWinCents(state)).toBe(3_600)
  expect(shownTally(state)).toMatchObject({ stakedCents: 200, paidCents: 3_600 })
  expect(shownLastOutcomes(state)).toEqual(['"1"', '"7"'])
})

test('[WEB-10] a ball that never rests holds the balance back for eight seconds at most', async () => {
  const table = await spinning()
  await table.pass(7_999)
  expect(shownBalanceCents(table.session.state)).toBe(40_000)
  await table.pass(1)
  expect(shownBalanceCents(table.session.state)).toBe(53_400)
})

test('[WEB-26] a ball that runs goes on over a lost connection, and tells nothing before it rests', async () => {
  const table = await spinning()
  const drawnAtMs = table.session.state.round?.drawnAtMs
  await table.pass(1_000)
  table.listener.state('reconnecting')
  table.listener.shared(sharedTable({ phase: 'settled', outcome: '"1"', lastOutcomes: ['"1"', '"7"'] }), true)
  table.listener.state('live')
  const { state } = table.session
  expect(drawnAtMs).toBe(table.nowMs - 1_000)
  expect(state.round?.drawnAtMs).toBe(drawnAtMs)
  expect(shownLastOutcomes(state)).toEqual(['"7"'])
  table.session.ballRested(ROUND)
  expect(shownLastOutcomes(table.session.state)).toEqual(['"1"', '"7"'])
})

test('[WEB-26] a draw that the page did not see is over when it comes back', async () => {
  const table = new FakeTable()
  await table.join()
  table.listener.state('reconnecting')
  table.listener.shared(sharedTable({ phase: 'settled', outcome: '"1"', lastOutcomes: ['"1"', '"7"'] }), true)
  table.listener.state('live')
  expect(table.session.state.round?.drawnAtMs).toBeNull()
  expect(shownLastOutcomes(table.session.state)).toEqual(['"1"', '"7"'])
})

test('[WEB-10] a page that joins after the draw holds nothing back', async () => {
  const table = new FakeTable()
  table.listener.shared(sharedTable({ phase: 'settled', outcome: '"1"', lastOutcomes: ['"1"'] }), true)
  table.listener.state('live')
  await (await table.next('resume')).answer({ serverNowMs: 0, missed: null, snapshot: snapshot() })
  expect(shownLastOutcomes(table.session.state)).toEqual(['"1"'])
  expect(table.session.state.held).toBeNull()
})

test('[WEB-11] each bet shows whether it was accepted or refused, and why', async () => {
  const table = new FakeTable()
  await table.join()
  table.session.place([1, 2, 3].map((n) => ({ selection: `straight:${n}`, stakeCents: 100 })))
  await table.pass(100)
  const dead = (betId: string) => ({ betId, status: 'dead', code: 'player-limit' }) as const
  const answers = [{ betId: 'bet-1', status: 'accepted', code: null } as const, dead('bet-2'), dead('bet-3')]
  await (await table.next('bet')).answer({ answers, balanceCents: 49_900 })
  const { bets, notices } = table.session.state
  expect(bets.map((bet) => [bet.status, bet.reason])).toEqual([
    ['accepted', null],
    ['dead', 'player-limit'],
    ['dead', 'player-limit'],
  ])
  expect(notices.map(({ reason, betIds }) => [reason, betIds])).toEqual([['player-limit', ['bet-2', 'bet-3']]])
})

test('[WEB-11] an answer that comes after its event does not take the bet back, nor tell it twice', async () => {
  const table = new FakeTable()
  await table.join()
  table.session.place([{ selection: 'straight:1', stakeCents: 100 }])
  await table.pass(100)
  const asked = await table.next('bet')
  const bet = { betId: 'bet-1', selection: 'straight:1', stakeCents: 100, status: 'dead' } as const
  table.private({ type: 'bet', roundId: ROUND, bet, code: 'insufficient-funds' })
  await asked.answer({ answers: [{ betId: 'bet-1', status: 'reserving', code: null }], balanceCents: null })
  expect(table.session.state.bets.map((one) => one.status)).toEqual(['dead'])
  expect(table.session.state.notices.length).toBe(1)
})

test('[WEB-11] a bet placed in another tab lies on this felt too', async () => {
  const table = new FakeTable()
  await table.join()
  const bet = { betId: 'other-tab', selection: 'red', stakeCents: 500, status: 'accepted' } as const
  table.private({ type: 'bet', roundId: ROUND, bet, code: null })
  expect(table.session.state.bets.map((one) => one.betId)).toEqual(['other-tab'])
})

test('[WEB-11] a bet still unanswered when the next round opens is told as too late', async () => {
  const table = new FakeTable()
  await table.join()
  table.session.place([{ selection: 'straight:1', stakeCents: 100 }])
  await table.pass(100)
  table.public({ type: 'opened', roundId: NEXT_ROUND, closesAtMs: table.nowMs + 20_000, commitment: 'c6' })
  expect(table.session.state.notices.map((notice) => notice.reason)).toEqual(['round-over'])
})

test('[WEB-8] a repeated event changes nothing', async () => {
  const table = await spinning()
  const before = table.session.state
  table.listener.private({ ...result, version: before.privateVersion, atMs: 0 })
  expect(table.session.state).toBe(before)
})

test('[WEB-8] what was missed while away is taken in order, then the snapshot stands', async () => {
  const table = new FakeTable()
  await table.join()
  await table.placeAccepted(1)
  table.listener.state('reconnecting')
  table.listener.shared(sharedTable({ roundId: NEXT_ROUND, commitment: 'c6' }), true)
  table.listener.state('live')
  const missed = { public: [], private: [{ ...result, version: 21, atMs: 0 }] }
  const after = snapshot({ roundId: NEXT_ROUND, privateVersion: 21, balanceCents: 53_400 })
  await (await table.next('resume')).answer({ serverNowMs: 0, missed, snapshot: after })
  const { state } = table.session
  expect(state.tally.paidCents).toBe(3_600)
  expect(state.bets).toEqual([])
  expect(state.result).toBeNull()
  expect(state.lastBets.length).toBe(1)
})

test('[WEB-12] a round counts once in the net position, however often its result is told', async () => {
  const table = await spinning()
  table.listener.state('reconnecting')
  table.listener.state('live')
  const missed = { public: [], private: [{ ...result, version: 22, atMs: 0 }] }
  await (await table.next('resume')).answer({ serverNowMs: 0, missed, snapshot: snapshot({ privateVersion: 22 }) })
  expect(table.session.state.tally).toMatchObject({ stakedCents: 200, paidCents: 3_600 })
})

test('[WEB-12] a void round is a refund: nothing won, nothing lost', async () => {
  const table = new FakeTable()
  await table.join()
  await table.placeAccepted(1, 2)
  table.public({ type: 'void', roundId: ROUND, reason: 'equipment-fault', nextOpensAtMs: 0 })
  table.private({ type: 'refunded', roundId: ROUND, cents: 200, balanceCents: 50_000 })
  const { state } = table.session
  expect(shownResult(state)?.how).toBe('void')
  expect(state.tally.paidCents - state.tally.stakedCents).toBe(0)
  expect(state.lastWinCents).toBeNull()
})

test('[WEB-13] a late shared state does not take the round back', () => {
  const drawn = roundOfShared(sharedTable({ phase: 'drawn', outcome: '"1"', commitment: '' }))
  const late = roundOfShared(sharedTable({ phase: 'closed', betDigest: 'd5' }))
  expect(mergeRound(drawn, late)).toMatchObject({ phase: 'drawn', outcome: '"1"', betDigest: 'd5', commitment: 'c5' })
  const next = roundOfShared(sharedTable({ roundId: NEXT_ROUND }))
  expect(mergeRound(next, late)).toBe(next)
})

test('[WEB-13] rounds are ordered by series, then by number', () => {
  expect(isLater('r1.1.10', 'r1.1.9')).toBe(true)
  expect(isLater('r1.2.0', 'r1.1.99')).toBe(true)
  expect(isLater('r1.1.5', 'r1.1.5')).toBe(false)
})

test('[WEB-9] the clock believes the fastest answer', () => {
  const slow = { askedAtMs: 0, answeredAtMs: 1_000, serverNowMs: 9_000 }
  const fast = { askedAtMs: 0, answeredAtMs: 20, serverNowMs: 5_010 }
  expect(clockOffsetMs([slow, fast])).toBe(5_000)
  expect(clockOffsetMs([])).toBeNull()
})

test('[WEB-12] a result whose event was lost is taken from the history, and not twice', async () => {
  const table = new FakeTable()
  await table.join()
  await table.placeAccepted(1, 2)
  table.listener.state('reconnecting')
  table.listener.shared(sharedTable({ phase: 'settled', outcome: '"1"' }), true)
  table.listener.state('live')
  const bets = ['bet-1', 'bet-2'].map((betId) => ({
    betId,
    selection: 'straight:1',
    stakeCents: 100,
    status: 'accepted' as const,
  }))
  await (await table.next('resume')).answer({ serverNowMs: 0, missed: null, snapshot: snapshot({ bets }) })
  expect(lackedResult(table.session.state)).toBe(ROUND)
  const { roundId, stakedCents, paidCents } = result
  const read = { roundId, stakedCents, paidCents, how: 'settled' as const, payouts: new Map([['bet-1', 3_600]]) }
  table.session.resultRead(read)
  table.session.resultRead(read)
  expect(lackedResult(table.session.state)).toBeNull()
  expect(shownResult(table.session.state)?.paidCents).toBe(3_600)
  expect(table.session.state.tally).toMatchObject({ stakedCents: 200, paidCents: 3_600 })
})

test('[WEB-12] no result is looked up while the ball runs, nor for a round without chips of this player', async () => {
  expect(lackedResult((await spinning()).session.state)).toBeNull()
  const table = new FakeTable()
  await table.join()
  table.listener.shared(sharedTable({ phase: 'settled', outcome: '"1"' }), true)
  expect(lackedResult(table.session.state)).toBeNull()
})
