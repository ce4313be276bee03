import { createAuthContext, ErrorCode, matchMaker } from '@colyseus/core'
import express, { type Express, type Request, type Response } from 'express'
import type { Place } from '../failover/directory.ts'
import { HOLD_MS, type Whereabouts } from '../failover/gateway.ts'
import { RELAY_HEADER } from '../failover/peer-server.ts'

/** All that a client may ask of the matchmaker: tables are opened by the house alone. */
export const EXPOSED_METHODS = ['joinById', 'reconnect'] as const
const MOST_OPTIONS = '2kb'
const ASK_LIMIT_MS = 4_000
const AGAIN_MS = 25

/** What the matchmaker refuses, in words of ours; its own text would say what failed inside. */
const REFUSALS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [ErrorCode.MATCHMAKE_NO_HANDLER, 'no-such-method'],
  [ErrorCode.MATCHMAKE_INVALID_ROOM_ID, 'no-such-table'],
  [ErrorCode.MATCHMAKE_EXPIRED, 'seat-expired'],
  [ErrorCode.AUTH_FAILED, 'ticket-invalid'],
])

export type MatchmakingOptions = {
  readonly whereabouts: Whereabouts
  /** Proves to another node that this one may ask for its clients; null for a house of one node. */
  readonly token: string | null
  readonly steadyMs: () => number
}

type Answer = { readonly status: number; readonly body: unknown }
type Asked = {
  readonly method: string
  readonly room: string
  readonly authorization: string | undefined
  readonly options: { readonly reconnectionToken?: string }
}

const NOT_NOW: Answer = { status: 503, body: { code: 503, error: 'table-stopping' } }

/**
 * The matchmaking that Colyseus clients expect, as a route of our own. Colyseus' HTTP router would answer before every
 * guard of ours, allow any Origin with credentials, and take the page's address `/` for itself. Whichever node is asked
 * asks the table's owner, and waits while the table moves.
 */
export function matchmakingRoutes(app: Express, options: MatchmakingOptions): void {
  route(app, (asked) => lead(asked, options))
  app.use('/matchmake', (_request, response) => {
    response.status(404).json({ code: 404, error: 'no-such-method' })
  })
}

/** The same for other nodes, which ask on behalf of their clients: answered here or not at all. */
export function peerMatchmakingRoutes(app: Express, whereabouts: () => Whereabouts): void {
  route(app, async (asked) => {
    const here = (await whereabouts().find(asked.room, 0)) === 'here'
    return here ? answerHere(asked, whereabouts().nodeId) : NOT_NOW
  })
}

function route(app: Express, answer: (asked: Asked) => Promise<Answer>): void {
  matchMaker.controller.exposedMethods = [...EXPOSED_METHODS]
  const limit = express.json({ limit: MOST_OPTIONS })
  app.post('/matchmake/:method/:room', limit, async (request: Request, response: Response) => {
    response.set('cache-control', 'no-store')
    const { method, room } = request.params as { method: string; room: string }
    const options = optionsOf(method, request.body)
    const { authorization } = request.headers
    const { status, body } =
      options === null
        ? { status: 400, body: { code: 400, error: 'malformed' } }
        : await answer({ method, room, authorization, options })
    response.status(status).json(body)
  })
}

async function lead(asked: Asked, options: MatchmakingOptions): Promise<Answer> {
  const { whereabouts, steadyMs, token } = options
  const giveUpAtMs = steadyMs() + HOLD_MS
  for (let leftMs = HOLD_MS; leftMs > 0; leftMs = giveUpAtMs - steadyMs()) {
    const place = await whereabouts.find(asked.room, leftMs)
    if (place === 'here' || !whereabouts.wants(asked.room)) return answerHere(asked, whereabouts.nodeId)
    if (place === null || token === null) return NOT_NOW
    const answer = await askThere(place, asked, token)
    if (answer !== null) return answer
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
  }
  return NOT_NOW
}

/** The owner's answer; null when the table is not there any more, or its node cannot be reached. */
async function askThere(place: Exclude<Place, 'here'>, asked: Asked, token: string): Promise<Answer | null> {
  const { method, room, authorization, options } = asked
  try {
    const path = `/matchmake/${encodeURIComponent(method)}/${encodeURIComponent(room)}`
    const response = await fetch(`http://${place.address}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        [RELAY_HEADER]: token,
        ...(authorization !== undefined && { authorization }),
      },
      body: JSON.stringify(options),
      signal: AbortSignal.timeout(ASK_LIMIT_MS),
    })
    return response.status === NOT_NOW.status ? null : { status: response.status, body: await response.json() }
  } catch {
    return null
  }
}

async function answerHere(asked: Asked, nodeId: string): Promise<Answer> {
  if (matchMaker.state !== matchMaker.MatchMakerState.READY) return NOT_NOW
  const { method, room, authorization, options } = asked
  const headers = new Headers(authorization === undefined ? {} : { authorization })
  try {
    const seat = await matchMaker.controller.invokeMethod(method, room, options, createAuthContext({ headers }))
    // Clients put it into the address of their socket, where a balancer may read it.
    return { status: 200, body: { ...seat, processId: nodeId } }
  } catch (error) {
    const { code } = error as { code?: unknown }
    const refusal = REFUSALS.get(code)
    const status = refusal === undefined ? 500 : Number(code)
    return { status, body: { code: status, error: refusal ?? 'failed' } }
  }
}

/** A seat keeps its options, so no more of them is passed on than is used; null when what is needed is not there. */
function optionsOf(method: string, body: unknown): Asked['options'] | null {
  if (method !== 'reconnect') return {}
  const { reconnectionToken } = (body ?? {}) as { readonly reconnectionToken?: unknown }
  return typeof reconnectionToken === 'string' && reconnectionToken.length <= 256 ? { reconnectionToken } : null
}
