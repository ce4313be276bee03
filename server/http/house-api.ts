import express, { type Express } from 'express'
import { authRoutes } from './auth-routes.ts'
import { fairnessRoutes } from './fairness-routes.ts'
import { budgets, originGuard, securityHeaders } from './guards.ts'
import { healthRoutes } from './health-routes.ts'
import { pageRoutes, readPage } from './page.ts'
import { playerRoutes } from './player-routes.ts'
import type { HouseApiDeps } from './ports.ts'
import { answerErrors, Refused } from './refusal.ts'
import { requestLog } from './request-log.ts'
import { tableRoutes } from './table-routes.ts'

/**
 * The house's HTTP: the players' API of `docs/http-api.md`, health, metrics and the page; `extend` adds the operators'.
 * An application of its own, to be served alone or mounted at the root of another one. Matchmaking of the game sockets
 * passes the guards and is left to whoever comes next.
 */
export function houseApi(deps: HouseApiDeps, extend: (app: Express) => void = () => {}): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.set('query parser', 'simple')
  // Addresses are believed from these alone; with none, from the connection.
  app.set('trust proxy', [...deps.trustedProxies])
  const { ofAddress, ofPlayer } = budgets(deps)

  app.use(requestLog(deps.log, deps.metrics, deps.nowMs))
  app.use(securityHeaders(deps.publicUrl, deps.allowedOrigins))
  app.use(ofAddress)
  app.use(originGuard(deps.allowedOrigins))
  healthRoutes(app, deps)
  authRoutes(app, deps)
  playerRoutes(app, deps, ofPlayer)
  tableRoutes(app, deps, ofPlayer)
  fairnessRoutes(app, deps)
  extend(app)
  if (deps.pageDir !== null) pageRoutes(app, readPage(deps.pageDir))
  app.use((request, _response, next) => {
    if (!request.path.startsWith('/matchmake/')) throw new Refused('not-found')
    next()
  })
  app.use(answerErrors(deps.log))
  return app
}
