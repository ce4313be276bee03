import { createAuthContext, ErrorCode, matchMaker } from '@colyseus/core'
import express, { type Express } from 'express'

/** All that a client may ask of the matchmaker: tables are opened by the house alone. */
export const EXPOSED_METHODS = ['joinById', 'reconnect'] as const
const MOST_OPTIONS = '2kb'

/** What the matchmaker refuses, in words of ours; its own text would say what failed inside. */
const REFUSALS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [ErrorCode.MATCHMAKE_NO_HANDLER, 'no-such-method'],
  [ErrorCode.MATCHMAKE_INVALID_ROOM_ID, 'no-such-table'],
  [ErrorCode.MATCHMAKE_EXPIRED, 'seat-expired'],
  [ErrorCode.AUTH_FAILED, 'ticket-invalid'],
])

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
      const { code } = error as { code?: unknown }
      const refusal = REFUSALS.get(code)
      const status = refusal === undefined ? 500 : Number(code)
      response.status(status).json({ code: status, error: refusal ?? 'failed' })
    }
  })
}
