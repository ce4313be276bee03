import type { Express, Response } from 'express'
import { z } from 'zod'
import { readInput } from './guards.ts'
import { roundId, whole } from './player-routes.ts'
import type { HouseApiDeps } from './ports.ts'
import { type RefusalCode, Refused } from './refusal.ts'

const LOG_SIZE = Number.MAX_SAFE_INTEGER
export const MOST_ENTRIES = 1_000
const index = whole(0, LOG_SIZE)
const entriesAsked = z
  .strictObject({ from: index, to: index })
  .refine(({ from, to }) => from < to && to - from <= MOST_ENTRIES)
const inclusionAsked = z.strictObject({ index, size: index }).refine((asked) => asked.index < asked.size)
const consistencyAsked = z.strictObject({ from: index, to: index }).refine(({ from, to }) => from <= to)

/** What anyone needs to verify a round, without signing in. What has ended never changes. */
export function fairnessRoutes(app: Express, { fairness }: HouseApiDeps): void {
  app.get('/api/rounds/:roundId/transcript', async (request, response) => {
    const transcript = await fairness.transcript(readInput(roundId, request.params.roundId))
    send(response, transcript, 'no-such-round')
  })
  app.get('/api/series/:seriesId', async (request, response) => {
    send(response, await fairness.series(readInput(roundId, request.params.seriesId)), 'not-found')
  })
  app.get('/api/log/checkpoint', async (_request, response) => {
    send(response, await fairness.checkpoint(), 'not-found')
  })
  app.get('/api/log/entries', async (request, response) => {
    const { from, to } = readInput(entriesAsked, request.query)
    send(response, await fairness.entries(from, to), 'not-found')
  })
  app.get('/api/log/inclusion', async (request, response) => {
    const asked = readInput(inclusionAsked, request.query)
    send(response, await fairness.inclusion(asked.index, asked.size), 'not-found')
  })
  app.get('/api/log/consistency', async (request, response) => {
    const { from, to } = readInput(consistencyAsked, request.query)
    send(response, await fairness.consistency(from, to), 'not-found')
  })
}

function send(response: Response, answer: object | string | null, missing: RefusalCode): void {
  if (answer === null) throw new Refused(missing)
  response.set('cache-control', 'no-cache')
  if (typeof answer !== 'string') return void response.json(answer)
  response.type(answer.startsWith('{') || answer.startsWith('[') ? 'json' : 'text').send(answer)
}
