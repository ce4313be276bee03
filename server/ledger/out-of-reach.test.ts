import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { openDatabase } from '../database/open.ts'
import { databasesUnderTest, openTestDatabase } from '../database/testing.ts'
import { cents, newScene } from './contract.ts'
import { LedgerBooks } from './ledger-books.ts'
import { BooksOutOfReach, posting } from './out-of-reach.ts'

function databaseError(code: string): pg.DatabaseError {
  const error = new pg.DatabaseError(`error ${code}`, 0, 'error')
  error.code = code
  return error
}

test('[LED-19] a lost deadlock or a lock waited for too long is asked again, four times in all', async () => {
  for (const code of ['40P01', '40001', '55P03']) {
    let asked = 0
    const third = posting(async () => {
      if (++asked < 3) throw databaseError(code)
      return 'done'
    })
    expect([await third, asked]).toEqual(['done', 3])
    asked = 0
    const never = posting(async () => {
      asked++
      throw databaseError(code)
    })
    await expect(never).rejects.toThrow(BooksOutOfReach)
    expect(asked).toBe(4)
  }
})

test('[LED-19] a database that stops, or a connection that breaks, leaves nothing known and asks once', async () => {
  // Stopping, starting, read-only, out of connections, out of disk, in a failed transaction, broken, refused, silent.
  const codes = ['57P01', '57P03', '25006', '53300', '53100', '25P02', '08006'].map(databaseError)
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  const broken = ['Connection terminated', 'Query read timeout', 'no server of DATABASE_URL accepts writes']
  for (const cause of [...codes, refused, new AggregateError([refused]), ...broken.map((text) => new Error(text))]) {
    let asked = 0
    const ended = posting(async () => {
      asked++
      throw cause
    })
    await expect(ended).rejects.toThrow(BooksOutOfReach)
    await expect(ended).rejects.toMatchObject({ cause })
    expect(asked).toBe(1)
  }
})

test('[LED-19] what blames the statement is a broken invariant, never to be repeated', async () => {
  for (const cause of [databaseError('23514'), databaseError('CR001'), databaseError('42883'), new TypeError('oops')]) {
    const broken = posting(() => Promise.reject(cause))
    await expect(broken).rejects.toThrow('invariant broken')
    await expect(broken).rejects.not.toBeInstanceOf(BooksOutOfReach)
  }
})

test('[LED-19] books whose database is not there say so', async () => {
  // Port 1 of the loopback address is reserved and nobody listens there.
  const database = await openDatabase({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none' })
  const books = new LedgerBooks(database)
  await expect(books.balanceOf('ana')).rejects.toThrow(BooksOutOfReach)
  await expect(books.raiseEpoch('t')).rejects.toThrow(BooksOutOfReach)
  await database.close()
})

for (const kind of databasesUnderTest().filter((each) => each === 'postgres')) {
  describe(`two nodes on ${kind}`, () => {
    test('[LED-19] a killed backend rejects its callers, and asking again gives one answer', async () => {
      const database = await openTestDatabase(kind)
      const books = new LedgerBooks(database)
      const { player, bet, reserve } = await newScene(books)
      const ana = await player(10_000)
      const bets = Array.from({ length: 60 }, () => bet(ana, 100))
      const killer = await database.pool.connect()
      const asked = Promise.allSettled(bets.map((one) => reserve(one)))
      await killer.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()`,
      )
      killer.release()
      for (const answer of await asked)
        if (answer.status === 'rejected') expect(answer.reason).toBeInstanceOf(BooksOutOfReach)
      for (const one of bets) expect(await reserve(one)).toMatchObject([{ fate: 'reserved' }])
      expect(await books.balanceOf(ana)).toBe(cents(4_000))
      expect(await books.audit()).toMatchObject({ linesSumCents: 0, accountsOff: 0, negativePlayers: 0 })
      await database.close()
    })
  })
}
