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
    const options = optionsOf(method, request.body)
    if (options === null) {
      response.status(400).json({ code: 400, error: 'malformed' })
      return
    }
    try {
      response.json(await matchMaker.controller.invokeMethod(method, room, options, createAuthContext({ headers })))
    } catch (error) {
      const { code } = error as { code?: unknown }
      const refusal = REFUSALS.get(code)
      const status = refusal === undefined ? 500 : Number(code)
      response.status(status).json({ code: status, error: refusal ?? 'failed' })
    }
  })
  app.use('/matchmake', (_request, response) => {
    response.status(404).json({ code: 404, error: 'no-such-method' })
  })
}

/** A seat keeps its options, so no more of them is passed on than is used; null when what is needed is not there. */
function optionsOf(method: string, body: unknown): { readonly reconnectionToken?: string } | null {
  if (method !== 'reconnect') return {}
  const { reconnectionToken } = (body ?? {}) as { readonly reconnectionToken?: unknown }
  return typeof reconnectionToken === 'string' && reconnectionToken.length <= 64 ? { reconnectionToken } : null
}
