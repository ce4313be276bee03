import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databasesUnderTest, openTestDatabase, type TestDatabase } from '../database/testing.ts'
import { auditWithin } from './audit.ts'
import type { Books } from './books.ts'
import { DIGEST, DRAW, newScene } from './contract.ts'
import { LedgerBooks } from './ledger-books.ts'

for (const kind of databasesUnderTest()) {
  describe(`journal: ${kind}`, () => {
    let database: TestDatabase
    let books: Books
    beforeAll(async () => {
      database = await openTestDatabase(kind)
      books = new LedgerBooks(database)
    })
    afterAll(() => database?.close())

    /** Runs one statement past every guard of the journal, looks at the books, and undoes it. */
    async function tampered(statement: string, values: readonly unknown[] = []) {
      const client = await database.pool.connect()
      try {
        await client.query('begin')
        await client.query('set local session_replication_role = replica')
        await client.query(statement, [...values])
        return await auditWithin(client)
      } finally {
        await client.query('rollback')
        client.release()
      }
    }

    test('[LED-2] the audit notices a balance, a line, a missing account and an escrow that are wrong', async () => {
      const { player, bet, reserve } = await newScene(books)
      const ana = await player(500)
      await reserve(bet(ana, 200))
      const own = '(select id from account where owner = $1)'
      const fine = { linesSumCents: 0, accountsOff: 0, negativePlayers: 0 }
      expect(await books.audit()).toMatchObject(fine)
      const one = 'update account set balance_cents = balance_cents + 1 where owner = $1'
      expect(await tampered(one, [ana])).toMatchObject({ ...fine, accountsOff: 1 })
      const more = `update entry set cents = cents + 1 where kind = 'stake' and debit = ${own}`
      expect(await tampered(more, [ana])).toMatchObject({ ...fine, accountsOff: 1 })
      const lost = `update entry set credit = -1 where kind = 'stake' and debit = ${own}`
      expect(await tampered(lost, [ana])).toMatchObject({ linesSumCents: -200, accountsOff: 1 })
      const gone = `delete from entry where kind = 'grant' and credit = ${own}`
      expect(await tampered(gone, [ana])).toMatchObject({ accountsOff: 1, negativePlayers: 1 })
      const ended = `update round set ended_how = 'settled', ended_at_ms = 1, outcome = '1', seed_hex = '1',
        settlement_digest = '1' where seq = (select round_seq from entry where debit = ${own})`
      expect(await tampered(ended, [ana])).toMatchObject({ ...fine, accountsOff: 1 })
      expect(await books.audit()).toMatchObject(fine)
    })

    test('[LED-2] players and escrow add up to what the house has granted', async () => {
      const before = await books.audit()
      const { player, bet, reserve } = await newScene(books)
      const ana = await player(500)
      await reserve(bet(ana, 200))
      const { playersCents, escrowCents } = await books.audit()
      expect([playersCents - before.playersCents, escrowCents - before.escrowCents]).toEqual([300, 200])
    })

    test('[LED-3] the database refuses to change or delete what the journal holds', async () => {
      const { fence, opening, player, bet, reserve, draw, settle } = await newScene(books)
      const ana = await player(500)
      await reserve(bet(ana, 200))
      await draw()
      const stands = [
        'update entry set cents = cents + 1',
        'delete from entry',
        'truncate entry',
        'delete from account',
        'delete from round',
        'truncate round cascade',
        'delete from table_fence',
        `update round set opening = '{}'`,
        `update round set bet_digest = 'other' where bet_digest is not null`,
        `update round set outcome = '0' where outcome is not null`,
      ]
      for (const statement of stands) {
        await expect(database.pool.query(statement), statement).rejects.toMatchObject({ code: '42501' })
      }
      await settle(200)
      for (const statement of [
        'update player_round set paid_cents = 1',
        'delete from player_round',
        `update round set ended_at_ms = 1 where ended_how is not null`,
      ]) {
        await expect(database.pool.query(statement), statement).rejects.toMatchObject({ code: '42501' })
      }
      expect(await books.latestRound(fence.tableId)).toMatchObject({ opening, betDigest: DIGEST, draw: DRAW })
    })

    test('[LED-7] the database itself refuses a balance below zero, nothing moved, and a move to oneself', async () => {
      const { player } = await newScene(books)
      const ana = await player(5)
      const below = database.pool.query('update account set balance_cents = -1 where owner = $1', [ana])
      await expect(below).rejects.toMatchObject({ constraint: 'no_player_below_zero' })
      const insert = (debit: number | null, credit: number, amount: number) =>
        database.pool.query(
          `insert into entry (debit, credit, cents, ref, kind, outcome) values ($1, $2, $3, $4, 'grant', 'posted')`,
          [debit, credit, amount, randomUUID()],
        )
      await expect(insert(1, 2, 0)).rejects.toMatchObject({ code: '23514' })
      await expect(insert(1, 1, 5)).rejects.toMatchObject({ code: '23514' })
      await expect(insert(null, 1, 5)).rejects.toMatchObject({ code: '23514' })
    })

    test('[LED-1] every posted entry unfolds into two lines that sum to zero', async () => {
      const { player, bet, reserve, release } = await newScene(books)
      const ana = await player(500)
      const [back, poor] = [bet(ana, 200), bet(ana, 900)]
      await reserve(back, poor)
      await release(back)
      const { rows } = await database.pool.query(
        `select ref, kind, count(*) as lines, sum(cents)::bigint as cents from ledger_line
         where ref = any($1) group by ref, kind order by kind`,
        [[back.betId, poor.betId]],
      )
      expect(rows).toEqual([
        { ref: back.betId, kind: 'release', lines: 2, cents: 0 },
        { ref: back.betId, kind: 'stake', lines: 2, cents: 0 },
      ])
    })
  })
}
