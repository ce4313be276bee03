import type { Express, Request } from 'express'
import { addressList } from './addresses.ts'
import { holdsToken } from './operator-token.ts'
import type { Health, HouseApiDeps } from './ports.ts'
import { Refused } from './refusal.ts'

/** A balancer that has to wait for this answer takes the node for dead, and everybody on it loses his socket. */
const ANSWER_LIMIT_MS = 250

export function healthRoutes(app: Express, deps: HouseApiDeps): void {
  const operatorAddress = addressList(deps.operatorFrom)
  const operator = (request: Request) =>
    operatorAddress(request.ip ?? '') || holdsToken(request.headers.authorization, deps.operatorToken)

  app.get('/healthz', (_request, response) => {
    response.set('cache-control', 'no-store').json({ ok: true })
  })
  app.get('/readyz', async (_request, response) => {
    const parts = await readiness(deps.health)
    // Nobody new is sent to a node that gives its tables away; whoever is there stays until he was handed over.
    const draining = deps.health.draining()
    const ok = !draining && Object.values(parts).every(Boolean)
    response
      .status(ok ? 200 : 503)
      .set('cache-control', 'no-store')
      // What other nodes do makes none of them unready: were their links to break, nobody would be sent anywhere.
      .json({ ok, ...parts, peers: deps.health.peers(), draining })
  })
  app.get('/metrics', async (request, response) => {
    if (!operator(request)) throw new Refused('foreign-address')
    response
      .set('cache-control', 'no-store')
      .type(deps.metrics.registry.contentType)
      .send(await deps.metrics.text())
  })
  app.get('/api/version', (_request, response) => {
    response.set('cache-control', 'no-store').json({ build: deps.build })
  })
  app.get('/api/house', async (_request, response) => {
    // Whoever operates the house is said in any case, also while the books do not answer.
    const maintenance = await deps.maintenance().catch(() => null)
    response.set('cache-control', 'no-cache').json({ ...deps.house, maintenance })
  })
}

type Parts = { database: boolean; drawPool: boolean; tables: boolean }

async function readiness(health: Health): Promise<Parts> {
  const { promise: tooLate, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), ANSWER_LIMIT_MS)
  const database = await Promise.race([health.database().catch(() => false), tooLate])
  clearTimeout(timer)
  return { database, drawPool: health.drawPool(), tables: health.tables() }
}
