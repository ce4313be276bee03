import { execFileSync } from 'node:child_process'
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
const WAITS_WITHIN_MS = 30_000
const FULL_MS = 3_000
const STARTS_WITHIN_MS = 15_000

/** A small disk of its own for the primary's data: a file system in memory, mounted where they will lie. */
class SmallDisk {
  readonly folder = mkdtempSync(join(tmpdir(), 'crupier-disk-'))
  readonly data = join(this.folder, 'one')
  readonly #ballast = join(this.data, 'ballast')

  /** Errors: throws unless this process may mount. */
  constructor() {
    mkdirSync(this.data)
    // PostgreSQL runs as a user of its own, whose folder must not be open to others.
    const owner = ['-u', '-g'].map((flag) => execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }).trim())
    const options = `size=${DISK_MB}m,mode=0700,uid=${owner[0]},gid=${owner[1]}`
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'crupier-small-disk', this.data])
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.data)
    return bavail * bsize
  }

  fill(): void {
    execFileSync('fallocate', ['-l', String(this.freeBytes), this.#ballast])
  }

  clear(): void {
    rmSync(this.#ballast, { force: true })
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

  test('[FOV-75] players read that the table waits, with a server that refuses and with one that ended', async () => {
    const { postgres } = house.cluster
    const before = await house.owners()
    const felt = await house.feel('disk full', house.tableIds, async () => {
      const fromMs = performance.now()
      disk.fill()
      expect(disk.freeBytes).toBe(0)
      // Free places inside its files last for a while; every new piece of its log asks the disk for more.
      const waits = async () => {
        await askOnce(postgres.primaryUrl, 'select pg_switch_wal()')
        return house.eyes.statuses(house.tableIds, fromMs).includes('waiting')
      }
      await until('players read that the table waits', waits, WAITS_WITHIN_MS)
      await pause(FULL_MS)
      disk.clear()
      const answers = () => askOnce(postgres.primaryUrl, 'select 1')
      // A server that could not even write its last page is ended, and it takes somebody to start it again.
      if (!(await until('it ended, or answers', () => !runs(disk.data) || answers(), STARTS_WITHIN_MS).then(answers)))
        await postgres.restartPrimary()
    })
    expect(felt).toMatchObject({ drops: [], reloads: 0 })
    expect(felt.statuses).toEqual(['waiting', 'running'])
    expect(await house.owners()).toEqual(before)
  }, 120_000)

  test('[FOV-75] nothing was lost or doubled by it', async () => {
    expect(await house.reckon()).toMatchObject(RIGHT)
  }, 90_000)
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
