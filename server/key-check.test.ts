import { afterAll, beforeAll, expect, test } from 'vitest'
import { Sealer, sealKey } from '../workers/seal.ts'
import { keyIdOf, seriesKey } from './backup/keys.ts'
import { openTestDatabase, type TestDatabase } from './database/testing.ts'
import { assertKnownKey, keepKeyCheck, UnknownKey } from './key-check.ts'

const OURS = Buffer.alloc(32, 1)
const OTHER = Buffer.alloc(32, 2)
let database: TestDatabase

beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

async function sealSeries(tableId: string, secretsKey: Buffer): Promise<void> {
  const sealed = new Sealer([sealKey(seriesKey(secretsKey))]).seal(Buffer.alloc(32), 'of a test')
  await database.pool.query(`insert into series values ($1, $2, 1, 10, $3, $4)`, [
    ...[`${tableId}.1`, tableId, sealed, 'ab'.repeat(32)],
  ])
}

test('[OPS-22] books of before the check value are known by what was sealed; looking writes nothing', async () => {
  await expect(assertKnownKey(database.kysely, OURS)).resolves.toBeUndefined()
  await sealSeries('lima', OURS)
  await expect(keepKeyCheck(database.kysely, OTHER)).rejects.toThrow(UnknownKey)
  await expect(assertKnownKey(database.kysely, OURS)).resolves.toBeUndefined()
  expect((await database.pool.query('select from key_check')).rowCount).toBe(0)
})

test('[OPS-22] the first start keeps the check value for ever; another key is refused, with both ids', async () => {
  await Promise.all([keepKeyCheck(database.kysely, OURS), keepKeyCheck(database.kysely, OURS)])
  await keepKeyCheck(database.kysely, OURS)
  for (const look of [assertKnownKey, keepKeyCheck]) {
    const refused: unknown = await look(database.kysely, OTHER).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'unknown-key', message: expect.stringContaining(keyIdOf(OURS)) })
    expect(String(refused)).toContain(keyIdOf(OTHER))
  }
  const { rows } = await database.pool.query('select key_id, value_hex from key_check')
  expect(rows).toEqual([{ key_id: keyIdOf(OURS), value_hex: expect.stringMatching(/^[0-9a-f]{64}$/) }])
  expect(JSON.stringify(rows)).not.toContain(OURS.toString('hex'))
  for (const change of ['delete from key_check', "update key_check set key_id = 'ab'", 'truncate key_check'])
    await expect(database.pool.query(change)).rejects.toThrow()
})
