import { databasesUnderTest, openTestDatabase } from '../database/testing.ts'
import { booksContract } from './contract.ts'
import { LedgerBooks } from './ledger-books.ts'

for (const kind of databasesUnderTest()) {
  booksContract(kind, async () => {
    const database = await openTestDatabase(kind)
    return { books: new LedgerBooks(database), close: () => database.close() }
  })
}
