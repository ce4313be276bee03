import { openPool } from './books.ts'
import type { Stage } from './stage.ts'

/** How many there are, by pattern of the key or by table. */
export type Counts = Readonly<Record<string, number>>

const SCAN_COUNT = 500
/** The books' own tables only ever grow; everything else that the database has is the cluster's business. */
const GROWING = [
  ...['account', 'table_fence', 'round', 'entry', 'player_round', 'log_entry', 'log_node', 'log_root', 'log_writer'],
  ...['series', 'contribution', 'series_salt', 'player', 'player_session', 'player_account', 'player_favourites'],
  ...['play_money_grant', 'house_table', 'audit_entry', 'ledger_line'],
]

/** Keys in Redis by pattern, and the fields of those that are hashes; null without Redis. */
export async function countKeys(stage: Stage, tableIds: readonly string[]): Promise<Counts | null> {
  const redis = await stage.openRedis()
  if (redis === null) return null
  try {
    const counts: Record<string, number> = { all: await redis.dbsize() }
    for (let cursor = '0'; ; ) {
      const [next, keys] = await redis.scan(cursor, 'COUNT', SCAN_COUNT)
      for (const key of keys) {
        const pattern = patternOf(key, tableIds)
        counts[pattern] = (counts[pattern] ?? 0) + 1
        // A key that stays one key can still fill up.
        if ((await redis.type(key)) !== 'hash') continue
        const fields = `${pattern} fields`
        counts[fields] = (counts[fields] ?? 0) + (await redis.hlen(key))
      }
      if (next === '0') return counts
      cursor = next
    }
  } finally {
    redis.disconnect()
  }
}

/** A key with whatever names a table, a session, a player, a round or a number replaced (CHA-12). */
export function patternOf(key: string, tableIds: readonly string[]): string {
  return key
    .split(/([:{}/|])/)
    .map((part) => (tableIds.includes(part) ? '<table>' : isName(part) ? '<id>' : part))
    .join('')
}

function isName(part: string): boolean {
  return /\d/.test(part) || part.length > 20 || /^(lima|cusco|arequipa|trujillo)$/.test(part)
}

/** Rows of every table of the database that is not one of the books. */
export async function countRows(stage: Stage): Promise<Counts> {
  const pool = openPool(await stage.databaseUrl())
  try {
    const { rows } = await pool.query<{ name: string }>(
      `select table_name as name from information_schema.tables
       where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`,
    )
    const counts: Record<string, number> = {}
    for (const { name } of rows) {
      if (GROWING.includes(name) || name.startsWith('kysely_')) continue
      const counted = await pool.query<{ n: number }>(`select count(*) as n from "${name.replaceAll('"', '""')}"`)
      counts[name] = counted.rows[0]?.n ?? 0
    }
    return counts
  } finally {
    await pool.end()
  }
}

/** Whatever there is more of than before, by more than is allowed. */
export function grown(before: Counts, after: Counts, allowed: number): string[] {
  return Object.entries(after)
    .filter(([name, count]) => count - (before[name] ?? 0) > allowed)
    .map(([name, count]) => `${name}: ${before[name] ?? 0} before, ${count} after`)
}
