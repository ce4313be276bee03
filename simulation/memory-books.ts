import type { Books } from '../server/ledger/books.ts'
import type { MemoryLedger } from './memory-ledger.ts'

/** The memory ledger behind the promises of `Books`. A broken invariant rejects, as it does in the real books. */
export function memoryBooks(ledger: MemoryLedger): Books {
  return {
    raiseEpoch: async (...asked) => ledger.raiseEpoch(...asked),
    openRound: async (...asked) => ledger.openRound(...asked),
    reserve: async (...asked) => ledger.reserve(...asked),
    release: async (...asked) => ledger.release(...asked),
    closeRound: async (...asked) => ledger.closeRound(...asked),
    registerDraw: async (...asked) => ledger.registerDraw(...asked),
    settle: async (...asked) => ledger.settle(...asked),
    voidRound: async (...asked) => ledger.voidRound(...asked),
    latestRound: async (...asked) => ledger.latestRound(...asked),
    openAccount: async (...asked) => ledger.openAccount(...asked),
    balanceOf: async (...asked) => ledger.balanceOf(...asked),
    grant: async (...asked) => ledger.grant(...asked),
    audit: async () => ledger.audit(),
  }
}
