import type { Express } from 'express'
import { z } from 'zod'
import { forPlayer, jsonBody, readInput } from './guards.ts'
import { tableId, whole } from './player-routes.ts'
import type { HouseApiDeps } from './ports.ts'
import { Refused } from './refusal.ts'

const resultsAsked = z.strictObject({ limit: whole(1, 500).default(100) })

/** The tables, open to everyone; a ticket needs a player. */
export function tableRoutes(app: Express, deps: HouseApiDeps, withinBudget: (playerId: string) => boolean): void {
  const { tables, history, tickets } = deps
  app.get('/api/tables', (_request, response) => {
    response.set('cache-control', 'no-store').json({ tables: tables.list() })
  })
  app.get('/api/tables/:tableId', async (request, response) => {
    const info = await tables.info(readInput(tableId, request.params.tableId))
    if (info === null) throw new Refused('no-such-table')
    response.set('cache-control', 'no-cache').json(info)
  })
  app.get('/api/tables/:tableId/results', async (request, response) => {
    const asked = readInput(tableId, request.params.tableId)
    const { limit } = readInput(resultsAsked, request.query)
    if ((await tables.info(asked)) === null) throw new Refused('no-such-table')
    response.set('cache-control', 'no-cache').json({ results: await history.resultsOfTable(asked, limit) })
  })
  app.post(
    '/api/tables/:tableId/ticket',
    jsonBody(),
    forPlayer(deps.players, withinBudget, async (request, response, { playerId, name }) => {
      const asked = readInput(tableId, request.params.tableId)
      if ((await tables.info(asked)) === null) throw new Refused('no-such-table')
      if ((await deps.books.balanceOf(playerId)) === null) await deps.players.ensureAccount(playerId)
      response.json(await tickets.issue(playerId, name, asked))
    }),
  )
}
