import type { Express, Request, Response } from 'express'
import { AUTH_PATH } from '../players/auth.ts'
import { type AuthAction, authActions } from '../players/players.ts'
import { jsonBody } from './guards.ts'
import type { HouseApiDeps } from './ports.ts'
import { Refused, refuse } from './refusal.ts'

/** The four requests of the auth library that players need; everything else that it offers stays shut. */
export function authRoutes(app: Express, deps: HouseApiDeps): void {
  for (const action of authActions) {
    const path = `${AUTH_PATH}/${action}`
    if (action === 'get-session') app.get(path, (request, response) => answer(deps, action, request, response))
    else app.post(path, jsonBody(), (request, response) => answer(deps, action, request, response))
  }
}

async function answer(deps: HouseApiDeps, action: AuthAction, request: Request, response: Response): Promise<void> {
  response.set('cache-control', 'no-store')
  const answered = await deps.players.answer({
    action,
    body: request.body,
    cookie: request.headers.cookie ?? '',
    address: request.ip ?? '',
    userAgent: (request.headers['user-agent'] ?? '').slice(0, 200),
  })
  if (answered === 'malformed') throw new Refused('malformed')
  if (answered.status === 429) {
    response.set('retry-after', answered.headers.get('x-retry-after') ?? '60')
    return refuse(response, 'too-fast')
  }
  if (answered.status >= 500) throw new Error(`sign-in answered ${answered.status} to ${action}`)
  for (const cookie of answered.headers.getSetCookie()) response.append('set-cookie', cookie)
  response
    .status(answered.status)
    .type('json')
    .send(await answered.text())
}
