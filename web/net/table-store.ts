import type { BetAnswer, PrivateEvent, PublicEvent, Resumed } from '../../rooms/protocol.ts'
import type { SharedSnapshot } from './link.ts'
import { isDrawn, isLater, mergeRound, type RoundView, roundAfter, roundAnew, roundOfShared } from './round-view.ts'
import {
  HOLD_MS,
  isAlive,
  NOTICES,
  type OwnBetSpec,
  ownBet,
  type Reason,
  type RoundResult,
  type TableAction,
  type TableBet,
  type TableState,
} from './table-state.ts'

/** The table page after something happened. Pure: equal states and actions give equal states. */
export function tableAfter(state: TableState, action: TableAction): TableState {
  switch (action.type) {
    case 'linkChanged':
      return { ...state, link: action.link, synced: state.synced && action.link === 'live' }
    case 'sharedChanged':
      return afterShared(state, action.shared, action.fresh, action.nowMs)
    case 'publicHappened':
      return afterPublic(state, action.event, action.nowMs)
    case 'privateHappened':
      return afterPrivate(state, action.event)
    case 'resumed':
      return afterResume(state, action.answer, action.nowMs)
    case 'betsSent':
      return afterSending(state, action.roundId, action.bets)
    case 'betsAnswered':
      return afterAnswers(state, action.answers, action.balanceCents)
    case 'betsRefused':
      return noticed(killed(state, action.betIds, action.reason), action.reason, action.betIds)
    case 'betsUnanswered':
      return mapBets(state, action.betIds, (bet) => (bet.status === 'sending' ? { ...bet, status: 'unsure' } : bet))
    case 'withdrawSent':
      return mapBets(state, action.betIds, (bet) => ({ ...bet, leaving: true }))
    case 'withdrawFailed': {
      const back = mapBets(state, action.betIds, (bet) => ({ ...bet, leaving: false }))
      return action.reason === null ? back : noticed(back, action.reason, action.betIds)
    }
    case 'ballRested':
      return state.held?.roundId === action.roundId ? { ...state, held: null } : state
    case 'timePassed':
      return state.held !== null && action.nowMs >= state.held.untilMs ? { ...state, held: null } : state
    case 'resultRead':
      return state.result?.roundId === action.result.roundId ? state : afterResult(state, action.result, null)
    case 'tallyCounted':
      return { ...state, tally: action.tally }
    case 'noticeSeen':
      return { ...state, notices: state.notices.filter((notice) => notice.id !== action.id) }
  }
}

function afterShared(state: TableState, shared: SharedSnapshot, fresh: boolean, nowMs: number): TableState {
  const told = roundOfShared(shared)
  const merged = fresh ? roundAnew(state.round, told) : mergeRound(state.round, told)
  const held = fresh ? state.held : holdAt(state, merged, nowMs)
  return { ...intoRound(state, merged), shared, held: held?.roundId === merged.roundId ? held : null }
}

function afterPublic(state: TableState, event: PublicEvent, nowMs: number): TableState {
  if (!state.synced || event.version <= state.publicVersion) return state
  if (event.version > state.publicVersion + 1) return { ...state, gap: true }
  const round = roundAfter(state.round, event)
  const held = holdAt(state, round, nowMs)
  return {
    ...intoRound(state, round),
    publicVersion: event.version,
    held: held?.roundId === round.roundId ? held : null,
  }
}

/** Holds back what would tell the result, from the moment that a draw is seen to become public. */
function holdAt(state: TableState, round: RoundView, nowMs: number): TableState['held'] {
  const known = state.round
  if (known?.roundId !== round.roundId || isDrawn(known.phase) || !isDrawn(round.phase)) return state.held
  return {
    roundId: round.roundId,
    untilMs: nowMs + HOLD_MS,
    balanceCents: state.balanceCents,
    lastWinCents: state.lastWinCents,
    tally: state.tally,
    lastOutcomes: state.shared?.lastOutcomes ?? [],
  }
}

/** Clears the felt when another round has begun, remembering what was on it for a rebet. */
function intoRound(state: TableState, round: RoundView): TableState {
  if (state.round === null || state.round.roundId === round.roundId) return { ...state, round }
  const accepted = state.bets.filter((bet) => bet.roundId === state.round?.roundId && bet.status === 'accepted')
  const lastBets =
    accepted.length > 0 ? accepted.map(({ selection, stakeCents }) => ({ selection, stakeCents })) : state.lastBets
  const bets = state.bets.filter((bet) => bet.roundId === round.roundId)
  const kept = new Set(bets.map((bet) => bet.betId))
  const unresolved = state.bets.filter((bet) => !kept.has(bet.betId) && ['sending', 'unsure'].includes(bet.status))
  const groups = trimmedGroups(state.groups, kept)
  const result = state.result?.roundId === round.roundId ? state.result : null
  const next = { ...state, round, bets, groups, lastBets, result }
  return unresolved.length === 0
    ? next
    : noticed(
        next,
        'round-over',
        unresolved.map((bet) => bet.betId),
      )
}

function afterPrivate(state: TableState, event: PrivateEvent): TableState {
  if (!state.synced || event.version <= state.privateVersion) return state
  if (event.version > state.privateVersion + 1) return { ...state, gap: true }
  return { ...toldPrivately(state, event), privateVersion: event.version }
}

function toldPrivately(state: TableState, event: PrivateEvent): TableState {
  switch (event.type) {
    case 'bet':
      return afterOwnBet(state, ownBet(event.roundId, event.bet, event.code))
    case 'balance':
      return { ...state, balanceCents: event.balanceCents }
    case 'result': {
      const payouts = new Map(event.payouts.map((payout) => [payout.betId, payout.cents]))
      const { roundId, stakedCents, paidCents } = event
      return afterResult(state, { roundId, how: 'settled', stakedCents, paidCents, payouts }, event.balanceCents)
    }
    case 'refunded': {
      const { roundId, cents } = event
      const refund: RoundResult = { roundId, how: 'void', stakedCents: cents, paidCents: cents, payouts: new Map() }
      return afterResult(state, refund, event.balanceCents)
    }
  }
}

function afterOwnBet(state: TableState, bet: TableBet): TableState {
  if (state.round !== null && isLater(state.round.roundId, bet.roundId)) return state
  const known = state.bets.find((other) => other.betId === bet.betId)
  const next =
    known === undefined
      ? { ...state, bets: [...state.bets, bet], groups: [...state.groups, [bet.betId]] }
      : mapBets(state, [bet.betId], () => bet)
  // A bet that is already known to be dead was told about in the answer to its own request.
  if (bet.reason === null || bet.reason === 'withdrawn' || known?.status === 'dead') return next
  return noticed(next, bet.reason, [bet.betId])
}

function afterResult(state: TableState, result: RoundResult, balanceCents: number | null): TableState {
  const { tally } = state
  const counted = tally.roundIds.has(result.roundId)
    ? tally
    : {
        ...tally,
        stakedCents: tally.stakedCents + result.stakedCents,
        paidCents: tally.paidCents + result.paidCents,
        roundIds: new Set([...tally.roundIds, result.roundId]),
      }
  const old = state.round !== null && isLater(state.round.roundId, result.roundId)
  const won = result.how === 'settled' && result.paidCents > 0
  return {
    ...state,
    tally: counted,
    result: old ? state.result : result,
    lastWinCents: won ? result.paidCents : state.lastWinCents,
    balanceCents: balanceCents ?? state.balanceCents,
  }
}

function afterResume(state: TableState, { missed, snapshot }: Resumed, nowMs: number): TableState {
  let next: TableState = { ...state, synced: true, gap: false }
  for (const event of missed?.public ?? []) next = afterPublic(next, event, nowMs)
  for (const event of missed?.private ?? []) next = afterPrivate(next, event)
  const told = new Map(snapshot.bets.map((bet) => [bet.betId, ownBet(snapshot.roundId, bet, null)]))
  const known = new Set(next.bets.map((bet) => bet.betId))
  const bets = next.bets.flatMap((bet): TableBet[] => {
    const truth = told.get(bet.betId)
    if (truth !== undefined) return [{ ...truth, reason: truth.status === 'dead' ? bet.reason : null }]
    // The table does not know of it: it may be asked again (unsure) or was dead before; nothing else is on the felt.
    return bet.status === 'sending' || bet.status === 'unsure' || bet.status === 'dead' ? [bet] : []
  })
  const elsewhere = [...told.values()].filter((bet) => !known.has(bet.betId))
  return {
    ...next,
    gap: false,
    publicVersion: snapshot.publicVersion,
    privateVersion: snapshot.privateVersion,
    balanceCents: snapshot.balanceCents,
    bets: [...bets, ...elsewhere],
    groups: [...next.groups, ...elsewhere.map((bet) => [bet.betId])],
  }
}

function afterSending(state: TableState, roundId: string, specs: readonly OwnBetSpec[]): TableState {
  const known = new Set(state.bets.map((bet) => bet.betId))
  const again = specs.filter((spec) => known.has(spec.betId)).map((spec) => spec.betId)
  const fresh = specs.filter((spec) => !known.has(spec.betId))
  const bets = fresh.map((spec): TableBet => ({ ...spec, roundId, status: 'sending', leaving: false, reason: null }))
  const resent = mapBets(state, again, (bet) => (bet.status === 'unsure' ? { ...bet, status: 'sending' } : bet))
  if (fresh.length === 0) return resent
  return {
    ...resent,
    bets: [...resent.bets, ...bets],
    groups: [...resent.groups, fresh.map((spec) => spec.betId)],
  }
}

const ORDER: { readonly [status in TableBet['status']]: number } = {
  sending: 0,
  unsure: 0,
  reserving: 1,
  accepted: 2,
  releasing: 3,
  dead: 4,
}

/** Answers may come after the events they led to, so they never take a bet back to an earlier status. */
function afterAnswers(state: TableState, answers: readonly BetAnswer[], balanceCents: number | null): TableState {
  let next: TableState = { ...state, balanceCents: balanceCents ?? state.balanceCents }
  for (const { betId, status, code } of answers) {
    const known = next.bets.find((bet) => bet.betId === betId)
    if (known === undefined) continue
    if (ORDER[status] >= ORDER[known.status]) {
      const reason = status === 'dead' ? code : null
      next = mapBets(next, [betId], (bet) => ({ ...bet, status, reason, leaving: status === 'releasing' }))
    }
    if (code !== null && code !== 'withdrawn' && known.status !== 'dead') next = noticed(next, code, [betId])
  }
  return next
}

function killed(state: TableState, betIds: readonly string[], reason: Reason): TableState {
  return mapBets(state, betIds, (bet) => (isAlive(bet) ? { ...bet, status: 'dead', reason, leaving: false } : bet))
}

function mapBets(state: TableState, betIds: readonly string[], change: (bet: TableBet) => TableBet): TableState {
  if (betIds.length === 0) return state
  const ids = new Set(betIds)
  return { ...state, bets: state.bets.map((bet) => (ids.has(bet.betId) ? change(bet) : bet)) }
}

function trimmedGroups(groups: TableState['groups'], kept: ReadonlySet<string>): TableState['groups'] {
  return groups.map((group) => group.filter((id) => kept.has(id))).filter((group) => group.length > 0)
}

/** Bets refused for one reason in a row are one notice, not twenty; its new id has it read out again. */
function noticed(state: TableState, reason: Reason, betIds: readonly string[]): TableState {
  const last = state.notices.at(-1)
  const same = last?.reason === reason
  const earlier = same ? state.notices.slice(0, -1) : state.notices
  const ids = same ? [...new Set([...last.betIds, ...betIds])] : betIds
  const id = state.noticeCount + 1
  return { ...state, notices: [...earlier, { id, reason, betIds: ids }].slice(-NOTICES), noticeCount: id }
}
