import { expect, test } from 'vitest'
import type { Refusal } from '../engine/round/types.ts'
import type { MessageRefusal } from '../rooms/protocol.ts'
import { BET_RESULTS, MESSAGE_REFUSALS, Metrics } from './metrics.ts'

function metricsAt(clock: { nowMs: number } = { nowMs: 0 }) {
  return new Metrics({ nowMs: () => clock.nowMs, processMetrics: false })
}

/** Lines of samples, without comments. */
async function samples(metrics: Metrics): Promise<string[]> {
  return (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

test('[OBS-1 OBS-2] ten thousand hostile label values add at most one series per metric', async () => {
  const metrics = metricsAt()
  const strike = (i: number) => {
    const value = `planted-${i}\n"} evil`
    metrics.betAnswered(value)
    metrics.messageRefused(value)
    metrics.phaseReached(value)
    metrics.socketOpened(value)
    metrics.ledgerCalled(value, 'ok', 0.01)
    metrics.tableInPhase(`table-${i % 10}`, value)
    metrics.tableIs(`table-${i % 10}`, value)
    metrics.httpAnswered({ method: value, route: '/api/me', status: i, seconds: 0.01 })
  }
  strike(0)
  for (let status = 100; status < 600; status++) {
    metrics.httpAnswered({ method: 'planted', route: '/api/me', status, seconds: 0.01 })
  }
  const before = (await samples(metrics)).length
  for (let i = 0; i < 10_000; i++) strike(i)
  const after = await samples(metrics)
  expect(after.length).toBe(before)
  expect(after.join('\n')).not.toContain('planted')
  expect(after.join('\n')).toContain('crupier_bets_total{result="other"} 10001')
})

test('[OBS-1] at most 64 routes are told apart', async () => {
  const metrics = metricsAt()
  for (let i = 0; i < 200; i++) metrics.httpAnswered({ method: 'GET', route: `/r${i}`, status: 200, seconds: 0.01 })
  const routes = (await samples(metrics)).filter((line) => line.startsWith('crupier_http_requests_total'))
  expect(routes).toHaveLength(65)
  expect(routes.at(-1)).toMatch(/route="other".* 136$/)
})

test('[OBS-3] every refusal code of the game and of the protocol is a listed value', async () => {
  type Missing =
    | Exclude<Refusal, (typeof BET_RESULTS)[number]>
    | Exclude<MessageRefusal, (typeof MESSAGE_REFUSALS)[number]>
  const missing: Missing[] = []
  expect(missing).toEqual([])
  const metrics = metricsAt()
  for (const code of [...BET_RESULTS, ...MESSAGE_REFUSALS]) metrics.betAnswered(code)
  const text = await metrics.text()
  for (const code of [...BET_RESULTS, ...MESSAGE_REFUSALS]) expect(text).toContain(`{result="${code}"} 1`)
  expect(text).not.toContain('result="other"')
})

test('[OBS-4] names carry their unit and every metric explains itself', async () => {
  const metrics = new Metrics({ nowMs: () => 0 })
  const own = (await metrics.registry.getMetricsAsJSON()).filter(({ name }) => name.startsWith('crupier_'))
  expect(own.length).toBeGreaterThan(15)
  for (const { name, type, help } of own) {
    expect(help.endsWith('.'), `${name} has a help sentence`).toBe(true)
    if (type === 'counter') expect(name).toMatch(/_total$/)
    if (type === 'histogram') expect(name).toMatch(/_seconds$/)
  }
  expect(await metrics.text()).toContain('nodejs_eventloop_lag_p99_seconds')
})

test('[OBS-5] the audit of the books is shown with its age', async () => {
  const clock = { nowMs: 1_000 }
  const metrics = metricsAt(clock)
  clock.nowMs = 11_000
  expect(await metrics.text()).toContain('crupier_ledger_audit_age_seconds 10')
  metrics.booksAudited({ linesSumCents: -7, accountsOff: 2, negativePlayers: 0 })
  clock.nowMs = 12_500
  const text = await metrics.text()
  expect(text).toContain('crupier_ledger_audit_age_seconds 1.5')
  expect(text).toContain('crupier_ledger_imbalance_cents -7')
  expect(text).toContain('crupier_ledger_accounts_off 2')
})

test('[OBS-1] tables are counted by the phase they are in now', async () => {
  const metrics = metricsAt()
  metrics.tableInPhase('lima', 'open')
  metrics.tableInPhase('cusco', 'open')
  metrics.tableInPhase('lima', 'closed')
  metrics.tableInPhase('cusco', null)
  const text = await metrics.text()
  expect(text).toContain('crupier_tables{phase="open"} 0')
  expect(text).toContain('crupier_tables{phase="closed"} 1')
})

test('[OBS-4] the draw pool is read when the metrics are', async () => {
  const metrics = metricsAt()
  let fallbacks = 3
  metrics.watchDrawPool(() => ({ depth: 4096, fallbacks, healthy: true }))
  await metrics.text()
  fallbacks = 5
  const text = await metrics.text()
  expect(text).toContain('crupier_draw_pool_depth_bytes 4096')
  expect(text).toContain('crupier_draw_pool_fallbacks_total 5')
  expect(text).toContain('crupier_draw_pool_healthy 1')
})
