import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { EmbeddedGateway } from './embedded-gateway.ts'
import { EmbeddedSocket } from './embedded-socket.ts'
import { lockFolder } from './folder-lock.ts'
import type { DatabaseSchema } from './migrations/index.ts'
import { valueParsers } from './number-parsers.ts'

/** The casino's one database: real PostgreSQL 15 or newer, or the embedded one. SQL that runs on one runs on both. */
export type Database = {
  readonly pool: pg.Pool
  readonly kysely: Kysely<DatabaseSchema>
  readonly embedded: boolean
  close(): Promise<void>
}

export type DatabaseOptions = {
  /** `postgres://…` of a real server; without it the database is embedded. */
  readonly databaseUrl?: string | undefined
  /** Where the embedded database keeps its files; without it everything is in memory and ends with the process. */
  readonly dataDir?: string | undefined
  /** Most connections to a real server; the embedded one has exactly one session. */
  readonly poolSize?: number | undefined
  /** Told when an idle connection is lost; the pool opens another one by itself. */
  readonly onConnectionLost?: ((error: Error) => void) | undefined
}

/** A caller that waits this long for a connection is told so; a pool this starved is a fault, not a queue. */
const CONNECTION_WAIT_MS = 15_000
/** Enforced by a real server only: PGlite knows these settings and ignores them. */
const STATEMENT_LIMIT_MS = 10_000
const LOCK_LIMIT_MS = 5_000
const IDLE_TRANSACTION_LIMIT_MS = 15_000
/** For a connection that the network has swallowed, where the server's own limit cannot reach us. */
const ANSWER_LIMIT_MS = 20_000

/**
 * Errors: rejects when the embedded folder is in use or cannot be opened; a real server is first asked by `migrate`.
 */
export async function openDatabase(options: DatabaseOptions = {}): Promise<Database> {
  const onConnectionLost = options.onConnectionLost ?? (() => {})
  if (options.databaseUrl === undefined) return openEmbedded(options.dataDir ?? null, onConnectionLost)
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    max: options.poolSize ?? 10,
    types: valueParsers,
    keepAlive: true,
    connectionTimeoutMillis: CONNECTION_WAIT_MS,
    statement_timeout: STATEMENT_LIMIT_MS,
    lock_timeout: LOCK_LIMIT_MS,
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_LIMIT_MS,
    query_timeout: ANSWER_LIMIT_MS,
    application_name: 'crupier',
  })
  pool.on('error', onConnectionLost)
  return { pool, kysely: kyselyOf(pool), embedded: false, close: once(() => pool.end()) }
}

async function openEmbedded(dataDir: string | null, onConnectionLost: (error: Error) => void): Promise<Database> {
  if (dataDir !== null) mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const unlock = dataDir === null ? () => {} : lockFolder(join(dataDir, 'lock'))
  const gateway = new EmbeddedGateway(dataDir === null ? null : join(dataDir, 'postgres'))
  try {
    await gateway.ready()
  } catch (error) {
    await gateway.close()
    unlock()
    throw error
  }
  const pool = new pg.Pool({
    // One session, so one connection: a second would share the first one's transaction.
    max: 1,
    idleTimeoutMillis: 0,
    types: valueParsers,
    connectionTimeoutMillis: CONNECTION_WAIT_MS,
    stream: () => new EmbeddedSocket(gateway),
    user: 'postgres',
    database: 'postgres',
    password: '',
    ssl: false,
  })
  pool.on('error', onConnectionLost)
  const close = once(async () => {
    await pool.end()
    await gateway.close()
    unlock()
  })
  return { pool, kysely: kyselyOf(pool), embedded: true, close }
}

function kyselyOf(pool: pg.Pool): Kysely<DatabaseSchema> {
  return new Kysely<DatabaseSchema>({ dialect: new PostgresDialect({ pool }) })
}

function once(end: () => Promise<void>): () => Promise<void> {
  let ending: Promise<void> | null = null
  return () => {
    ending ??= end()
    return ending
  }
}
