import { hkdfSync } from 'node:crypto'
import type { VoidReason } from '../engine/round/types.ts'
import type { Metrics } from '../monitoring/metrics.ts'
import type { FloorBoard } from '../rooms/lobby-room.ts'
import type { LobbyTable } from '../rooms/protocol.ts'
import { Sealer, sealKey } from '../workers/seal.ts'
import { loggedMeter } from './cluster-meter.ts'
import type { Config } from './config.ts'
import type { Database } from './database/open.ts'
import { Cluster } from './failover/cluster.ts'
import type { Gateway, Whereabouts } from './failover/gateway.ts'
import { RedisHotCopies } from './failover/hot-copies.ts'
import { SealedHotCopies } from './failover/hot-copies-sealed.ts'
import { type HotState, hotStateOf, noHotState } from './failover/hot-state.ts'
import { RedisLeases } from './failover/lease-store.ts'
import { SqlOwnerBook } from './failover/owner-book.ts'
import { peerKey } from './failover/peer-proof.ts'
import type { ClusterMeter, LocalTables, PeerWays, SeatAnswer, SeatAsk } from './failover/peers.ts'
import { connectRedis, type RedisConnection } from './failover/redis-client.ts'
import { redisHouse } from './failover/redis-keys.ts'
import { soleNode } from './failover/sole-node.ts'
import type { Books } from './ledger/books.ts'
import type { Log } from './log.ts'
import type { Floor } from './tables/floor.ts'

/** How the house is spread over processes: one node with everything, or one of several that share the tables out. */
export interface Nodes {
  readonly whereabouts: Whereabouts
  readonly hot: HotState
  /** The way to other nodes; null for a house of one node. */
  readonly peers: PeerWays | null
  /** The epoch under which a table is opened here. Errors: rejects when it may not be, or the books do not answer. */
  claim(tableId: string): Promise<number>
  /** The table ended here by itself: its epoch was refused, or the house closed it. */
  gaveUp(tableId: string): void
  list(tableId: string, row: LobbyTable | null): void
  /** An operator changed the table here. */
  tableChanged(tableId: string): void
  voidRound: Floor['voidRound']
  readonly ready: boolean
  /** False while the books hear other nodes and this one hears none. */
  readonly hearsPeers: boolean
  readonly draining: boolean
  /** Resolves when every table is open somewhere. */
  start(): Promise<void>
  /** Gives the tables to other nodes, if there are any. */
  drain(withinMs: number): Promise<void>
  stop(): Promise<void>
}

export type NodesOptions = {
  readonly config: Config
  readonly log: Log
  readonly metrics: Metrics
  readonly database: Database
  readonly books: Books
  readonly board: FloorBoard
  readonly floor: () => Floor
  readonly gateway: () => Gateway
  /** A seat that another node asks for on behalf of its client. */
  readonly seat: (ask: SeatAsk) => Promise<SeatAnswer>
  readonly release: string
  /** Another process runs under this node's name. */
  readonly outlived: () => void
}

const VOID_WITHIN_MS = 6_000
const READY_LOOK_MS = 50
const TELL_AGAIN_MS = 10_000
const MOST_TOLD = 1_000

/** Errors: rejects when the peers' port is taken. */
export async function openNodes(options: NodesOptions): Promise<Nodes> {
  return options.database.embedded ? soleNodes(options) : clusterNodes(options)
}

function soleNodes({ config, books, board, floor }: NodesOptions): Nodes {
  return {
    whereabouts: soleNode(config.nodeId),
    hot: noHotState,
    peers: null,
    claim: (tableId) => books.raiseEpoch(tableId),
    gaveUp: () => undefined,
    list: (...row) => board.list(...row),
    tableChanged: (tableId) => floor().tableChanged(tableId),
    voidRound: (...asked) => floor().voidRound(...asked),
    get ready() {
      return floor().ready
    },
    hearsPeers: true,
    draining: false,
    start: () => floor().openAll(),
    drain: async () => undefined,
    stop: async () => undefined,
  }
}

async function clusterNodes(options: NodesOptions): Promise<Nodes> {
  const { config, log, metrics, database, board, floor, release } = options
  const redis = redisOf(config, log)
  const failed = onceInAWhile(log)
  const claims = new Map<string, number>()
  const cluster = await Cluster.open({
    nodeId: config.nodeId,
    release,
    book: new SqlOwnerBook(database),
    leases: redis === null ? null : new RedisLeases(redis, redisHouse(config.secrets.secretsKey)),
    leaseMs: config.leaseMs,
    tables: localTables(floor, claims, (tableId) => cluster.claim(tableId)),
    meter: { ...loggedMeter(metrics.clusterMeter(), log, () => cluster.draining), failed },
    key: peerKey(config.secrets.secretsKey),
    peerHost: config.peerHost,
    peerPort: config.peerPort,
    peerAddress: config.peerAddress,
    board,
    gateway: options.gateway,
    seat: options.seat,
    outlived: options.outlived,
    voidHere: ({ tableId, reason, roundId }) => floor().voidRound(tableId, reason as VoidReason, roundId),
    tableChanged: (tableId) => floor().tableChanged(tableId),
  })
  metrics.watchLease(() => cluster.leaseAgeMs)
  return {
    whereabouts: cluster,
    hot: redis === null ? noHotState : hotOf(config, redis, failed, () => cluster.doubt(), release),
    peers: cluster.peers,
    claim: async (tableId) => claims.get(tableId) ?? cluster.claim(tableId),
    gaveUp: (tableId) => cluster.gaveUp(tableId),
    list: (...row) => cluster.list(...row),
    tableChanged: (tableId) => {
      floor().tableChanged(tableId)
      cluster.tableChanged(tableId)
    },
    voidRound: (tableId, reason, roundId) => cluster.voidRound({ tableId, reason, roundId }, VOID_WITHIN_MS),
    get ready() {
      return cluster.ready
    },
    get hearsPeers() {
      return !cluster.isDeaf
    },
    get draining() {
      return cluster.draining
    },
    start: async () => {
      await cluster.start()
      while (!cluster.ready) await new Promise((resolve) => setTimeout(resolve, READY_LOOK_MS))
    },
    drain: (withinMs) => cluster.drain(withinMs),
    stop: async () => {
      await cluster.stop()
      redis?.close()
    },
  }
}

/** The floor, which opens a table only under an epoch that was claimed for it. */
function localTables(
  floor: () => Floor,
  claims: Map<string, number>,
  claim: (tableId: string) => Promise<number>,
): LocalTables {
  return {
    wanted: () => floor().wanted(),
    open: async (tableId) => {
      claims.set(tableId, await claim(tableId))
      try {
        return await floor().open(tableId)
      } finally {
        claims.delete(tableId)
      }
    },
    atRest: (tableId) => floor().atRest(tableId),
    quiesce: (...asked) => floor().quiesce(...asked),
    drop: (tableId) => floor().drop(tableId),
  }
}

/** An outage is told when it begins, and then now and then, so that it does not become one of the log. */
function onceInAWhile(log: Log): ClusterMeter['failed'] {
  const told = new Map<string, { readonly atMs: number; unsaid: number }>()
  return (where, err) => {
    const last = told.get(where)
    if (last !== undefined && performance.now() - last.atMs < TELL_AGAIN_MS) {
      last.unsaid++
      return
    }
    if (told.size >= MOST_TOLD) told.clear()
    told.set(where, { atMs: performance.now(), unsaid: 0 })
    log.warn({ err, where, unsaid: last?.unsaid ?? 0 }, 'a part of the cluster failed')
  }
}

function redisOf({ redisUrl }: Config, log: Log): RedisConnection | null {
  if (redisUrl === null) return null
  return connectRedis(redisUrl, { onError: (err) => log.warn({ err }, 'Redis is out of reach') })
}

function hotOf(
  config: Config,
  redis: RedisConnection,
  failed: ClusterMeter['failed'],
  outdated: () => void,
  release: string,
): HotState {
  const { secretsKey } = config.secrets
  const key = new Uint8Array(hkdfSync('sha256', secretsKey, '', 'crupier hot copies', 32))
  const copies = new SealedHotCopies(new RedisHotCopies(redis, redisHouse(secretsKey)), new Sealer([sealKey(key)]))
  return hotStateOf({ copies, failed, outdated, release })
}
