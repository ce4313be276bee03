import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { keyIdOf } from './backup/keys.ts'
import type { DatabaseSchema } from './database/migrations/index.ts'
import { StartRefused } from './start-refused.ts'

/** Version and key id are the first bytes of every sealed value (workers/seal.ts). */
const ID_FROM = 1
const ID_TO = 9

/** The books were sealed by another key than the one at hand, so their open rounds could never end (OPS-22). */
export class UnknownKey extends StartRefused {
  constructor(wanted: string, given: string) {
    super(
      'unknown-key',
      `these books were sealed by another SECRETS_KEY, whose id is ${wanted}; the one given has the id ${given}. ` +
        'Give that of these books (crupier-base.json of every base backup names its id); docs/configuration.md',
    )
    this.name = 'UnknownKey'
  }
}

/** Holds the key against the books and writes nothing. Errors: `UnknownKey`. */
export async function assertKnownKey(db: Kysely<DatabaseSchema>, secretsKey: Uint8Array): Promise<void> {
  const given = keyIdOf(secretsKey)
  const kept = await keptIn(db)
  if (kept !== undefined) {
    const [known, own] = [Buffer.from(kept.value_hex, 'hex'), Buffer.from(checkValueOf(secretsKey), 'hex')]
    if (known.length !== own.length || !timingSafeEqual(known, own)) throw new UnknownKey(kept.key_id, given)
    return
  }
  // Books of a release that kept no check value: what it sealed names its key.
  const sealed = await sealedUnder(db)
  if (sealed !== null && sealed !== given) throw new UnknownKey(sealed, given)
}

/** The same, and the first start writes down which key it is. Errors: `UnknownKey`. */
export async function keepKeyCheck(db: Kysely<DatabaseSchema>, secretsKey: Uint8Array): Promise<void> {
  await assertKnownKey(db, secretsKey)
  await db
    .insertInto('key_check')
    .values({ one: true, key_id: keyIdOf(secretsKey), value_hex: checkValueOf(secretsKey) })
    .onConflict((row) => row.doNothing())
    .execute()
  // Of two nodes that start first at once, one has written.
  await assertKnownKey(db, secretsKey)
}

/** Undefined before the first start, and in books that no node of this release has opened yet. */
async function keptIn(db: Kysely<DatabaseSchema>): Promise<{ key_id: string; value_hex: string } | undefined> {
  const { rows } = await sql<{ there: boolean }>`select to_regclass('key_check') is not null as there`.execute(db)
  if (rows[0]?.there !== true) return undefined
  return db.selectFrom('key_check').select(['key_id', 'value_hex']).executeTakeFirst()
}

/** Nobody learns the key from it, and nobody can make it without the key. */
function checkValueOf(secretsKey: Uint8Array): string {
  const key = new Uint8Array(hkdfSync('sha256', secretsKey, '', 'crupier key check', 32))
  return createHmac('sha256', key).update('crupier key check 1').digest('hex')
}

/** Id of the key that sealed the newest series; null when there is none. */
async function sealedUnder(db: Kysely<DatabaseSchema>): Promise<string | null> {
  const newest = await db.selectFrom('series').select('sealed_secret').orderBy('series_no', 'desc').executeTakeFirst()
  return newest === undefined ? null : Buffer.from(newest.sealed_secret, 'base64').toString('hex', ID_FROM, ID_TO)
}
