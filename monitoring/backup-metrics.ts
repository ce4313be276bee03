import { Counter, Gauge, Registry } from '@prometheus-io/client'

/** `books`: the books of rounds that had ended are not what they were, or not what the public log says. */
export const BACKUP_STEPS = ['base', 'wal', 'mark', 'books'] as const
export type BackupStep = (typeof BACKUP_STEPS)[number]

/** When each was last had, in milliseconds since 1970; null for what never was. */
export type BackupReading = {
  readonly baseAtMs: number | null
  /** Everything that was committed up to then is in the second place. */
  readonly walSafeAtMs: number | null
  readonly markAtMs: number | null
  readonly drillOkAtMs: number | null
  /** What the latest drill found, passed or not; null before the first. */
  readonly drill: { readonly ok: boolean; readonly rpoSeconds: number | null; readonly rtoSeconds: number } | null
}

/**
 * The metrics of the process that backs a house up; `metrics.ts` has those of its nodes. Ages are told as ages, so that
 * one alert says "late" of all of them; what never was is as old as the process (OBS-6).
 */
export class BackupMetrics {
  readonly registry = new Registry()
  readonly #nowMs: () => number
  readonly #startedAtMs: number
  readonly #failures = new Counter({
    name: 'crupier_backup_failures_total',
    help: 'Steps of the backup that failed, each attempt.',
    labelNames: ['step'],
    registers: [this.registry],
  })
  readonly #baseSeconds = this.#gauge('crupier_backup_base_seconds', 'How long the latest base backup took.')
  readonly #baseBytes = this.#gauge('crupier_backup_base_bytes', 'Size of the latest base backup, compressed.')

  constructor(options: { readonly nowMs: () => number; readonly read: () => Promise<BackupReading> }) {
    this.#nowMs = options.nowMs
    this.#startedAtMs = options.nowMs()
    for (const step of BACKUP_STEPS) this.#failures.inc({ step }, 0)
    // All gauges are collected at once: the second place is looked at once for all of them.
    let underWay: Promise<BackupReading> | null = null
    const read = (): Promise<BackupReading> => {
      underWay ??= options.read().finally(() => {
        underWay = null
      })
      return underWay
    }
    const age = (name: string, help: string, of: (reading: BackupReading) => number | null): void => {
      this.#gauge(name, help, async () => this.#ageSeconds(of(await read())))
    }
    age('crupier_backup_base_age_seconds', 'Since the newest base backup was whole.', ({ baseAtMs }) => baseAtMs)
    age(
      'crupier_backup_wal_age_seconds',
      'What was committed longer ago is in the second place.',
      ({ walSafeAtMs }) => walSafeAtMs,
    )
    age('crupier_backup_mark_age_seconds', 'Since the newest high-water mark.', ({ markAtMs }) => markAtMs)
    age('crupier_backup_drill_age_seconds', 'Since a restore drill last passed.', ({ drillOkAtMs }) => drillOkAtMs)
    const drill = (name: string, help: string, of: (drill: BackupReading['drill']) => number | null): void => {
      // What was not measured is not zero.
      this.#gauge(name, help, async () => of((await read()).drill) ?? Number.NaN)
    }
    drill('crupier_backup_drill_failed', '1 when the latest restore drill found a difference.', (found) =>
      Number(found?.ok === false),
    )
    drill(
      'crupier_backup_drill_rpo_seconds',
      'Loss that the latest drill measured; NaN when it could not, or there was none.',
      (found) => found?.rpoSeconds ?? null,
    )
    drill(
      'crupier_backup_drill_rto_seconds',
      'Time to be back, as the latest drill measured; NaN before the first.',
      (found) => found?.rtoSeconds ?? null,
    )
  }

  failed(step: BackupStep): void {
    this.#failures.inc({ step })
  }

  baseTaken(seconds: number, bytes: number): void {
    this.#baseSeconds.set(seconds)
    this.#baseBytes.set(bytes)
  }

  text(): Promise<string> {
    return this.registry.metrics()
  }

  #ageSeconds(atMs: number | null): number {
    return Math.max(0, this.#nowMs() - (atMs ?? this.#startedAtMs)) / 1000
  }

  #gauge(name: string, help: string, read?: () => Promise<number>): Gauge {
    const declared: Gauge = new Gauge({
      name,
      help,
      registers: [this.registry],
      ...(read && {
        collect: async () => {
          declared.set(await read())
        },
      }),
    })
    return declared
  }
}
