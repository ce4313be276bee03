import { randomUUID } from 'node:crypto'
import { createAuthContext, ErrorCode, matchMaker } from '@colyseus/core'
import express, { type Express, type Request, type Response } from 'express'
import { HOLD_MS, type Whereabouts } from '../failover/gateway.ts'
import type { HeldClients } from '../failover/held.ts'
import { Patience } from '../failover/patience.ts'
import type { PeerWays, SeatAnswer, SeatAsk } from '../failover/peers.ts'
import { addressKey } from './addresses.ts'
import { GivenSeats } from './given-seats.ts'

/** All that a client may ask of the matchmaker: tables are opened by the house alone. */
export const EXPOSED_METHODS = ['joinById', 'reconnect'] as const
const MOST_OPTIONS = '2kb'
/** A slow answer is waited for by asking again, while the seat that it gives still stands. */
const ASK_LIMIT_MS = 2_000
const AGAIN_MS = 25
/** A client that has gone is not waited for any longer than this. */
const LISTEN_MS = 500

/** What the matchmaker refuses, in words of ours; its own text would say what failed inside. */
const REFUSALS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [ErrorCode.MATCHMAKE_NO_HANDLER, 'no-such-method'],
  [ErrorCode.MATCHMAKE_INVALID_ROOM_ID, 'no-such-table'],
  [ErrorCode.MATCHMAKE_EXPIRED, 'seat-expired'],
  [ErrorCode.AUTH_FAILED, 'ticket-invalid'],
])

export type MatchmakingOptions = {
  readonly whereabouts: Whereabouts
  /** The way to other nodes; null for a house of one node. */
  readonly peers: Pick<PeerWays, 'ask'> | null
  readonly held: HeldClients
  readonly steadyMs: () => number
}

const NOT_NOW: SeatAnswer = { status: 503, body: { code: 503, error: 'table-stopping' } }
const UNREACHABLE: SeatAnswer = { status: 502, body: { code: 502, error: 'owner-unreachable' } }
const TOO_FAST: SeatAnswer = { status: 429, body: { code: 429, error: 'too-fast' } }
const MALFORMED: SeatAnswer = { status: 400, body: { code: 400, error: 'malformed' } }

/**
 * The matchmaking that Colyseus clients expect, as a route of our own. Colyseus' HTTP router would answer before every
 * guard of ours, allow any Origin with credentials, and take the page's address `/` for itself. Whichever node is asked
 * asks the table's owner, and waits while the table moves.
 */
export function matchmakingRoutes(app: Express, options: MatchmakingOptions): void {
  matchMaker.controller.exposedMethods = [...EXPOSED_METHODS]
  const limit = express.json({ limit: MOST_OPTIONS })
  app.post('/matchmake/:method/:room', limit, async (request: Request, response: Response) => {
    const { status, body } = await answer(request, response, options)
    response.set('cache-control', 'no-store').status(status).json(body)
  })
  app.use('/matchmake', (_request, response) => {
    response.status(404).json({ code: 404, error: 'no-such-method' })
  })
}

/** One of these in a process, as there is one matchmaker. */
const given = new GivenSeats<SeatAnswer>({ keptMs: HOLD_MS, steadyMs: () => performance.now() })

/** A seat for another node's client: given here or not at all, and once. */
export async function seatHere(ask: SeatAsk, whereabouts: Whereabouts): Promise<SeatAnswer> {
  if ((await whereabouts.find(ask.room, 0)) !== 'here') return NOT_NOW
  return given.give(
    ask.askId,
    () => answerHere(ask, whereabouts.nodeId),
    ({ status }) => status !== NOT_NOW.status,
  )
}

async function answer(request: Request, response: Response, options: MatchmakingOptions): Promise<SeatAnswer> {
  const { method, room } = request.params as { method: string; room: string }
  const { authorization = null } = request.headers
  const wish = optionsOf(method, request.body)
  if (wish === null) return MALFORMED
  const leave = options.held.enter(addressKey(request.ip ?? ''))
  if (typeof leave === 'string') return leave === 'full' ? NOT_NOW : TOO_FAST
  response.once('close', leave)
  try {
    return await lead(
      { askId: randomUUID(), method, room, authorization, options: wish },
      options,
      () => response.destroyed,
    )
  } finally {
    leave()
  }
}

async function lead(ask: SeatAsk, options: MatchmakingOptions, gone: () => boolean): Promise<SeatAnswer> {
  const { whereabouts, steadyMs, peers } = options
  const giveUpAtMs = steadyMs() + HOLD_MS
  const patience = new Patience(steadyMs)
  for (let leftMs = HOLD_MS; leftMs > 0 && !gone(); leftMs = giveUpAtMs - steadyMs()) {
    const unheard = whereabouts.unheard(ask.room)
    const sliceMs = Math.min(leftMs, LISTEN_MS)
    const askedAtMs = steadyMs()
    const place = await whereabouts.find(ask.room, unheard === null ? sliceMs : 0)
    if (place === 'here' || !whereabouts.wants(ask.room)) return answerHere(ask, whereabouts.nodeId)
    const nodeId = place?.nodeId ?? unheard
    if (nodeId === null) {
      // Who answers sooner than it was asked to has ceased to look.
      if (steadyMs() - askedAtMs < sliceMs - AGAIN_MS) break
      continue
    }
    if (peers === null || gone()) break
    const given = await peers.ask(nodeId, 'seat', ask, ASK_LIMIT_MS).catch(() => null)
    const moving = given?.status === NOT_NOW.status
    if (given !== null && !moving) return given
    if (patience.isOver(nodeId, place !== null, moving)) return UNREACHABLE
    if (place === null) await whereabouts.find(ask.room, sliceMs)
    else await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
  }
  return NOT_NOW
}

async function answerHere(ask: SeatAsk, nodeId: string): Promise<SeatAnswer> {
  if (matchMaker.state !== matchMaker.MatchMakerState.READY) return NOT_NOW
  const { method, room, authorization, options } = ask
  const headers = new Headers(authorization === null ? {} : { authorization })
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
function optionsOf(method: string, body: unknown): SeatAsk['options'] | null {
  if (method !== 'reconnect') return {}
  const { reconnectionToken } = (body ?? {}) as { readonly reconnectionToken?: unknown }
  return typeof reconnectionToken === 'string' && reconnectionToken.length <= 256 ? { reconnectionToken } : null
}
