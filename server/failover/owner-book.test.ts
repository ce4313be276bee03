import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresInstalled } from '../../scripts/postgres.ts'
import { type PostgresPair, startPostgresPair } from '../../scripts/postgres-pair.ts'
import { migrate } from '../database/migrate.ts'
import { type Database, openDatabase } from '../database/open.ts'
import { databasesUnderTest, openTestDatabase, type TestDatabase } from '../database/testing.ts'
import { newScene } from '../ledger/contract.ts'
import { LedgerBooks } from '../ledger/ledger-books.ts'
import { BooksOutOfReach } from '../ledger/out-of-reach.ts'
import { SqlOwnerBook } from './owner-book.ts'
import type { Life } from './ports.ts'

/** A new node, or the next life of one that was there. */
async function enter(book: SqlOwnerBook, nodeId = `n-${randomUUID()}`): Promise<Life> {
  return { nodeId, incarnation: await book.enter({ nodeId, address: '10.0.0.7:2600', release: '1.2.3' }) }
}

for (const kind of databasesUnderTest()) {
  describe(kind, () => {
    let database: TestDatabase
    let book: SqlOwnerBook
    let books: LedgerBooks

    beforeAll(async () => {
      database = await openTestDatabase(kind)
      book = new SqlOwnerBook(database)
      books = new LedgerBooks(database)
    })
    afterAll(() => database?.close())

    const ownerOf = async (tableId: string) => (await book.owners()).find((owner) => owner.tableId === tableId)

    test('[FOV-20] of nodes that saw the same epoch exactly one claims the table, thousands of times', async () => {
      const lives = await Promise.all([enter(book), enter(book), enter(book)])
      const tableIds = ['race-one', 'race-two']
      const turns = kind === 'postgres' ? 1_000 : 100
      for (let seen = 0; seen < turns; seen++)
        for (const claims of await Promise.all(
          tableIds.map((tableId) => Promise.all(lives.map((life) => book.claim(tableId, seen, life)))),
        )) {
          const winner = lives[claims.findIndex(({ won }) => won)]
          expect(claims.filter(({ won }) => won)).toEqual([{ won: true, epoch: seen + 1 }])
          for (const claim of claims) if (!claim.won) expect(claim.owner).toMatchObject({ ...winner, epoch: seen + 1 })
        }
      for (const tableId of tableIds) expect(await ownerOf(tableId)).toMatchObject({ tableId, epoch: turns })
    })

    test('[FOV-21] once a claim is answered, nothing of the former owner is posted any more', async () => {
      const scene = await newScene(books)
      const ana = await scene.player(1_000_000)
      const life = await enter(book)
      let asked = 0
      let last: string | undefined = 'reserved'
      const former = (async () => {
        for (; last !== 'fenced' && asked < 2_000; asked++) last = (await scene.reserve(scene.bet(ana, 100)))[0]?.fate
      })()
      while (asked < 20) await new Promise((resolve) => setImmediate(resolve))
      expect(await book.claim(scene.tableId, 1, life)).toEqual({ won: true, epoch: 2 })
      const balance = await books.balanceOf(ana)
      await former
      expect(last).toBe('fenced')
      expect(await books.balanceOf(ana)).toBe(balance)
      expect(await books.closeRound(scene.fence, scene.opening.roundId, 'd1'.repeat(32))).toBe('fenced')
    })

    test('[FOV-22] a beat answers the epochs that are still the life’s own', async () => {
      const [mine, other] = await Promise.all([enter(book), enter(book)])
      const [kept, lost, raised] = [`t-${randomUUID()}`, `t-${randomUUID()}`, `t-${randomUUID()}`]
      expect(await book.beat(mine)).toEqual(new Map())
      for (const tableId of [kept, lost, raised]) await book.claim(tableId, 0, mine)
      expect(await book.beat(mine)).toEqual(new Map([kept, lost, raised].map((tableId) => [tableId, 1])))
      expect(await book.claim(lost, 1, other)).toEqual({ won: true, epoch: 2 })
      expect(await books.raiseEpoch(raised)).toBe(2)
      expect(await book.beat(mine)).toEqual(new Map([[kept, 1]]))
      expect(await book.beat(other)).toEqual(new Map([[lost, 2]]))
    })

    test('[FOV-23] a later life ends the earlier one, and a life that left is over', async () => {
      const first = await enter(book)
      const tableId = `t-${randomUUID()}`
      await book.claim(tableId, 0, first)
      const second = await enter(book, first.nodeId)
      expect(second.incarnation).toBeGreaterThan(first.incarnation)
      expect(await book.beat(first)).toBeNull()
      expect(await book.claim(tableId, 1, first)).toEqual({ won: false, owner: { tableId, epoch: 1, ...first } })
      expect(await book.claim('never-seen', 0, first)).toMatchObject({ won: false, owner: { epoch: 0 } })
      expect(await book.beat(second)).toEqual(new Map())
      expect(await book.claim(tableId, 1, second)).toEqual({ won: true, epoch: 2 })
      await book.leave(first)
      expect(await book.beat(second)).toEqual(new Map([[tableId, 2]]))
      await book.leave(second)
      expect(await book.beat(second)).toBeNull()
      expect(await book.claim(tableId, 2, second)).toMatchObject({ won: false })
    })

    test('[FOV-23] of lives of one node that begin at once the last one goes on', async () => {
      const crowd = new SqlOwnerBook({ pool: database.pool, quick: database.pool })
      for (let turn = 0; turn < 20; turn++) {
        const lives = await Promise.all(Array.from({ length: 20 }, () => enter(crowd, 'one-of-many')))
        const last = Math.max(...lives.map(({ incarnation }) => incarnation))
        const beats = await Promise.all(lives.map((life) => crowd.beat(life)))
        expect(lives.filter((_, i) => beats[i] !== null)).toEqual([{ nodeId: 'one-of-many', incarnation: last }])
      }
    })

    test('[FOV-24] a table that a single node ran last has the fence’s epoch and no node', async () => {
      const tableId = `t-${randomUUID()}`
      expect(await ownerOf(tableId)).toBeUndefined()
      expect(await books.raiseEpoch(tableId)).toBe(1)
      expect(await ownerOf(tableId)).toEqual({ tableId, epoch: 1, nodeId: '', incarnation: 0 })
      const life = await enter(book)
      expect(await book.claim(tableId, 0, life)).toEqual({
        won: false,
        owner: { tableId, epoch: 1, nodeId: '', incarnation: 0 },
      })
      expect(await book.claim(tableId, 1, life)).toEqual({ won: true, epoch: 2 })
      expect(await ownerOf(tableId)).toEqual({ tableId, epoch: 2, ...life })
      expect(await books.raiseEpoch(tableId)).toBe(3)
      expect(await ownerOf(tableId)).toEqual({ tableId, epoch: 3, nodeId: '', incarnation: 0 })
    })

    test('[FOV-25] the nodes are those that have not left and were heard within a minute', async () => {
      const [here, silent, gone, left] = await Promise.all([enter(book), enter(book), enter(book), enter(book)])
      await age(silent, '20 seconds')
      await age(gone, '61 seconds')
      await book.leave(left)
      const nodes = await book.nodes()
      const rowOf = (life: Life) => nodes.find(({ nodeId }) => nodeId === life.nodeId)
      expect(rowOf(here)).toMatchObject({ ...here, address: '10.0.0.7:2600', release: '1.2.3' })
      expect(rowOf(here)?.silentMs).toBeLessThan(5_000)
      expect(rowOf(silent)?.silentMs).toBeGreaterThanOrEqual(20_000)
      expect([rowOf(gone), rowOf(left)]).toEqual([undefined, undefined])
      await book.beat(gone)
      expect((await book.nodes()).find(({ nodeId }) => nodeId === gone.nodeId)?.silentMs).toBeLessThan(5_000)
    })

    test('[FOV-26] a thousand lives leave no rows behind; a silent node with a table keeps its own', async () => {
      // Twenty at once are more than the quick pool answers in its time on a busy machine.
      const crowd = new SqlOwnerBook({ pool: database.pool, quick: database.pool })
      const [silent, owner] = await Promise.all([enter(book), enter(book)])
      await book.claim(`t-${randomUUID()}`, 0, owner)
      await age(silent, '61 minutes')
      await age(owner, '61 minutes')
      for (let i = 0; i < 50; i++)
        await Promise.all(
          Array.from({ length: 20 }, async (_, n) => {
            const life = await enter(crowd)
            if (n % 2 === 0) await crowd.leave(life)
            else await age(life, '2 hours')
          }),
        )
      await enter(book)
      const { rows } = await database.pool.query('select node_id, left_at from cluster_node')
      const ids = rows.map(({ node_id }) => node_id)
      expect(ids).toContain(owner.nodeId)
      expect(ids).not.toContain(silent.nodeId)
      expect(rows.filter(({ left_at }) => left_at !== null)).toEqual([])
      expect(ids.length).toBeLessThan(30)
      expect(await book.beat(silent)).toBeNull()
    })

    test('[FOV-27] a claim whose answer got lost is won again, and committed again', async () => {
      const [life, other] = await Promise.all([enter(book), enter(book)])
      const tableId = `t-${randomUUID()}`
      const committed = async () =>
        (await database.pool.query('select xmin::text as by from table_owner where table_id = $1', [tableId])).rows[0]
          ?.by
      expect(await book.claim(tableId, 0, life)).toEqual({ won: true, epoch: 1 })
      const first = await committed()
      expect(await book.claim(tableId, 0, life)).toEqual({ won: true, epoch: 1 })
      expect(await committed()).not.toBe(first)
      expect(await book.claim(tableId, 0, other)).toMatchObject({ won: false, owner: { ...life, epoch: 1 } })
      await book.claim(tableId, 1, other)
      expect(await book.claim(tableId, 0, life)).toMatchObject({ won: false, owner: { ...other, epoch: 2 } })
    })

    async function age(life: Life, by: string): Promise<void> {
      await database.pool.query(
        'update cluster_node set beat_at = clock_timestamp() - $2::interval where node_id = $1',
        [life.nodeId, by],
      )
    }
  })
}

if (postgresInstalled())
  describe('a primary with a synchronous standby', () => {
    let pair: PostgresPair
    let database: Database
    let book: SqlOwnerBook

    beforeAll(async () => {
      pair = await startPostgresPair()
      database = await openDatabase({ databaseUrl: pair.url })
      await migrate(database)
      book = new SqlOwnerBook(database, 1)
    })
    afterAll(async () => {
      await database?.close()
      await pair?.stop()
    })

    test('[FOV-28] a claim waits for the standby, and a beat does not', async () => {
      const life = await enter(book)
      pair.pause('standby')
      let answered = false
      const claim = book.claim('waits', 0, life).finally(() => {
        answered = true
      })
      for (let i = 0; i < 5; i++) {
        const startedAt = performance.now()
        expect(await book.beat(life)).toEqual(new Map())
        expect(performance.now() - startedAt).toBeLessThan(600)
      }
      expect(await book.nodes()).toMatchObject([{ nodeId: life.nodeId }])
      await expect(enter(book)).rejects.toThrow(BooksOutOfReach)
      expect(answered).toBe(false)
      pair.resume()
      expect(await claim).toEqual({ won: true, epoch: 1 })
      expect(await book.beat(life)).toEqual(new Map([['waits', 1]]))
    })

    test('[FOV-28] a beat gives up soon when the server hangs, also behind a ledger that hangs', async () => {
      const life = await enter(book)
      pair.pause()
      const ledger = Array.from({ length: 20 }, () => database.pool.query('select 1').catch(() => {}))
      for (let i = 0; i < 3; i++) {
        const startedAt = performance.now()
        await expect(book.beat(life)).rejects.toThrow(BooksOutOfReach)
        expect(performance.now() - startedAt).toBeLessThan(1_500)
      }
      pair.resume()
      await Promise.all(ledger)
      expect(await book.beat(life)).toEqual(new Map())
    })

    test('[FOV-29] what was claimed and entered is there after the primary was lost', async () => {
      const life = await enter(book)
      const claims = await Promise.all(
        Array.from({ length: 50 }, (_, i) => book.claim(`kept-${i}`, 0, life).then((claim) => [`kept-${i}`, claim])),
      )
      await pair.killPrimary()
      await pair.promoteStandby()
      const owned = await untilAnswered(() => book.beat(life))
      expect(claims.length).toBe(50)
      for (let i = 0; i < 50; i++) expect(owned?.get(`kept-${i}`)).toBe(1)
      expect((await enter(book)).incarnation).toBeGreaterThan(life.incarnation)
    })
  })

async function untilAnswered<T>(ask: () => Promise<T>, withinMs = 10_000): Promise<T> {
  const giveUpAt = performance.now() + withinMs
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (performance.now() > giveUpAt) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

test('[FOV-100] a node that starts asks books that are out of reach again', async () => {
  let asked = 0
  const query = async () => {
    if (++asked < 3) throw Object.assign(new Error('the server is starting'), { code: '57P03' })
    return { rows: [{ life: 7 }] }
  }
  const book = new SqlOwnerBook({ pool: { query }, quick: { query } } as unknown as Database)
  expect(await book.enter({ nodeId: 'n', address: '', release: '' })).toBe(7)
  expect(asked).toBe(3)
})
