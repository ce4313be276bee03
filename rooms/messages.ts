import { z } from 'zod'
import type { Json } from '../engine/game.ts'
import { toCents } from '../engine/money.ts'
import type { NewBet } from '../engine/round/types.ts'
import type { BetRequest, ClockRequest, ContributeRequest, ResumeRequest, WithdrawRequest } from './protocol.ts'

export const MOST_BETS_PER_MESSAGE = 64
export const MOST_IDS_PER_MESSAGE = 200

// The books keep ids in their canonical form alone: another spelling would be asked for again and again, for ever.
const uuid = z.uuid().refine((id) => id === id.toLowerCase())
const version = z.int().nonnegative()
const roundId = z.string().min(1).max(120)

// Printable characters of ASCII: what every database, log and other implementation writes and reads alike.
const seed = z.string().regex(/^[\x20-\x7e]{1,64}$/)

// What a selection may be is the game's to say (`Game.readSelection` is strict); here it is only some value.
const selection = z.unknown().transform((value) => value as Json)

const bet = z.strictObject({ betId: uuid, selection, stakeCents: z.int() })

/** One parser for each request of `protocol.ts`; whatever they refuse is answered `malformed`. */
export const parsers = {
  bet: z.strictObject({ roundId, bets: z.array(bet).min(1).max(MOST_BETS_PER_MESSAGE) }),
  withdraw: z.strictObject({ roundId, betIds: z.array(uuid).min(1).max(MOST_IDS_PER_MESSAGE) }),
  resume: z.strictObject({ publicVersion: version, privateVersion: version }),
  contribute: z.strictObject({ seed }),
  clock: z.strictObject({ clientMs: z.number() }),
} satisfies {
  bet: z.ZodType<BetRequest>
  withdraw: z.ZodType<WithdrawRequest>
  resume: z.ZodType<ResumeRequest>
  contribute: z.ZodType<ContributeRequest>
  clock: z.ZodType<ClockRequest>
}

/** A message's bets as the game knows them, in the name of the player who sent them. */
export function newBets(request: BetRequest, playerId: string): NewBet[] {
  return request.bets.map(({ betId, selection: on, stakeCents }) => ({
    betId,
    playerId,
    selection: on,
    stakeCents: toCents(stakeCents),
  }))
}
