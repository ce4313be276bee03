import { expect, test } from 'vitest'
import { BackupMetrics, type BackupReading } from './backup-metrics.ts'

const NOTHING: BackupReading = { baseAtMs: null, walSafeAtMs: null, markAtMs: null, drillOkAtMs: null, drill: null }

test('[OBS-6] ages grow by the clock, and what never was is as old as the process', async () => {
  let nowMs = 1_000
  let reading = NOTHING
  const metrics = new BackupMetrics({ nowMs: () => nowMs, read: async () => reading })
  nowMs = 61_000
  const before = await metrics.text()
  for (const what of ['base', 'wal', 'mark', 'drill'])
    expect(before).toContain(`crupier_backup_${what}_age_seconds 60\n`)
  reading = { ...NOTHING, walSafeAtMs: 60_500, baseAtMs: 31_000 }
  const after = await metrics.text()
  expect(after).toContain('crupier_backup_wal_age_seconds 0.5\n')
  expect(after).toContain('crupier_backup_base_age_seconds 30\n')
})

test('[OBS-6] failures are counted by step, and what the latest drill found is shown', async () => {
  const drill = { ok: false, rpoSeconds: 1.5, rtoSeconds: 40 }
  const metrics = new BackupMetrics({ nowMs: () => 0, read: async () => ({ ...NOTHING, drill }) })
  metrics.failed('wal')
  metrics.baseTaken(2, 4_096)
  const text = await metrics.text()
  for (const line of [
    'crupier_backup_failures_total{step="wal"} 1',
    'crupier_backup_failures_total{step="base"} 0',
    'crupier_backup_drill_failed 1',
    'crupier_backup_drill_rto_seconds 40',
    'crupier_backup_base_bytes 4096',
  ])
    expect(text).toContain(`${line}\n`)
})

test('[OBS-6] a loss that no drill has measured is not shown as none', async () => {
  const drill = { ok: false, rpoSeconds: null, rtoSeconds: 4 }
  const metrics = new BackupMetrics({ nowMs: () => 0, read: async () => ({ ...NOTHING, drill }) })
  const text = await metrics.text()
  expect(text).toMatch(/^crupier_backup_drill_rpo_seconds NaN$/im)
  expect(text).toContain('crupier_backup_drill_rto_seconds 4\n')
  const none = await new BackupMetrics({ nowMs: () => 0, read: async () => NOTHING }).text()
  expect(none).toMatch(/^crupier_backup_drill_rto_seconds NaN$/im)
  expect(none).toContain('crupier_backup_drill_failed 0\n')
})

test('[OBS-4] the metrics of backups name their unit and explain themselves', async () => {
  const metrics = new BackupMetrics({ nowMs: () => 0, read: async () => NOTHING })
  for (const { name, help } of await metrics.registry.getMetricsAsJSON()) {
    expect(name).toMatch(/^crupier_backup_\w+(_seconds|_bytes|_total|_failed)$/)
    expect(help.endsWith('.')).toBe(true)
  }
})
