import { expect, test } from 'vitest'
import type { Json } from '../engine/game.ts'
import { toCents } from '../engine/money.ts'
import { ownDigest } from '../simulation/own-fairness.ts'
import type { BookedEntry, BookedRound, BookFacts } from './books.ts'
import { Judge } from './judge.ts'
import { Testimony, type ToldBet } from './testimony.ts'

const ROUND = 'lima.1.0'
const RED = { kind: 'red' }
const OPENING = JSON.stringify({
  commitment: 'c0',
  terms: { rules: { wheel: 'single-zero', laPartage: false } },
})

type World = { told: Testimony; rounds: BookedRound[]; entries: BookedEntry[] }

function bet(betId: string, told: ToldBet['told'] = 'accepted', withdrawn = false): ToldBet {
  return {
    ...{ betId, playerId: 'ana', tableId: 'lima', roundId: ROUND, selection: RED, stakeCents: 200 },
    told,
    withdrawn,
  }
}

const entry = (kind: BookedEntry['kind'], ref: string, cents: number): BookedEntry => ({
  ...{ ref, kind, outcome: 'posted', cents, playerId: 'ana', roundId: ROUND },
  content: kind === 'stake' ? JSON.stringify(RED) : null,
})

/** One settled round in which the ball rested on red 1, with two bets of 200 that were both told, posted and paid. */
function world(): World {
  const told = new Testimony()
  for (const betId of ['b1', 'b2']) told.bets.set(betId, bet(betId))
  const stamp = { version: 1, atMs: 1 }
  told.public({ ...stamp, type: 'opened', roundId: ROUND, closesAtMs: 2, commitment: 'c0' })
  told.public({ ...stamp, type: 'drawn', roundId: ROUND, outcome: { pocket: 1 }, seedHex: 'aa' })
  told.public({ ...stamp, type: 'settled', roundId: ROUND, nextOpensAtMs: 3 })
  const betDigest = digestOf(['b1', 'b2'])
  const outcome = JSON.stringify({ pocket: 1 })
  return {
    told,
    rounds: [{ roundId: ROUND, tableId: 'lima', opening: OPENING, betDigest, outcome, seedHex: 'aa', how: 'settled' }],
    entries: ['b1', 'b2'].flatMap((betId) => [entry('stake', betId, 200), entry('payout', betId, 400)]),
  }
}

function digestOf(betIds: readonly string[]): string {
  return ownDigest(
    betIds.map((betId) => ({ betId, playerId: 'ana', selection: RED as Json, stakeCents: toCents(200) })),
  )
}

function judged({ told, rounds, entries }: World) {
  const books: BookFacts = {
    rounds: new Map(rounds.map((round) => [round.roundId, round])),
    entries,
    balances: new Map(),
    ...{ linesSumCents: 0, accountsOff: 0, negativePlayers: 0 },
  }
  const { problems, ...figures } = new Judge(told, books).judge()
  return { figures, problems }
}

const CLEAN = { accepted: 2, lost: 0, doubled: 0, changed: 0, stuck: 0 }

/** Changes the only round of the world. */
function reround(made: World, changes: Partial<BookedRound>): World {
  return { ...made, rounds: made.rounds.map((round) => ({ ...round, ...changes })) }
}

test('[CHA-4 CHA-5 CHA-6 CHA-7] nothing is found where nothing is wrong', () => {
  expect(judged(world())).toEqual({ figures: CLEAN, problems: [] })
})

test('[CHA-4] an accepted bet that the books do not hold is lost', () => {
  const { told, rounds, entries } = world()
  const without = entries.filter(({ ref }) => ref !== 'b2')
  const { figures } = judged(reround({ told, rounds, entries: without }, { betDigest: digestOf(['b1']) }))
  expect(figures).toEqual({ ...CLEAN, lost: 1 })
})

test('[CHA-4] a stake that was refused in the books, belongs to another round or has another amount is lost', () => {
  for (const change of [{ outcome: 'bets-closed' }, { roundId: null }, { content: '{"kind":"black"}' }]) {
    const made = world()
    made.entries.splice(0, 1, { ...entry('stake', 'b1', 200), ...change })
    expect(judged(made).figures.lost).toBe(1)
  }
})

test('[CHA-4] a winner that is not paid, or not all, is lost', () => {
  const unpaid = world()
  unpaid.entries.splice(1, 1)
  expect(judged(unpaid).figures).toEqual({ ...CLEAN, lost: 1 })
  const short = world()
  short.entries.splice(1, 1, entry('payout', 'b1', 399))
  expect(judged(short).figures).toEqual({ ...CLEAN, lost: 1 })
})

test('[CHA-4] a stake that is given back unasked, not given back by a void, or taken of a refused bet is lost', () => {
  const released = world()
  released.entries.splice(1, 1, entry('release', 'b1', 200))
  const back = reround(released, { betDigest: digestOf(['b2']) })
  expect(judged(back).figures).toEqual({ ...CLEAN, lost: 1 })
  back.told.bets.set('b1', bet('b1', 'accepted', true))
  expect(judged(back).figures).toEqual(CLEAN)
  const made = world()
  const kept = made.entries.filter(({ kind, ref }) => kind === 'stake' || ref === 'never')
  expect(judged(reround({ ...made, entries: kept }, { how: 'void' })).figures.lost).toBe(2)
  const refused = world()
  refused.told.bets.set('b1', bet('b1', 'refused'))
  expect(judged(refused).figures).toEqual({ ...CLEAN, accepted: 1, lost: 1 })
})

test('[CHA-5] a bet that is paid too much, twice, also given back, or that nobody placed is doubled', () => {
  const much = world()
  much.entries.splice(1, 1, entry('payout', 'b1', 401))
  expect(judged(much).figures).toEqual({ ...CLEAN, doubled: 1 })
  for (const extra of [entry('payout', 'b1', 400), entry('release', 'b1', 200), entry('stake', 'b1', 200)]) {
    const twice = world()
    twice.entries.push(extra)
    expect(judged(twice).figures.doubled).toBe(1)
  }
  const foreign = world()
  foreign.told.bets.delete('b2')
  expect(judged(foreign).figures).toEqual({ ...CLEAN, accepted: 1, doubled: 1 })
})

test('[CHA-6] a round that is shown in two ways, or not as the books say, is changed once', () => {
  const stamp = { version: 1, atMs: 1, type: 'drawn', roundId: ROUND, seedHex: 'aa' } as const
  const two = world()
  two.told.public({ ...stamp, outcome: { pocket: 2 } })
  two.told.public({ ...stamp, outcome: { pocket: 3 } })
  expect(judged(two).figures).toEqual({ ...CLEAN, changed: 1 })
  expect(judged(reround(world(), { seedHex: 'bb' })).figures).toEqual({ ...CLEAN, changed: 1 })
  expect(judged(reround(world(), { betDigest: 'dd' })).figures).toEqual({ ...CLEAN, changed: 1 })
  const unknown = world()
  unknown.told.public({ ...stamp, roundId: 'lima.9.9', outcome: { pocket: 2 } })
  expect(judged(unknown).figures).toEqual({ ...CLEAN, changed: 1 })
})

test('[CHA-6] a player who is told another result than the books have is counted', () => {
  const made = world()
  const stamp = { version: 1, atMs: 1, roundId: ROUND, payouts: [], balanceCents: 0 }
  made.told.private('ana', { ...stamp, type: 'result', stakedCents: 400, paidCents: 800 })
  expect(judged(made).figures).toEqual(CLEAN)
  made.told.private('ana', { ...stamp, type: 'result', stakedCents: 400, paidCents: 400 })
  expect(judged(made).figures).toEqual({ ...CLEAN, changed: 1 })
})

test('[CHA-7] a bet that nobody answered and a round with bets that never ended are stuck', () => {
  const silent = world()
  silent.told.bets.set('b3', bet('b3', 'asked'))
  expect(judged(silent).figures).toEqual({ ...CLEAN, stuck: 1 })
  const made = world()
  const open = reround(
    { ...made, told: new Testimony(), entries: made.entries.filter(({ kind }) => kind === 'stake') },
    {
      how: null,
    },
  )
  for (const betId of ['b1', 'b2']) open.told.bets.set(betId, bet(betId))
  expect(judged(open).figures).toEqual({ ...CLEAN, stuck: 1 })
})
