import type { RequestHandler } from 'express'
import type { Metrics } from '../../monitoring/metrics.ts'
import type { Log } from '../log.ts'

/** One line and one measurement for each request: its route, never its query, headers or body (HTTP-8). */
export function requestLog(log: Log, metrics: Metrics, nowMs: () => number): RequestHandler {
  return (request, response, next) => {
    const startedAtMs = nowMs()
    const { method, path } = request
    response.once('close', () => {
      const ms = Math.max(0, nowMs() - startedAtMs)
      const route: unknown = request.route?.path
      const named = typeof route === 'string' ? route : 'unrouted'
      const status = response.writableFinished ? response.statusCode : 499
      metrics.httpAnswered({ method, route: named, status, seconds: ms / 1000 })
      const level = status >= 500 ? 'warn' : 'debug'
      log[level]({ method, path: path.slice(0, 200), route: named, status, ms }, 'request')
    })
    next()
  }
}
