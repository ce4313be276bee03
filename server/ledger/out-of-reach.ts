import pg from 'pg'
import { assert } from '../../engine/assert.ts'

/**
 * The database did not answer, or gave up: nothing is known about what was asked, and asking again with the same ids is
 * safe. Everything else that the books throw is a broken invariant, which no repeat can mend.
 */
export class BooksOutOfReach extends Error {}

/** SQLSTATEs after which the database has undone everything and the same statement may well pass: lost a deadlock, a
 * serialization conflict, waited too long for a lock. */
const WORTH_REPEATING = new Set(['40P01', '40001', '55P03'])
/** Classes of SQLSTATE that blame the statement: data, integrity, syntax or rights, and the ledger's own CR001. */
const BLAMES_US = ['22', '23', '42', 'CR']
const ATTEMPTS = 4

/**
 * Runs one posting, again if the database threw it out for another's sake, at most four times in all.
 * Errors: `BooksOutOfReach`, or a broken invariant.
 */
export async function posting<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask()
    } catch (cause) {
      const code = cause instanceof pg.DatabaseError ? (cause.code ?? '') : ''
      if (WORTH_REPEATING.has(code) && attempt < ATTEMPTS) continue
      const blamed = BLAMES_US.some((start) => code.startsWith(start)) || !isOutside(cause)
      if (!blamed) throw new BooksOutOfReach('the books are out of reach', { cause })
      throw new Error(`invariant broken: ${String(cause)}`, { cause })
    }
  }
}

/** What the driver reports, as opposed to a mistake of this program such as a TypeError. */
function isOutside(cause: unknown): boolean {
  return cause instanceof Error && cause.constructor !== TypeError && cause.constructor !== RangeError
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Errors: throws when an id that the books keep as a UUID is not one in its canonical form (lower case, hyphens). */
export function assertUuid(id: string): void {
  assert(UUID.test(id), `LED-4: an id of the books is a UUID in lower case, not ${JSON.stringify(id).slice(0, 80)}`)
}
