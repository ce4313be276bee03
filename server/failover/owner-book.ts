import { setTimeout as after } from 'node:timers/promises'
import { assert } from '../../engine/assert.ts'
import type { Database } from '../database/open.ts'
import { BooksOutOfReach, posting } from '../ledger/out-of-reach.ts'
import type { Claim, Life, NodeRow, OwnerBook, OwnerRow } from './ports.ts'

type Newcomer = { readonly nodeId: string; readonly address: string; readonly release: string }
type ClaimRow = {
  readonly won: boolean
  readonly epoch: number
  readonly node_id: string
  readonly incarnation: number
}

/** A node enters within half a minute, or ends: whoever looks after it starts it again. */
const ENTER_TRIES = 60
const ENTER_AGAIN_MS = 500
/** A node that was silent for longer is not told of any more. */
const HEARD_WITHIN = `interval '1 minute'`

const NODES = `
  select node_id, incarnation, address, release,
    greatest(0, extract(epoch from clock_timestamp() - beat_at) * 1000)::bigint as silent_ms
  from cluster_node where left_at is null and beat_at > clock_timestamp() - ${HEARD_WITHIN}
  order by node_id`

/** An owner stands only with the fence's own epoch; a single node without a cluster raises the fence alone. */
const OWNERS = `
  select f.table_id, f.epoch, coalesce(o.node_id, '') as node_id, coalesce(o.incarnation, 0) as incarnation
  from table_fence f left join table_owner o on o.table_id = f.table_id and o.epoch = f.epoch
  order by f.table_id`

/**
 * The directory of nodes and owners in PostgreSQL, real or embedded. Claims go the ledger's way and are as durable as
 * a posting; everything else goes through the quick pool, which never queues behind the ledger and gives up soon.
 * Errors: every call rejects with `BooksOutOfReach` when nothing is known; the same may be asked again.
 */
export class SqlOwnerBook implements OwnerBook {
  readonly #database: Pick<Database, 'pool' | 'quick'>

  readonly #enterTries: number

  constructor(database: Pick<Database, 'pool' | 'quick'>, enterTries = ENTER_TRIES) {
    this.#database = database
    this.#enterTries = enterTries
  }

  /** An answer that got lost costs one number: the next life ends that one. */
  async enter(node: Newcomer): Promise<number> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#enter(node)
      } catch (error) {
        if (!(error instanceof BooksOutOfReach) || tries === this.#enterTries) throw error
        await after(ENTER_AGAIN_MS)
      }
    }
  }

  async beat({ nodeId, incarnation }: Life): Promise<ReadonlyMap<string, number> | null> {
    const [row] = await this.#quick<{ alive: boolean; tables: string[]; epochs: number[] }>(
      'select alive, tables, epochs from cluster_beat($1, $2)',
      [nodeId, incarnation],
    )
    assert(row !== undefined, 'FOV-22: a beat has its answer')
    if (!row.alive) return null
    const { tables, epochs } = row
    return new Map(tables.map((tableId, i) => [tableId, epochs[i] ?? 0]))
  }

  async leave({ nodeId, incarnation }: Life): Promise<void> {
    await this.#quick('select cluster_leave($1, $2)', [nodeId, incarnation])
  }

  async nodes(): Promise<readonly NodeRow[]> {
    const rows = await this.#quick<{
      node_id: string
      incarnation: number
      address: string
      release: string
      silent_ms: number
    }>(NODES, [])
    return rows.map(({ node_id, incarnation, address, release, silent_ms }) => ({
      nodeId: node_id,
      incarnation,
      address,
      release,
      silentMs: silent_ms,
    }))
  }

  async owners(): Promise<readonly OwnerRow[]> {
    const rows = await this.#quick<{ table_id: string; epoch: number; node_id: string; incarnation: number }>(
      OWNERS,
      [],
    )
    return rows.map(({ table_id, epoch, node_id, incarnation }) => ({
      tableId: table_id,
      epoch,
      nodeId: node_id,
      incarnation,
    }))
  }

  async claim(tableId: string, seenEpoch: number, { nodeId, incarnation }: Life): Promise<Claim> {
    const { rows } = await posting(() =>
      this.#database.pool.query<ClaimRow>(
        'select won, epoch, node_id, incarnation from cluster_claim($1, $2, $3, $4)',
        [tableId, seenEpoch, nodeId, incarnation],
      ),
    )
    const [row] = rows
    assert(row !== undefined, 'FOV-20: a claim has its answer')
    if (row.won) return { won: true, epoch: row.epoch }
    const owner = { tableId, epoch: row.epoch, nodeId: row.node_id, incarnation: row.incarnation }
    return { won: false, owner }
  }

  async #enter({ nodeId, address, release }: Newcomer): Promise<number> {
    const text = 'select cluster_enter($1, $2, $3) as life'
    const [row] = await this.#quick<{ life: number }>(text, [nodeId, address, release])
    assert(row !== undefined, 'FOV-23: a life has its number')
    return row.life
  }

  async #quick<Row extends object>(text: string, values: unknown[]): Promise<Row[]> {
    return posting(async () => (await this.#database.quick.query<Row>(text, values)).rows)
  }
}
