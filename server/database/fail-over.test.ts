import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { postgresInstalled } from '../../scripts/postgres.ts'
import { type PostgresPair, startPostgresPair } from '../../scripts/postgres-pair.ts'
import { newScene, type Scene } from '../ledger/contract.ts'
import { LedgerBooks } from '../ledger/ledger-books.ts'
import { BooksOutOfReach } from '../ledger/out-of-reach.ts'
import { batchedBooks } from '../ledger/stake-batcher.ts'
import { migrate } from './migrate.ts'
import { type Database, openDatabase } from './open.ts'
import { databasesUnderTest, openTestDatabase } from './testing.ts'

/** From a promotion to the first answer, with much to spare; `docs/database.md` tells what was measured. */
const BACK_WITHIN_MS = 5_000
const STAKE_CENTS = 100
const BETTORS = 16
const PURSE_CENTS = 10_000_000

for (const kind of databasesUnderTest())
  test(`[DB-9] a connection that breaks between two questions rejects its holder alone: ${kind}`, async () => {
    const database = await openTestDatabase(kind)
    let holder: pg.PoolClient | undefined
    database.pool.once('acquire', (client) => {
      holder = client
    })
    const held = database.kysely.transaction().execute(async (trx) => {
      holder?.connection.stream.destroy()
      await new Promise((resolve) => holder?.once('end', () => resolve(null)))
      await sql`select 1`.execute(trx)
    })
    await expect(held).rejects.toThrow()
    expect((await database.pool.query('select 1 as n')).rows).toEqual([{ n: 1 }])
    await database.close()
  })

/** Players who stake one bet after the other, each of them until it has its answer, whatever happens meanwhile. */
class Load {
  readonly #books: LedgerBooks
  readonly #scene: Scene
  readonly #players: readonly string[]
  readonly accepted: { readonly playerId: string; readonly betId: string; readonly atMs: number }[] = []
  readonly strange: unknown[] = []
  rejected = 0
  #going = true
  readonly #done: Promise<unknown>

  constructor(books: LedgerBooks, scene: Scene, players: readonly string[]) {
    this.#books = books
    this.#scene = scene
    this.#players = players
    const batched = batchedBooks(books)
    this.#done = Promise.all(
      players.map(async (playerId) => {
        while (this.#going) await this.#stake(batched, playerId)
      }),
    )
  }

  /** The first answer after a time. */
  async answerAfter(atMs: number): Promise<number> {
    for (;;) {
      const last = this.accepted.at(-1)?.atMs ?? 0
      if (last > atMs) return this.accepted.find((one) => one.atMs > atMs)?.atMs ?? last
      if (performance.now() > atMs + 4 * BACK_WITHIN_MS) throw new Error('the books did not come back')
      await rest(5)
    }
  }

  /** Resolves when so many more stakes were accepted. */
  async more(stakes: number): Promise<void> {
    const enough = this.accepted.length + stakes
    const giveUpAt = performance.now() + 4 * BACK_WITHIN_MS
    while (this.accepted.length < enough) {
      if (performance.now() > giveUpAt) throw new Error('the books took no more stakes')
      await rest(5)
    }
  }

  /** Ends the load, and holds the books against what the players were told. */
  async check(): Promise<void> {
    this.#going = false
    await this.#done
    expect(this.strange).toEqual([])
    const facts = await this.#books.latestRound(this.#scene.tableId)
    const held = facts?.stakes.filter(({ fate }) => fate === 'reserved').map(({ bet }) => bet.betId)
    expect(new Set(held)).toEqual(new Set(this.accepted.map(({ betId }) => betId)))
    for (const playerId of this.#players) {
      const stakes = this.accepted.filter((one) => one.playerId === playerId).length
      expect(await this.#books.balanceOf(playerId)).toBe(PURSE_CENTS - stakes * STAKE_CENTS)
    }
    expect(await this.#books.audit()).toMatchObject({ linesSumCents: 0, accountsOff: 0, negativePlayers: 0 })
  }

  async #stake(books: ReturnType<typeof batchedBooks>, playerId: string): Promise<void> {
    const request = this.#scene.request(this.#scene.bet(playerId, STAKE_CENTS))
    for (;;) {
      try {
        const [answer] = await books.reserve([request])
        if (answer?.fate === 'reserved')
          this.accepted.push({ playerId, betId: request.bet.betId, atMs: performance.now() })
        else this.strange.push(answer)
        return
      } catch (error) {
        if (!(error instanceof BooksOutOfReach)) {
          this.strange.push(error)
          return
        }
        this.rejected += 1
        await rest(20)
      }
    }
  }
}

if (postgresInstalled())
  describe('a primary with a synchronous standby', () => {
    let pair: PostgresPair
    let database: Database
    let books: LedgerBooks

    beforeAll(async () => {
      pair = await startPostgresPair()
      database = await openDatabase({ databaseUrl: pair.url })
      await migrate(database)
      books = new LedgerBooks(database)
    })
    beforeEach(async () => {
      if ((await ask(pair.primaryUrl, 'select 1 from pg_stat_replication')).length === 0) await pair.rejoin()
    })
    afterAll(async () => {
      await database?.close()
      await pair?.stop()
    })

    async function load(): Promise<Load> {
      const scene = await newScene(books)
      const players = await Promise.all(Array.from({ length: BETTORS }, () => scene.player(PURSE_CENTS)))
      const load = new Load(books, scene, players)
      await load.more(500)
      return load
    }

    test('[DB-10] connections go to the server that accepts writes, in whatever order they are named', async () => {
      const [one, two] = pair.ports
      for (const order of [`${one},127.0.0.1:${two}`, `${two},127.0.0.1:${one}`]) {
        const other = await openDatabase({ databaseUrl: `postgres://crupier@127.0.0.1:${order}/postgres` })
        for (const pool of [other.pool, other.quick]) {
          const { rows } = await pool.query('select pg_is_in_recovery() as standby, inet_server_port() as port')
          expect(rows).toEqual([{ standby: false, port: Number(new URL(pair.primaryUrl).port) }])
        }
        await other.close()
      }
    })

    test('[DB-10] a server that turns read-only leaves nothing known, and its connections are given up', async () => {
      const before = await pidOf(database)
      const playerId = `p-${randomUUID()}`
      await books.openAccount(playerId)
      await ask(pair.primaryUrl, 'alter system set default_transaction_read_only = on')
      await ask(pair.primaryUrl, 'select pg_reload_conf()')
      const readOnly = `select 1 where current_setting('default_transaction_read_only') = 'on'`
      while ((await database.pool.query(readOnly).catch(() => ({ rows: [1] }))).rows.length === 0) await rest(20)
      await expect(books.openAccount(`p-${randomUUID()}`)).rejects.toThrow(BooksOutOfReach)
      await expect(database.pool.query('select 1')).rejects.toThrow(/accepts (no )?writes/)
      await ask(pair.primaryUrl, 'alter system reset default_transaction_read_only', 'off')
      await ask(pair.primaryUrl, 'select pg_reload_conf()', 'off')
      expect(await untilAnswered(() => books.balanceOf(playerId))).toBe(0)
      expect(await pidOf(database)).not.toBe(before)
    })

    test('[DB-12] a commit whose wait for the standby was cut short counts as unanswered', async () => {
      await database.pool.query('create table if not exists waited (n int)')
      pair.pause('standby')
      const single = database.pool.query('insert into waited values (1)')
      const whole = database.kysely.transaction().execute((trx) => sql`insert into waited values (2)`.execute(trx))
      const rejected = Promise.all([
        expect(single).rejects.toThrow('the commit did not reach the standby'),
        expect(whole).rejects.toThrow(),
      ])
      const waiting = `from pg_stat_activity where wait_event = 'SyncRep'`
      while ((await ask(pair.primaryUrl, `select 1 ${waiting}`)).length < 2) await rest(20)
      await ask(pair.primaryUrl, `select pg_cancel_backend(pid) ${waiting}`)
      await rejected
      pair.resume()
      expect((await database.pool.query('select n from waited order by n')).rows).toEqual([{ n: 1 }, { n: 2 }])
    })

    test('[DB-13] the primary is killed: no accepted stake is lost, and stakes go on by themselves', async () => {
      const bettors = await load()
      await pair.killPrimary()
      await pair.promoteStandby()
      const promotedAt = performance.now()
      const backAfterMs = (await bettors.answerAfter(promotedAt)) - promotedAt
      await bettors.more(500)
      await bettors.check()
      expect(bettors.rejected).toBeGreaterThan(0)
      expect(backAfterMs).toBeLessThan(BACK_WITHIN_MS)
    })

    test('[DB-13] the primary restarts after kill -9: no accepted stake is lost, and stakes go on', async () => {
      const bettors = await load()
      await pair.killPrimary()
      await pair.restartPrimary()
      const backAt = performance.now()
      expect((await bettors.answerAfter(backAt)) - backAt).toBeLessThan(BACK_WITHIN_MS)
      await bettors.check()
    })

    test('[DB-13] the standby hangs: nothing is accepted meanwhile, nothing is lost, and stakes go on', async () => {
      const bettors = await load()
      pair.pause('standby')
      const stuck = `select 1 from pg_stat_activity
        where wait_event = 'SyncRep' and query_start < clock_timestamp() - interval '300 ms'`
      while ((await ask(pair.primaryUrl, stuck)).length === 0) await rest(20)
      const accepted = bettors.accepted.length
      for (let i = 0; i < 20; i++) await ask(pair.primaryUrl, stuck)
      expect(bettors.accepted.length).toBe(accepted)
      pair.resume()
      await bettors.more(500)
      await bettors.check()
    })

    test('[DB-11 DB-13] the primary hangs, and wakes up a former one: it is neither written to nor read', async () => {
      const bettors = await load()
      pair.pause()
      await pair.promoteStandby()
      const promotedAt = performance.now()
      const backAfterMs = (await bettors.answerAfter(promotedAt)) - promotedAt
      expect(backAfterMs).toBeLessThan(BACK_WITHIN_MS)
      pair.resume()
      const { port } = new URL(pair.primaryUrl)
      for (let i = 0; i < 50; i++) {
        const { rows } = await database.pool.query('select inet_server_port() as port')
        expect(rows).toEqual([{ port: Number(port) }])
      }
      await bettors.check()
    })

    test('[DB-11 DB-13] both are writable at once: the newer one is found, though the other answers', async () => {
      const bettors = await load()
      await pair.promoteStandby()
      const promotedAt = performance.now()
      const backAfterMs = (await bettors.answerAfter(promotedAt + 1)) - promotedAt
      expect(backAfterMs).toBeLessThan(BACK_WITHIN_MS)
      const { port } = new URL(pair.primaryUrl)
      const { rows } = await database.pool.query('select inet_server_port() as port')
      expect(rows).toEqual([{ port: Number(port) }])
      await bettors.check()
    })
  })

async function ask(url: string, text: string, readOnly = ''): Promise<unknown[]> {
  const client = new pg.Client({
    connectionString: url,
    ...(readOnly === '' ? {} : { options: `-c default_transaction_read_only=${readOnly}` }),
  })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

async function pidOf(database: Database): Promise<number> {
  return (await database.pool.query('select pg_backend_pid() as pid')).rows[0]?.pid
}

async function untilAnswered<T>(question: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + BACK_WITHIN_MS
  for (;;) {
    try {
      return await question()
    } catch (error) {
      if (performance.now() > giveUpAt) throw error
      await rest(20)
    }
  }
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
