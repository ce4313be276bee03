import type { Express } from 'express'
import { z } from 'zod'
import { toCents } from '../../engine/money.ts'
import { favouriteList } from '../players/favourites.ts'
import { FAVOURITES_BYTES, forPlayer, jsonBody, readInput } from './guards.ts'
import type { HouseApiDeps } from './ports.ts'
import { Refused } from './refusal.ts'

/** Ids of rounds and tables as they appear in addresses. */
export const roundId = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,99}$/)
export const tableId = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/)
export const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .refine((n) => n >= least && n <= most)

const grantAsked = z.strictObject({
  // The books know a UUID by its lower-case form only.
  id: z.uuid().transform((id) => id.toLowerCase()),
  cents: z.int().positive().max(Number.MAX_SAFE_INTEGER),
})
const favouritesAsked = z.strictObject({ favourites: favouriteList })
const roundsAsked = z.strictObject({
  before: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/)
    .optional(),
  limit: whole(1, 100).default(50),
})

type Budget = (playerId: string) => boolean

export function playerRoutes(app: Express, deps: HouseApiDeps, withinBudget: Budget): void {
  const { players, books, playMoney, favourites, history } = deps
  const signedIn = (route: Parameters<typeof forPlayer>[2]) => forPlayer(players, withinBudget, route)

  app.get(
    '/api/me',
    signedIn(async (_request, response, { playerId, name }) => {
      const balanceCents = (await books.balanceOf(playerId)) ?? (await openedBalance(deps, playerId))
      response.json({ playerId, name, balanceCents, currency: deps.currency, playMoney: playMoney.on })
    }),
  )
  app.post(
    '/api/me/play-money',
    jsonBody(),
    signedIn(async (request, response, { playerId }) => {
      if (!playMoney.on) throw new Refused('play-money-off')
      const { id, cents } = readInput(grantAsked, request.body)
      // The books would refuse the id for ever if there were no account yet.
      if ((await books.balanceOf(playerId)) === null) await players.ensureAccount(playerId)
      const answer = await playMoney.grant(id, playerId, toCents(cents))
      if (answer === 'unknown-account') throw new Error(`player ${playerId} has no account`)
      if (typeof answer === 'string') throw new Refused(answer)
      response.json({ balanceCents: answer.balanceCents })
    }),
  )
  app.get(
    '/api/me/favourites',
    signedIn(async (_request, response, { playerId }) => {
      response.json({ favourites: await favourites.of(playerId) })
    }),
  )
  app.put(
    '/api/me/favourites',
    jsonBody(FAVOURITES_BYTES),
    signedIn(async (request, response, { playerId }) => {
      const asked = readInput(favouritesAsked, request.body)
      if ((await favourites.keep(playerId, asked.favourites)) === 'unknown-game') throw new Refused('unknown-game')
      response.json({ favourites: asked.favourites })
    }),
  )
  app.get(
    '/api/me/rounds',
    signedIn(async (request, response, { playerId }) => {
      const { before, limit } = readInput(roundsAsked, request.query)
      const rounds = await history.roundsOfPlayer(playerId, before ?? null, limit)
      if (rounds === 'bad-cursor') throw new Refused('malformed')
      response.json(rounds)
    }),
  )
  app.get(
    '/api/me/rounds/:roundId',
    signedIn(async (request, response, { playerId }) => {
      const round = await history.roundOfPlayer(playerId, readInput(roundId, request.params.roundId))
      if (round === null) throw new Refused('no-such-round')
      response.json(round)
    }),
  )
}

/** A player whose account could not be opened at sign-in gets it now. */
async function openedBalance({ players, books }: HouseApiDeps, playerId: string): Promise<number> {
  await players.ensureAccount(playerId)
  return (await books.balanceOf(playerId)) ?? 0
}
