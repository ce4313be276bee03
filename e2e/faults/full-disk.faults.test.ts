import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../support/until.ts'
import { FaultHouse, RIGHT } from './support/fault-house.ts'

/** Room for a new server, its log of some 16 MB pieces, and a minute of rounds. */
const DISK_MB = 320
const FELT_WITHIN_MS = 45_000
const FULL_MS = 3_000

/** A small disk of its own for the primary's data: a file system in memory, mounted where they will lie. */
class SmallDisk {
  readonly folder = mkdtempSync(join(tmpdir(), 'crupier-disk-'))
  readonly data = join(this.folder, 'one')
  readonly #ballast: string[] = []

  /** Errors: throws unless this process may mount. */
  constructor() {
    mkdirSync(this.data)
    // PostgreSQL runs as a user of its own, whose folder must not be open to others.
    const owner = ['-u', '-g'].map((flag) => execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }).trim())
    const options = `size=${DISK_MB}m,mode=0700,uid=${owner[0]},gid=${owner[1]}`
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'crupier-small-disk', this.data])
  }

  /** Takes whatever is free now. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.data)
    if (bavail === 0) return
    const file = join(this.data, `ballast-${this.#ballast.length}`)
    this.#ballast.push(file)
    // The server writes too, so it may be less by now.
    spawnSync('fallocate', ['-l', String(bavail * bsize), file])
  }

  clear(): void {
    for (const file of this.#ballast.splice(0)) rmSync(file, { force: true })
  }

  remove(): void {
    execFileSync('umount', ['--lazy', this.data])
    rmSync(this.folder, { recursive: true, force: true })
  }
}

describe('a PostgreSQL whose disk is full', () => {
  let disk: SmallDisk
  let house: FaultHouse<'single', true>

  beforeAll(async () => {
    disk = new SmallDisk()
    const parts = { nodes: 2, redis: 'single', standby: true, playersAtTable: 4 } as const
    house = await FaultHouse.open({ ...parts, postgresFolder: disk.folder })
  }, 120_000)

  afterAll(async () => {
    await house?.close()
    disk?.remove()
  })

  test('[FOV-75] a server that refuses what needs room: players read that the table waits, then go on', async () => {
    const before = await house.owners()
    const felt = await house.feel('disk full, server refuses', house.tableIds, async () => {
      await whileFull(waits)
      expect(runs(disk.data)).toBe(true)
    })
    expect(felt).toMatchObject({ statuses: ['waiting', 'running'], drops: [], reloads: 0 })
    expect(await house.owners()).toEqual(before)
  }, 120_000)

  test('[FOV-75] a server that ends for want of room: the same, once somebody has started it again', async () => {
    const { postgres } = house.cluster
    const before = await house.owners()
    const felt = await house.feel('disk full, server ends', house.tableIds, async () => {
      await whileFull(async (fromMs) => {
        // Every new piece of its log asks the disk for more; without one it can neither go on nor recover.
        await askOnce(postgres.primaryUrl, 'select pg_switch_wal()')
        return waits(fromMs) && !runs(disk.data)
      })
      await postgres.restartPrimary()
    })
    expect(felt).toMatchObject({ statuses: ['waiting', 'running'], drops: [], reloads: 0 })
    expect(await house.owners()).toEqual(before)
  }, 120_000)

  test('[FOV-75] nothing was lost or doubled by it', async () => {
    expect(await house.reckon()).toMatchObject(RIGHT)
  }, 90_000)

  function waits(fromMs: number): boolean {
    return house.eyes.statuses(house.tableIds, fromMs).includes('waiting')
  }

  /** Leaves no room on the disk until something has come of it, and for a while more. */
  async function whileFull(holds: (fromMs: number) => boolean | Promise<boolean>): Promise<void> {
    const fromMs = performance.now()
    try {
      const felt = (): boolean | Promise<boolean> => {
        disk.fill()
        return holds(fromMs)
      }
      await until('the full disk is felt', felt, FELT_WITHIN_MS)
      await pause(FULL_MS)
    } finally {
      disk.clear()
    }
  }
})

/** Whether the first process of the server whose data lie there still runs. */
function runs(data: string): boolean {
  const file = join(data, 'postmaster.pid')
  const pid = existsSync(file) ? readFileSync(file, 'utf8').split('\n')[0] : ''
  return pid !== '' && existsSync(`/proc/${pid}`)
}

/** Whether the server answers one question. */
async function askOnce(url: string, question: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000, query_timeout: 2_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query(question)
    return true
  } catch {
    return false
  } finally {
    void client.end()
  }
}
