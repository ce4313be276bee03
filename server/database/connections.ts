import pg from 'pg'

/** SQLSTATEs of a server that takes no writes, stops, or is only just starting: ask elsewhere next time. */
const GIVES_UP = new Set(['25006', '57P01', '57P02', '57P03'])
/** The server's function that warns when a commit stopped waiting for its standby. */
const STANDBY_WAIT = 'SyncRepWaitForLSN'

/**
 * Guards the connections of a pool. `pg` leaves three things to its user:
 * - A connection that breaks while somebody holds it, between two questions, is an 'error' event, which ends the
 *   process if nobody listens. Its holder learns of it from his next question.
 * - A connection to a server that gives up stays in the pool if its holder does not say so.
 * - A commit whose wait for the standby was cancelled succeeds with a warning. It is on one server only, so it counts
 *   as unanswered, and whoever asks again waits for the standby anew.
 */
export function guardConnections(pool: pg.Pool, doubted: (client: pg.Client) => void = () => {}): void {
  const spent = new WeakSet<pg.Client>()
  const giveUp = (client: pg.Client): void => {
    spent.add(client)
    doubted(client)
  }
  pool.on('connect', (client) => {
    client.on('error', () => giveUp(client))
    client.on('notice', (notice) => {
      if ('routine' in notice && notice.routine === STANDBY_WAIT)
        client.connection.emit('error', new Error('the commit did not reach the standby'))
    })
    client.connection.on('errorMessage', ({ code }: { readonly code?: string }) => {
      if (code !== undefined && GIVES_UP.has(code)) giveUp(client)
    })
  })
  pool.on('release', (error, client) => {
    // What is not the server's own answer is its silence.
    if (error instanceof Error && !(error instanceof pg.DatabaseError)) doubted(client)
    if (spent.has(client)) void client.end()
  })
}
