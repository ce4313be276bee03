import type pg from 'pg'

/** `wal`: the long-running mode. `base`: whoever takes a base backup or removes old ones. */
const LOCKS = { wal: 1, base: 2 } as const
/** Any constant will do; it only has to be this lock's own. */
const LOCK_CLASS = 4_711

export type Lock = {
  /** Aborted when the connection that holds the lock is lost. */
  readonly lost: AbortSignal
  /** Resolves when somebody else may take it. */
  release(): Promise<void>
}

/**
 * Takes one of the locks of this house's backups, on whatever machine they run (BAK-4): it is the server's, so it ends
 * with its holder and is never stale. Null when somebody else holds it.
 */
export async function takeLock(pool: pg.Pool, name: keyof typeof LOCKS): Promise<Lock | null> {
  const client = await pool.connect()
  const ended = new AbortController()
  client.once('error', () => ended.abort(new Error('the connection that held the lock was lost')))
  client.once('end', () => ended.abort(new Error('the connection that held the lock has ended')))
  try {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1, $2) as taken', [
      LOCK_CLASS,
      LOCKS[name],
    ])
    if (rows[0]?.taken === true) {
      const release = async (): Promise<void> => {
        // A session that is lost has lost its lock too, and must not stay in the pool.
        await client.query('select pg_advisory_unlock_all()').catch(() => undefined)
        client.release(true)
      }
      return { lost: ended.signal, release }
    }
    client.release(true)
    return null
  } catch (error) {
    client.release(true)
    throw error
  }
}
