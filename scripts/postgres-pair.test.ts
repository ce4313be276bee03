import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postgresInstalled } from './postgres.ts'
import { startPostgresPair } from './postgres-pair.ts'

async function ask(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'crupier-pair-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('without the programs of PostgreSQL nothing is started', async () => {
  if (postgresInstalled()) expect(existsSync('/usr/lib/postgresql/15/bin/pg_basebackup')).toBe(true)
  else await expect(startPostgresPair()).rejects.toThrow('no PostgreSQL')
})

if (postgresInstalled())
  test('a pair in a folder of its own is found again, whoever of the two was the primary last', async () => {
    const standing = `select pg_is_in_recovery() as standby, n from kept`
    let pair = await startPostgresPair({ folder })
    await ask(pair.primaryUrl, 'create table kept (n int)')
    await ask(pair.primaryUrl, 'insert into kept values (1)')
    expect(await ask(pair.standbyUrl, standing)).toEqual([{ standby: true, n: 1 }])
    await pair.stop()

    pair = await startPostgresPair({ folder })
    expect(await ask(pair.primaryUrl, standing)).toEqual([{ standby: false, n: 1 }])
    await pair.killPrimary()
    await expect(pair.promoteStandby().then(() => pair.restartPrimary())).rejects.toThrow('rejoin()')
    await ask(pair.primaryUrl, 'update kept set n = 2')
    const [, promoted] = pair.urls
    expect(pair.primaryUrl).toBe(promoted)
    await pair.stop()

    pair = await startPostgresPair({ folder })
    expect(await ask(pair.primaryUrl, standing)).toEqual([{ standby: false, n: 2 }])
    const inStep = 'select sync_state from pg_stat_replication'
    expect(await ask(pair.primaryUrl, inStep)).toEqual([{ sync_state: 'sync' }])
    await pair.killPrimary()
    await pair.promoteStandby()
    await pair.rejoin()
    expect(await ask(pair.primaryUrl, inStep)).toEqual([{ sync_state: 'sync' }])
    expect(await ask(pair.standbyUrl, standing)).toEqual([{ standby: true, n: 2 }])
    await pair.stop()
    expect(existsSync(folder)).toBe(true)
  })
