import type { NextFunction, Request, Response } from 'express'
import { BooksOutOfReach } from '../ledger/out-of-reach.ts'
import type { Log } from '../log.ts'

/** Every code that the HTTP API answers, with its status; `docs/http-api.md` lists the same. */
export const REFUSALS = {
  malformed: [400, 'the request is not what this address takes'],
  'signed-out': [401, 'sign in first'],
  'wrong-token': [401, 'the operator token is missing or wrong'],
  'foreign-origin': [403, 'this origin may not act for a player'],
  'foreign-address': [403, 'this address may not use the operator API'],
  'play-money-off': [403, 'play money exists in development mode only'],
  'not-found': [404, 'there is nothing at this address'],
  'no-such-table': [404, 'there is no such table'],
  'no-such-round': [404, 'there is no such round, or it has not ended'],
  'grant-id-taken': [409, 'the id was used with other content'],
  'too-large': [413, 'the request is too large'],
  'not-json': [415, 'the body must be plain JSON'],
  'grant-too-large': [422, 'more play money than one grant allows'],
  'daily-limit': [422, 'the play money of 24 hours is used up'],
  'unknown-game': [422, 'the house has no such game'],
  'too-fast': [429, 'too many requests, try again shortly'],
  failed: [500, 'something went wrong here'],
  unavailable: [503, 'the books are out of reach, try again shortly'],
} as const
export type RefusalCode = keyof typeof REFUSALS

/** Thrown by a route to answer with a code; never logged as an error. */
export class Refused extends Error {
  readonly code: RefusalCode
  constructor(code: RefusalCode) {
    super(code)
    this.code = code
  }
}

export function refuse(response: Response, code: RefusalCode): void {
  const [status, message] = REFUSALS[code]
  if (response.headersSent) return void response.destroy()
  response.status(status).json({ code, message })
}

/** The last handler: whatever a route threw becomes a coded answer, and our own mistakes are logged (HTTP-2). */
export function answerErrors(log: Log) {
  // Express tells an error handler by its four parameters.
  return (error: unknown, request: Request, response: Response, _next: NextFunction): void => {
    const code = codeOf(error)
    if (code === 'failed' || code === 'unavailable') {
      log.error({ err: error, method: request.method, path: request.path }, 'a request failed')
    }
    if (code === 'unavailable') response.set('retry-after', '2')
    refuse(response, code)
  }
}

function codeOf(error: unknown): RefusalCode {
  if (error instanceof Refused) return error.code
  if (error instanceof BooksOutOfReach) return 'unavailable'
  const { status, code } = (error ?? {}) as { status?: unknown; code?: unknown }
  if (status === 413) return 'too-large'
  if (status === 415) return 'not-json'
  if (typeof status === 'number' && status >= 400 && status < 500) return 'malformed'
  return isOutOfReach(code, error) ? 'unavailable' : 'failed'
}

/** Errors of the driver and SQLSTATE classes that say the database is gone, full or shutting down. */
function isOutOfReach(code: unknown, error: unknown): boolean {
  if (typeof code === 'string') return /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|08|53|57P|55P03|57014)/.test(code)
  return error instanceof Error && /timeout exceeded when trying to connect|connection terminated/i.test(error.message)
}
