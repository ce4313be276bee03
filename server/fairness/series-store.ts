import { type Kysely, sql } from 'kysely'
import { assert } from '../../engine/assert.ts'
import { textBytes } from '../../engine/fairness/encoding.ts'
import type { Contribution } from '../../engine/fairness/transcript.ts'
import type { DatabaseSchema } from '../database/migrations/index.ts'

/** A series as it was made. `sealedSecret` is encrypted; only the draw pool opens it. */
export type SeriesRow = {
  readonly tableId: string
  readonly seriesId: string
  readonly seriesNo: number
  readonly rounds: number
  readonly sealedSecret: string
  readonly rootHex: string
}
export type SaltRow = { readonly saltHex: string; readonly beaconRandomnessHex: string | null }
export type ContributionAnswer = 'taken' | 'already-contributed' | 'too-late' | 'full'

export const MOST_CONTRIBUTIONS = 256

/** The durable side of series: every row is written once, and whoever asks again gets the one that stands. */
export class SeriesStore {
  readonly #db: Kysely<DatabaseSchema>

  constructor(db: Kysely<DatabaseSchema>) {
    this.#db = db
  }

  async series(tableId: string, seriesNo: number): Promise<SeriesRow | null> {
    const row = await this.#select()
      .where('table_id', '=', tableId)
      .where('series_no', '=', seriesNo)
      .executeTakeFirst()
    return row ?? null
  }

  async seriesById(seriesId: string): Promise<SeriesRow | null> {
    return (await this.#select().where('series_id', '=', seriesId).executeTakeFirst()) ?? null
  }

  /** The table's newest series; null when it never had one. */
  async newest(tableId: string): Promise<SeriesRow | null> {
    const newest = this.#select().where('table_id', '=', tableId).orderBy('series_no', 'desc').limit(1)
    return (await newest.executeTakeFirst()) ?? null
  }

  /** Series below this number are over: they were in use, or may have been, before the books were last restored. */
  async leastSeriesNo(): Promise<number> {
    const { least } = await this.#db
      .selectFrom('restoration_mark')
      .select((take) => take.fn.max('least_series_no').as('least'))
      .executeTakeFirstOrThrow()
    return least ?? 1
  }

  /** Keeps the series and answers the one that stands under its number, whoever made it. */
  async keep(series: SeriesRow): Promise<SeriesRow> {
    await this.#db
      .insertInto('series')
      .values({
        series_id: series.seriesId,
        table_id: series.tableId,
        series_no: series.seriesNo,
        rounds: series.rounds,
        sealed_secret: series.sealedSecret,
        root_hex: series.rootHex,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    const standing = await this.series(series.tableId, series.seriesNo)
    assert(standing !== null, 'a series that was kept is there')
    return standing
  }

  /** Adds a player's seed, once, while there is no salt; the lock keeps a late seed out of a salt in the making. */
  async contribute(seriesId: string, { contributor, seed }: Contribution): Promise<ContributionAnswer> {
    const bytes = Buffer.from(textBytes(seed))
    return this.#db.transaction().execute(async (db) => {
      await lockSeries(db, seriesId)
      const own = db.selectFrom('contribution').select('seed').where('series_id', '=', seriesId)
      const standing = await own.where('contributor', '=', contributor).executeTakeFirst()
      if (standing !== undefined) return standing.seed.equals(bytes) ? 'taken' : 'already-contributed'
      const { rows } = await sql<{ salted: boolean; seeds: number }>`select
        exists (select from series_salt where series_id = ${seriesId}) as salted,
        (select count(*) from contribution where series_id = ${seriesId}) as seeds`.execute(db)
      if (rows[0]?.salted !== false) return 'too-late'
      if (rows[0].seeds >= MOST_CONTRIBUTIONS) return 'full'
      await db.insertInto('contribution').values({ series_id: seriesId, contributor, seed: bytes }).execute()
      return 'taken'
    })
  }

  /** All seeds of the series, in order of contributor. */
  async contributions(seriesId: string): Promise<Contribution[]> {
    return contributionsOf(this.#db, seriesId)
  }

  async salt(seriesId: string): Promise<SaltRow | null> {
    return saltOf(this.#db, seriesId)
  }

  /** Makes the salt of the seeds that are there, once; answers the one that stands. No seed is taken afterwards. */
  async fixSalt(
    seriesId: string,
    beaconRandomnessHex: string | null,
    saltOfSeeds: (contributions: readonly Contribution[]) => string,
  ): Promise<SaltRow> {
    return this.#db.transaction().execute(async (db) => {
      await lockSeries(db, seriesId)
      const standing = await saltOf(db, seriesId)
      if (standing !== null) return standing
      const saltHex = saltOfSeeds(await contributionsOf(db, seriesId))
      const row = { series_id: seriesId, salt_hex: saltHex, beacon_randomness_hex: beaconRandomnessHex }
      await db.insertInto('series_salt').values(row).execute()
      return { saltHex, beaconRandomnessHex }
    })
  }

  #select() {
    return this.#db
      .selectFrom('series')
      .select([
        'table_id as tableId',
        'series_id as seriesId',
        'series_no as seriesNo',
        'rounds',
        'sealed_secret as sealedSecret',
        'root_hex as rootHex',
      ])
  }
}

/** A statement of its own, so that what follows reads what the last holder committed. */
async function lockSeries(db: Kysely<DatabaseSchema>, seriesId: string): Promise<void> {
  const { rows } = await sql`select series_id from series where series_id = ${seriesId} for update`.execute(db)
  assert(rows.length === 1, `there is a series ${seriesId}`)
}

async function contributionsOf(db: Kysely<DatabaseSchema>, seriesId: string): Promise<Contribution[]> {
  const rows = await db
    .selectFrom('contribution')
    .select(['contributor', 'seed'])
    .where('series_id', '=', seriesId)
    .orderBy('contributor')
    .execute()
  return rows.map(({ contributor, seed }) => ({ contributor, seed: seed.toString('utf8') }))
}

async function saltOf(db: Kysely<DatabaseSchema>, seriesId: string): Promise<SaltRow | null> {
  const row = await db
    .selectFrom('series_salt')
    .select(['salt_hex as saltHex', 'beacon_randomness_hex as beaconRandomnessHex'])
    .where('series_id', '=', seriesId)
    .executeTakeFirst()
  return row ?? null
}
