import type { Express, Request, RequestHandler } from 'express'
import type { Metrics } from '../../monitoring/metrics.ts'
import { addressKey, addressList } from '../http/addresses.ts'
import { jsonBody } from '../http/guards.ts'
import { holdsToken } from '../http/operator-token.ts'
import { Refused } from '../http/refusal.ts'
import { TokenBuckets } from '../http/token-bucket.ts'
import { ACTOR_RULE, readActor } from './commands.ts'
import type { OperatorDesk } from './desk.ts'

/** Who stands behind the shared token, as the operator says it: letters, digits and `. _ @ -`. */
export const ACTOR_HEADER = 'x-operator'
const COMMAND_BYTES = 64 * 1024
const WRONG_TOKENS_RECORDED = { perSecond: 10 / 60, burst: 10 }

export type OperatorRoutesOptions = {
  readonly desk: OperatorDesk
  readonly token: string
  readonly operatorFrom: readonly string[]
  readonly metrics: Pick<Metrics, 'operatorCommanded'>
  readonly nowMs: () => number
}

/**
 * `POST /operator/api/command` with a command of the desk, a bearer token and the actor's name (percent-encoded).
 * Answers
 * `{code: null, result}`, or 409 with the code of the refusal and why. For `houseApi`'s `extend`.
 */
export function operatorRoutes(options: OperatorRoutesOptions): (app: Express) => void {
  const { desk, metrics } = options
  const guard = operatorGuard(options)
  return (app) => {
    app.post('/operator/api/command', guard, jsonBody(COMMAND_BYTES), async (request, response) => {
      response.set('cache-control', 'no-store')
      const actor = actorOf(request)
      if (actor === null) {
        await desk.note('unnamed', 'unreadable', '', { refused: 'malformed' })
        metrics.operatorCommanded('refused')
        return void response.status(400).json({ code: 'malformed', message: `${ACTOR_HEADER}: ${ACTOR_RULE}` })
      }
      const { code, result, why } = await desk.take(actor, request.body).catch((error: unknown) => {
        metrics.operatorCommanded('failed')
        throw error
      })
      metrics.operatorCommanded(code === null ? 'done' : 'refused')
      if (code === null) response.json({ code, result })
      else response.status(code === 'malformed' ? 400 : 409).json({ code, message: why ?? '' })
    })
  }
}

function operatorGuard({ desk, token, operatorFrom, metrics, nowMs }: OperatorRoutesOptions): RequestHandler {
  const allowed = addressList(operatorFrom)
  const recorded = new TokenBuckets(WRONG_TOKENS_RECORDED, nowMs, 1)
  return async (request, _response, next) => {
    const address = request.ip ?? ''
    const refusal = !allowed(address)
      ? 'foreign-address'
      : holdsToken(request.headers.authorization, token)
        ? null
        : 'wrong-token'
    if (refusal === null) return next()
    metrics.operatorCommanded('refused')
    // The record is never cleaned, so nobody may fill it from outside.
    if (recorded.take('all')) {
      await desk.note(`unknown at ${addressKey(address)}`, 'operator.refused', '', { refused: refusal })
    }
    throw new Refused(refusal)
  }
}

function actorOf(request: Request): string | null {
  const header = request.headers[ACTOR_HEADER]
  if (typeof header !== 'string') return null
  try {
    return readActor(decodeURIComponent(header))
  } catch {
    return null
  }
}
