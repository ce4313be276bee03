import { booksContract } from '../server/ledger/contract.ts'
import { memoryBooks } from './memory-books.ts'
import { MemoryLedger } from './memory-ledger.ts'

booksContract('memory', async () => ({ books: memoryBooks(new MemoryLedger(() => 1_000)), close: async () => {} }))
