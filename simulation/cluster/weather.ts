import type { Dice } from '../dice.ts'

/** What happens to single messages and acts while a storm lasts: chances, each for one occasion. */
export type Weather = {
  /** A call to a store never arrives, or its answer does not. */
  readonly lostCall: number
  readonly lostReply: number
  /** A call arrives once more, later. */
  readonly repeatedCall: number
  /** A call or its answer is slow, by up to seconds. */
  readonly slow: number
  /** News of a node come late, with all that follow them, or once more, later than others. */
  readonly lateNews: number
  readonly repeatedNews: number
  /** What a node asks another one arrives late, when nobody may wait for it any more, or twice. */
  readonly lateAsk: number
  readonly repeatedAsk: number
  /** A process dies, or stands still, just before one of its acts. */
  readonly dieAtAct: number
  readonly pauseAtAct: number
}

export const CALM: Weather = {
  lostCall: 0,
  lostReply: 0,
  repeatedCall: 0,
  slow: 0,
  lateNews: 0,
  repeatedNews: 0,
  lateAsk: 0,
  repeatedAsk: 0,
  dieAtAct: 0,
  pauseAtAct: 0,
}

/** Every world has a storm of its own; some faults are left out of some, so that others are seen alone. */
export function stormOf(dice: Dice): Weather {
  const some = (most: number): number => (dice.chance(0.4) ? 0 : dice.upTo(1_000) * (most / 1_000))
  return {
    lostCall: some(0.08),
    lostReply: some(0.08),
    repeatedCall: some(0.08),
    slow: some(0.08),
    lateNews: some(0.2),
    repeatedNews: some(0.3),
    lateAsk: some(0.5),
    repeatedAsk: some(0.5),
    dieAtAct: some(0.001),
    pauseAtAct: some(0.001),
  }
}

/** What a world has seen, so that a test can tell that it happened. */
export const CLUSTER_TALLIED = [
  ...['rounds', 'voids', 'accepted', 'refusedStakes', 'withdrawn', 'fencedCalls', 'wrongDraws'],
  ...['crashes', 'hostCrashes', 'pauses', 'zombies', 'twins', 'outlived', 'drains', 'upgrades', 'joins', 'returns'],
  ...['cutsOfNodes', 'oneWayCuts', 'cutsFromBooks', 'cutsFromRedis', 'booksOutages', 'booksStalls', 'booksClockJumps'],
  ...['redisOutages', 'redisStalls', 'redisFlushes', 'redisRollbacks', 'redisClockJumps', 'clockJumps'],
  ...['lostCalls', 'lostReplies', 'repeatedCalls', 'slowCalls', 'lateNews', 'repeatedNews', 'lateAsks', 'repeatedAsks'],
  ...['takeOvers', 'claimsLost', 'handOvers', 'failedHandOvers', 'stepDowns', 'refusedLeases', 'newerCopies'],
  ...['copiesRead', 'doorsWrong', 'drills'],
] as const
export type ClusterTally = { [name in (typeof CLUSTER_TALLIED)[number]]: number }

export function emptyClusterTally(): ClusterTally {
  return Object.fromEntries(CLUSTER_TALLIED.map((name) => [name, 0])) as ClusterTally
}
