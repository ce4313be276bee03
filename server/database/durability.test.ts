import { fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from './open.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'crupier-durability-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Runs the writer until it has acknowledged `rows` more rows, kills it outright, and answers the last acknowledged. */
function writeThenKill(dataDir: string, rows: number): Promise<number> {
  const writer = fork(new URL('./testing-writer.ts', import.meta.url), [dataDir], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  return new Promise((resolve, reject) => {
    let acknowledged = 0
    let seen = 0
    writer.on('message', (row: number) => {
      acknowledged = row
      seen += 1
      if (seen === rows) writer.kill('SIGKILL')
    })
    writer.once('exit', (code, signal) => {
      if (signal === 'SIGKILL') resolve(acknowledged)
      else reject(new Error(`the writer ended by itself with ${code}`))
    })
  })
}

test('[DB-5] nothing acknowledged is lost and nothing is torn by kill -9, three times over', async () => {
  const dataDir = join(root, 'killed')
  let last = 0
  for (const rows of [40, 25, 60]) {
    const acknowledged = await writeThenKill(dataDir, rows)
    expect(acknowledged).toBeGreaterThanOrEqual(last + rows)
    const database = await openDatabase({ dataDir })
    const { rows: found } = await database.pool.query(
      'select count(*) as pairs, max(n) as top, count(*) filter (where a <> b) as torn from written',
    )
    await database.close()
    // The row on its way when the process died may be there as well, since only its acknowledgement was lost.
    expect(found[0].pairs).toBe(found[0].top)
    expect(found[0].top).toBeGreaterThanOrEqual(acknowledged)
    expect(found[0].torn).toBe(0)
    last = found[0].top
  }
  // Seven boots, each of seconds on a busy machine.
}, 180_000)

test('[DB-6] a folder in use is refused, and is free again once its owner has closed it', async () => {
  const dataDir = join(root, 'locked')
  const first = await openDatabase({ dataDir })
  await expect(openDatabase({ dataDir })).rejects.toThrow('another process is using the data folder')
  await expect(writeThenKill(dataDir, 1)).rejects.toThrow('the writer ended by itself')
  await first.close()
  expect(await writeThenKill(dataDir, 1)).toBe(1)
})

test('[DB-7] a first boot that was killed half way is begun again', async () => {
  const dataDir = join(root, 'half')
  mkdirSync(join(dataDir, 'postgres.first-boot'), { recursive: true })
  writeFileSync(join(dataDir, 'postgres.first-boot', 'PG_VERSION'), 'torn')
  const database = await openDatabase({ dataDir })
  expect((await database.pool.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  await database.close()
})

test('[DB-6] a folder that cannot be opened is refused with the cause, and left free', async () => {
  const dataDir = join(root, 'spoilt')
  mkdirSync(dataDir)
  writeFileSync(join(dataDir, 'postgres'), 'no folder')
  await expect(openDatabase({ dataDir })).rejects.toThrow('the embedded database has stopped')
  rmSync(join(dataDir, 'postgres'))
  const database = await openDatabase({ dataDir })
  await database.close()
})

test('[DB-8] after close every question is refused, and closing twice is one closing', async () => {
  const database = await openDatabase()
  await Promise.all([database.close(), database.close()])
  await expect(database.pool.query('select 1')).rejects.toThrow()
})
