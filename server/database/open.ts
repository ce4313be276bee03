import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { guardConnections } from './connections.ts'
import { EmbeddedGateway } from './embedded-gateway.ts'
import { EmbeddedSocket } from './embedded-socket.ts'
import { lockFolder } from './folder-lock.ts'
import { clientOf, HostLookout, Hosts, readHosts } from './hosts.ts'
import type { DatabaseSchema } from './migrations/index.ts'
import { valueParsers } from './number-parsers.ts'

/** The casino's one database: real PostgreSQL 15 or newer, or the embedded one. SQL that runs on one runs on both. */
export type Database = {
  readonly pool: pg.Pool
  /**
   * A small pool beside the other one, whose every wait ends within some 600 ms: for what must not queue behind the
   * ledger nor hang. The embedded database has one session only, so there it is the same pool.
   */
  readonly quick: pg.Pool
  readonly kysely: Kysely<DatabaseSchema>
  readonly embedded: boolean
  close(): Promise<void>
}

export type DatabaseOptions = {
  /** `postgres://…` of one real server, or of several of which one is the primary; without it, embedded. */
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

/** Limits of the quick pool. A lock that is waited for is asked for four times in all. */
const QUICK = { sessions: 2, connectMs: 600, answerMs: 600, statementMs: 500, lockMs: 150 } as const

/**
 * Errors: rejects when the embedded folder is in use or cannot be opened; a real server is first asked by `migrate`.
 */
export async function openDatabase(options: DatabaseOptions = {}): Promise<Database> {
  const onConnectionLost = options.onConnectionLost ?? (() => {})
  if (options.databaseUrl === undefined) return openEmbedded(options.dataDir ?? null, onConnectionLost)
  return openServer(options.databaseUrl, options.poolSize ?? 10, onConnectionLost)
}

function openServer(databaseUrl: string, poolSize: number, onConnectionLost: (error: Error) => void): Database {
  const several = readHosts(databaseUrl)
  const hosts = several.length === 0 ? null : new Hosts(several.map((host) => new HostLookout(host)))
  const shared: pg.PoolConfig = {
    connectionString: several[0]?.url ?? databaseUrl,
    types: valueParsers,
    keepAlive: true,
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_LIMIT_MS,
    ...(hosts === null ? {} : { Client: clientOf(hosts) }),
  }
  const open = (config: pg.PoolConfig): pg.Pool => {
    const pool = new pg.Pool({ ...shared, ...config })
    pool.on('error', onConnectionLost)
    guardConnections(pool, ({ host, port }) => hosts?.doubt(host, port))
    return pool
  }
  const pool = open({
    max: poolSize,
    connectionTimeoutMillis: CONNECTION_WAIT_MS,
    statement_timeout: STATEMENT_LIMIT_MS,
    lock_timeout: LOCK_LIMIT_MS,
    query_timeout: ANSWER_LIMIT_MS,
    application_name: 'crupier',
  })
  const quick = open({
    max: QUICK.sessions,
    connectionTimeoutMillis: QUICK.connectMs,
    statement_timeout: QUICK.statementMs,
    lock_timeout: QUICK.lockMs,
    query_timeout: QUICK.answerMs,
    application_name: 'crupier-quick',
  })
  const close = once(async () => {
    await Promise.all([pool.end(), quick.end()])
    hosts?.close()
  })
  return { pool, quick, kysely: kyselyOf(pool), embedded: false, close }
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
  guardConnections(pool)
  const close = once(async () => {
    await pool.end()
    await gateway.close()
    unlock()
  })
  return { pool, quick: pool, kysely: kyselyOf(pool), embedded: true, close }
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
