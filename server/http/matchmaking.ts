import { createAuthContext, matchMaker } from '@colyseus/core'
import express, { type Express } from 'express'

/** All that a client may ask of the matchmaker: tables are opened by the house alone. */
export const EXPOSED_METHODS = ['joinById', 'reconnect'] as const
const MOST_OPTIONS = '2kb'

/**
 * The matchmaking that Colyseus clients expect, as a route of our own. Colyseus' HTTP router would answer before every
 * guard of ours, allow any Origin with credentials, and take the page's address `/` for itself.
 */
export function matchmakingRoutes(app: Express): void {
  matchMaker.controller.exposedMethods = [...EXPOSED_METHODS]
  app.post('/matchmake/:method/:room', express.json({ limit: MOST_OPTIONS }), async (request, response) => {
    response.set('cache-control', 'no-store')
    if (matchMaker.state !== matchMaker.MatchMakerState.READY) {
      response.status(503).json({ code: 503, error: 'table-stopping' })
      return
    }
    const { method, room } = request.params
    const headers = new Headers()
    for (const [name, value] of Object.entries(request.headers)) if (typeof value === 'string') headers.set(name, value)
    try {
      const options = typeof request.body === 'object' && request.body !== null ? request.body : {}
      response.json(await matchMaker.controller.invokeMethod(method, room, options, createAuthContext({ headers })))
    } catch (error) {
      const { code, message } = error as { code?: unknown; message?: unknown }
      const known = typeof code === 'number' && code >= 400 && code < 600 ? code : 500
      // A failure of ours says no more than that; a refusal of the matchmaker or of a room is written for the client.
      response.status(known).json({ code: known, error: known === 500 ? 'failed' : String(message) })
    }
  })
}
