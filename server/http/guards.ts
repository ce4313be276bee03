import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import helmet from 'helmet'
import type { z } from 'zod'
import type { Players, SignedIn } from '../players/players.ts'
import { addressKey } from './addresses.ts'
import type { HouseApiDeps } from './ports.ts'
import { Refused } from './refusal.ts'
import { TokenBuckets } from './token-bucket.ts'

const BODY_BYTES = 16 * 1024
/** Twelve favourites of 64 bets. */
export const FAVOURITES_BYTES = 512 * 1024
const READING = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Only our own scripts, styles and pictures; sockets to this house only; nobody may frame the page. */
export function securityHeaders(publicUrl: string, allowedOrigins: readonly string[]): RequestHandler {
  const secure = publicUrl.startsWith('https://')
  // A policy cannot name an IPv6 address; `'self'` covers the page that came from there.
  const sockets = allowedOrigins
    .filter((origin) => !origin.includes('['))
    .map((origin) => origin.replace(/^http/, 'ws'))
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        mediaSrc: ["'self'", 'data:', 'blob:'],
        manifestSrc: ["'self'"],
        workerSrc: ["'self'"],
        connectSrc: ["'self'", ...sockets],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        objectSrc: ["'none'"],
      },
    },
    strictTransportSecurity: secure ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  })
}

/** A page of a foreign origin may change nothing. Programs send no Origin and no cookie of a browser (HTTP-4). */
export function originGuard(allowedOrigins: readonly string[]): RequestHandler {
  const allowed = new Set(allowedOrigins)
  return (request, _response, next) => {
    const { origin } = request.headers
    if (!READING.has(request.method) && origin !== undefined && !allowed.has(origin))
      throw new Refused('foreign-origin')
    // A browser that sends no Origin still says when another site asks.
    if (!READING.has(request.method) && request.headers['sec-fetch-site'] === 'cross-site' && origin === undefined) {
      throw new Refused('foreign-origin')
    }
    next()
  }
}

/** Budgets of one node: for each address, and within it for each player. */
export function budgets(deps: Pick<HouseApiDeps, 'requestsPerSecond' | 'nowMs'>) {
  const perSecond = deps.requestsPerSecond
  const byAddress = new TokenBuckets({ perSecond, burst: perSecond * 4 }, deps.nowMs)
  const byPlayer = new TokenBuckets({ perSecond: Math.max(1, perSecond / 5), burst: perSecond }, deps.nowMs)
  const ofAddress: RequestHandler = (request, response, next) => {
    if (!byAddress.take(addressKey(request.ip ?? ''))) tooFast(response)
    next()
  }
  return { ofAddress, ofPlayer: (playerId: string) => byPlayer.take(playerId) }
}

function tooFast(response: Response): never {
  response.set('retry-after', '1')
  throw new Refused('too-fast')
}

/** Bodies are plain JSON objects of a bounded size; compressed ones are refused, since they may unfold to anything. */
export function jsonBody(limit = BODY_BYTES): RequestHandler {
  const parse = express.json({ limit, inflate: false, type: 'application/json', reviver: onlyStorable })
  return (request, response, next) => {
    const empty = request.headers['transfer-encoding'] === undefined && !Number(request.headers['content-length'] ?? 0)
    if (empty) return next()
    if (!request.is('application/json')) throw new Refused('not-json')
    parse(request, response, next)
  }
}

/** Postgres keeps no NUL and no half of a character in its texts, so no part of a body may have one. */
function onlyStorable(key: string, value: unknown): unknown {
  for (const text of [key, value]) {
    if (typeof text === 'string' && (text.includes('\0') || !text.isWellFormed())) throw new SyntaxError('no such text')
  }
  return value
}

/** The value that the schema reads. Errors: throws `malformed`. */
export function readInput<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const read = schema.safeParse(value)
  if (!read.success) throw new Refused('malformed')
  return read.data
}

type PlayerRoute = (request: Request, response: Response, player: SignedIn) => Promise<void>

/**
 * A route for whoever is signed in; its answer is private, and prolongs the session. Errors: `signed-out`, `too-fast`.
 */
export function forPlayer(players: Players, withinBudget: (playerId: string) => boolean, route: PlayerRoute) {
  return async (request: Request, response: Response, _next: NextFunction): Promise<void> => {
    response.set('cache-control', 'no-store')
    const player = await players.playerOf(request.headers.cookie ?? '')
    if (player === null) throw new Refused('signed-out')
    if (!withinBudget(player.playerId)) tooFast(response)
    for (const cookie of player.setCookies) response.append('set-cookie', cookie)
    await route(request, response, player)
  }
}
