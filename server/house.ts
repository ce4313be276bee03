import { hkdfSync, randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { matchMaker } from '@colyseus/core'
import { gameById } from '../engine/games.ts'
import { Metrics } from '../monitoring/metrics.ts'
import { FloorBoard, LobbyRoom } from '../rooms/lobby-room.ts'
import type { SeatSealer } from '../rooms/ports.ts'
import type { TableInfo } from '../rooms/protocol.ts'
import { TableRoom } from '../rooms/table-room.ts'
import { DrawPool } from '../workers/draw-pool.ts'
import { Sealer, sealKey } from '../workers/seal.ts'
import { AuditLog } from './audit/audit-log.ts'
import { measureClock, openClock, watchClock } from './clocks.ts'
import type { Config } from './config.ts'
import { type Database, openDatabase } from './database/open.ts'
import { Gateway, MOST_HELD } from './failover/gateway.ts'
import { HeldClients } from './failover/held.ts'
import { SqlOwnerBook } from './failover/owner-book.ts'
import { SeatTokens } from './failover/seat-tokens.ts'
import { LogSigner, logSecretFrom } from './fairness/log-signer.ts'
import { MerkleLog } from './fairness/merkle-log.ts'
import { PublicRecords } from './fairness/records.ts'
import { SeriesKeeper } from './fairness/series-keeper.ts'
import { SeriesStore } from './fairness/series-store.ts'
import { Transcripts } from './fairness/transcripts.ts'
import { keepCurrency, takeBooks } from './house-books.ts'
import type { HouseClock } from './house-clock.ts'
import { clientKey } from './http/addresses.ts'
import { houseApi } from './http/house-api.ts'
import { matchmakingRoutes, seatHere } from './http/matchmaking.ts'
import type { HouseApiDeps, RoundHistory } from './http/ports.ts'
import type { Books } from './ledger/books.ts'
import { roundHistory } from './ledger/history.ts'
import { LedgerBooks } from './ledger/ledger-books.ts'
import { meteredBooks } from './ledger/metered-books.ts'
import { batchedBooks } from './ledger/stake-batcher.ts'
import type { Log } from './log.ts'
import { type Nodes, openNodes } from './nodes.ts'
import { BooksWatch } from './operator/books-watch.ts'
import { OperatorDesk } from './operator/desk.ts'
import { Maintenance } from './operator/maintenance.ts'
import { operatorRoutes } from './operator/operator-routes.ts'
import { ownersIn } from './operator/owners.ts'
import { Favourites } from './players/favourites.ts'
import { PlayMoney } from './players/play-money.ts'
import { Players } from './players/players.ts'
import { Tickets } from './players/tickets.ts'
import { openSockets } from './sockets.ts'
import { sleep } from './tables/effect-runner.ts'
import { openFirstTables } from './tables/first-tables.ts'
import { Floor } from './tables/floor.ts'
import { HouseTables, tableInfo } from './tables/house-tables.ts'
import { tableMeter } from './tables/table-meter.ts'
import { HouseTablePorts } from './tables/table-ports.ts'

/** About a day of rounds; the next series is ready long before the last round of this one. */
const ROUNDS_PER_SERIES = 2_880
const GATHER_MS = 10 * 60_000
const DATABASE_ANSWERS_MS = 250
/** Whoever opens a connection and then says nothing, or says it drop by drop, does not keep it. */
const HEADERS_MS = 10_000
const REQUEST_MS = 20_000
const steadyMs = (): number => performance.now()

export type HouseOptions = {
  readonly config: Config
  readonly log: Log
  /** Folder of the built page, and the text that names its build; null serves no page. */
  readonly page: { readonly dir: string; readonly build: string } | null
  /** Names the program among the nodes of a house; the page's build if not given. */
  readonly release?: string
  /** Told when another process has begun to run under this node's name: this one must end. */
  readonly outlived?: () => void
}

export type House = {
  /** Where the server listens. */
  readonly port: number
  readonly ready: Promise<void>
  /** Gives its tables to other nodes, before it is stopped; resolves when none is left, or nobody takes them. */
  drain(): Promise<void>
  stop(): Promise<void>
}

/** The parts that hold state or I/O, before they are wired to each other. */
type Parts = {
  readonly config: Config
  readonly log: Log
  readonly metrics: Metrics
  readonly database: Database
  readonly clock: HouseClock
  readonly draws: DrawPool
  readonly books: Books
  readonly tables: HouseTables
  readonly tickets: Tickets
  readonly audit: AuditLog
  readonly history: RoundHistory
  readonly fairness: ReturnType<typeof fairnessOf>
}
type Founded = Pick<Parts, 'config' | 'log' | 'database' | 'clock' | 'draws' | 'books'>

/**
 * Opens the whole house in this process: database, draw pool, books, tables, HTTP and sockets. Resolves when it
 * listens; `ready` when every open table has been taken over. Errors: rejects when any of its parts cannot start.
 */
export async function openHouse(options: HouseOptions): Promise<House> {
  const { config, log, page } = options
  const parts = await openParts(config, log)
  const { database, draws, books, tables, audit, metrics, fairness, clock } = parts
  const { nowMs } = clock
  const board = new FloorBoard()
  const floor: Floor = floorOf(parts, () => ({ nodes, ports }))
  const release = options.release ?? page?.build ?? ''
  const nodes: Nodes = await openNodes({
    ...{ config, log, metrics, database, books, board, release },
    floor: () => floor,
    gateway: () => gateway,
    seat: (ask) => seatHere(ask, nodes.whereabouts),
    outlived: options.outlived ?? (() => log.fatal('another process runs under the name of this node')),
  })
  const { whereabouts, peers } = nodes
  const leading = { whereabouts, peers, steadyMs, held: heldClients(config) }
  const ports = tablePorts(parts, nodes, floor)
  const maintenance = new Maintenance({
    ...{ database, tables, audit, nowMs },
    tableChanged: (tableId) => nodes.tableChanged(tableId),
    failed: (err) => log.warn({ err }, 'the maintenance windows could not be read'),
  })
  const owners = ownersIn(new SqlOwnerBook(database), database.embedded ? config.nodeId : null)
  const desk = new OperatorDesk({ database, tables, audit, floor: nodes, books, log, maintenance, owners, nowMs })
  const { operatorFrom, secrets } = config
  const operators = operatorRoutes({ desk, token: secrets.operatorToken, operatorFrom, metrics, nowMs })
  const app = houseApi(apiDeps(parts, board, nodes, page, maintenance), (express) => {
    operators(express)
    matchmakingRoutes(express, leading)
  })
  const server = createServer({ headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS }, app)
  const sockets = await openSockets({
    ...{ ports, floor: board },
    refBase: await lobbyRefBase(database),
    slowClient: () => log.warn('a client that did not read was cut off'),
    log,
  })
  const guards = { allowedOrigins: config.allowedOrigins, addressOf: clientKey(config.trustedProxies) }
  const gateway = new Gateway({ ...leading, ...guards, enter: sockets.enter, restoreSeat })
  server.on('upgrade', (...asked) => gateway.upgrade(...asked))
  const port = await listen(server, config.port, config.host)
  const watch = new BooksWatch({ books, metrics, log })
  watch.start()
  maintenance.start()
  const clocks = [
    maintenance,
    watchClock({ metrics, audit, log, nowMs: Date.now, steadyMs }),
    measureClock({ database, metrics, log, nowMs: Date.now, steadyMs, clock }),
  ]
  return {
    port,
    ready: nodes.start(),
    drain: () => nodes.drain(config.drainMs),
    stop: async () => {
      for (const clock of clocks) clock.stop()
      floor.stop()
      await nodes.stop()
      gateway.close()
      await sockets.close()
      server.close()
      server.closeAllConnections()
      await watch.stop()
      await fairness.series.idle()
      await draws.stop()
      await database.close()
    },
  }
}

/** As many of one address as it may ask for at once. */
function heldClients({ requestsPerSecond }: Config): HeldClients {
  return new HeldClients({ most: MOST_HELD, perAddress: requestsPerSecond * 4 })
}

type Wired = { readonly nodes: Nodes; readonly ports: HouseTablePorts }

function floorOf({ tables, books, database, log }: Parts, wired: () => Wired): Floor {
  return new Floor({
    tables,
    books,
    shared: !database.embedded,
    flush: (...asked) => wired().nodes.hot.flush(...asked),
    abandon: (tableId) => wired().ports.abandon(tableId),
    closed: (tableId) => {
      wired().nodes.hot.forget(tableId)
      wired().nodes.gaveUp(tableId)
    },
    failed: (where, err) => log.error({ err, where }, 'a table did not open'),
  })
}

/**
 * Reference ids for this process's lobby, apart from those of every process before it: 32,768 of them come and go
 * before one is used again, each with room for 65,536 rows.
 */
async function lobbyRefBase({ pool }: Database): Promise<number> {
  const { rows } = await pool.query<{ life: number }>("select nextval('cluster_incarnation') as life")
  return ((rows[0]?.life ?? 0) % 2 ** 15) * 2 ** 16
}

/** A client whose seat another owner of the table knew finds it here by what its token proves. */
function restoreSeat(roomId: string, sessionId: string, token: string): void {
  const room = matchMaker.getLocalRoomById(roomId)
  if (room instanceof TableRoom || room instanceof LobbyRoom) room.restoreSeat(token, sessionId)
}

async function openParts(config: Config, log: Log): Promise<Parts> {
  const metrics = new Metrics({ nowMs: Date.now })
  const database = await openDatabase({
    databaseUrl: config.databaseUrl ?? undefined,
    dataDir: config.dataDir,
    onConnectionLost: (err) => log.warn({ err }, 'a database connection was lost'),
  })
  const name = await takeBooks(database, config).catch(async (error: unknown) => {
    await database.close()
    throw error
  })
  const clock = await openClock(database, steadyMs)
  const { nowMs } = clock
  const draws = await startDraws(config, log, metrics)
  const ledger = meteredBooks(new LedgerBooks(database, nowMs), nowMs, (...call) => metrics.ledgerCalled(...call))
  const books = batchedBooks(ledger)
  const tables = new HouseTables({
    database,
    nowMs,
    gameById,
    currency: config.currency,
    leastReturnPercent: config.marketMinReturnPercent,
    minRoundGapMs: config.minRoundGapMs,
  })
  await openFirstTables(tables)
  await keepCurrency(tables, config.currency)
  const tickets = new Tickets({ database, randomBytes })
  const fairness = fairnessOf(name, { config, database, clock, draws, books, log })
  const audit = new AuditLog(database, nowMs)
  const history = roundHistory(database)
  return { config, log, metrics, database, clock, draws, books, tables, tickets, audit, history, fairness }
}

function tablePorts(parts: Parts, nodes: Nodes, floor: Floor): HouseTablePorts {
  const { config, books, fairness, tables, history, tickets, draws, metrics, audit, log, clock } = parts
  return new HouseTablePorts({
    claim: (tableId) => nodes.claim(tableId),
    hot: nodes.hot,
    seats: seatSealer(config, clock),
    fenced: (tableId) => {
      metrics.epochRefused()
      nodes.gaveUp(tableId)
    },
    books,
    series: fairness.series,
    tables,
    history,
    tickets,
    meter: tableMeter(metrics, log),
    drawsHealthy: () => draws.counters().healthy,
    nowMs: clock.nowMs,
    statusChanged: (...change) => floor.statusChanged(...change),
    changed: (...wait) => floor.changed(...wait),
    voided: async ({ tableId, roundId, reason }) => {
      log.warn({ tableId, roundId, reason }, 'a round was voided')
      await audit.record({ actor: 'house', action: 'round.voided', target: roundId, detail: { tableId, reason } })
    },
    list: (tableId, row) => {
      if (row === null) nodes.hot.stop(tableId)
      metrics.tableIs(tableId, row?.status ?? null)
      nodes.list(tableId, row)
    },
  })
}

function seatSealer({ secrets }: Config, { nowMs }: HouseClock): SeatSealer {
  const key = new Uint8Array(hkdfSync('sha256', secrets.secretsKey, '', 'crupier seats', 32))
  const tokens = new SeatTokens(new Sealer([sealKey(key)]))
  return { sealSeat: (claim) => tokens.seal(claim), openSeat: (token) => tokens.open(token, nowMs()) }
}

function apiDeps(
  parts: Parts,
  board: FloorBoard,
  nodes: Nodes,
  page: HouseOptions['page'],
  maintenance: Maintenance,
): HouseApiDeps {
  const { config, log, metrics, database, draws, books, tables, tickets, history, fairness, clock } = parts
  return {
    ...playersOf(parts),
    tickets,
    books,
    tables: { list: () => board.rows(), info: (tableId) => infoOf(tables, tableId) },
    history,
    fairness: fairness.records,
    health: {
      database: () => answers(database),
      drawPool: () => draws.counters().healthy,
      tables: () => nodes.ready,
      peers: () => nodes.hearsPeers,
      draining: () => nodes.draining,
    },
    metrics,
    log,
    nowMs: clock.nowMs,
    house: config.house,
    maintenance: () => maintenance.current(),
    build: page?.build ?? '',
    currency: config.currency,
    publicUrl: config.publicUrl,
    allowedOrigins: config.allowedOrigins,
    trustedProxies: config.trustedProxies,
    operatorFrom: config.operatorFrom,
    operatorToken: config.secrets.operatorToken,
    requestsPerSecond: config.requestsPerSecond,
    pageDir: page?.dir ?? null,
  }
}

async function infoOf(tables: HouseTables, tableId: string): Promise<TableInfo | null> {
  const table = await tables.get(tableId)
  const game = table === null ? null : gameById(table.gameId)
  return table === null || game === null || table.status === 'closed' ? null : tableInfo(table, game)
}

async function startDraws(config: Config, log: Log, metrics: Metrics): Promise<DrawPool> {
  const sealKey = new Uint8Array(hkdfSync('sha256', config.secrets.secretsKey, '', 'crupier series secrets', 32))
  const draws = new DrawPool({
    sealKey,
    onEvent: (event) => {
      if (event.event === 'reseeded') log.debug(event, 'a generator was reseeded')
      else log.error(event, 'the draw pool met a failure')
    },
  })
  await draws.start()
  metrics.watchDrawPool(() => {
    const { slabsReady, fallbacks, healthy } = draws.counters()
    return { depth: slabsReady * 65_536, fallbacks, healthy }
  })
  return draws
}

function fairnessOf(name: string, { config, database, clock, draws, books, log }: Founded) {
  const signer = new LogSigner(name, logSecretFrom(config.secrets.secretsKey))
  const publicLog = new MerkleLog(database.kysely, signer)
  const store = new SeriesStore(database.kysely)
  const series = new SeriesKeeper({
    store,
    log: publicLog,
    vault: draws,
    books,
    clock: { nowMs: clock.nowMs, wait: (ms) => sleep(ms, new AbortController().signal) },
    beacon: null,
    rounds: ROUNDS_PER_SERIES,
    gatherMs: GATHER_MS,
    failed: (tableId, err) => log.error({ err, tableId }, 'a series could not be prepared'),
  })
  const records = new PublicRecords(publicLog, new Transcripts(store, publicLog, draws))
  return { series, records }
}

function playersOf({ config, database, books, log, clock: { nowMs } }: Parts) {
  const { publicUrl, allowedOrigins, sessionIdleMs, signUpsPerMinute, signInsPerMinute } = config
  const rates = { signUpsPerMinute, signInsPerMinute }
  const secret = config.secrets.authSecret
  const players = new Players({ database, books, secret, publicUrl, allowedOrigins, sessionIdleMs, rates, log })
  const on = config.mode === 'development'
  const playMoney = new PlayMoney({ on, database, books, nowMs, dailyCents: config.playMoneyDailyCents })
  const favourites = new Favourites({ database, nowMs, hasGame: (gameId) => gameById(gameId) !== null })
  return { players, playMoney, favourites }
}

async function answers(database: Database): Promise<boolean> {
  const { signal } = new AbortController()
  const asked = database.quick.query('select 1').then(
    () => true,
    () => false,
  )
  return Promise.race([asked, sleep(DATABASE_ANSWERS_MS, signal).then(() => false)])
}

/** Errors: rejects when the port is taken, so that the process ends instead of running without a door. */
function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}
