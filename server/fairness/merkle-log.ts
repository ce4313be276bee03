import { type Kysely, sql } from 'kysely'
import { assert } from '../../engine/assert.ts'
import { canonicalJson, textBytes } from '../../engine/fairness/encoding.ts'
import { toHex } from '../../engine/fairness/hex.ts'
import {
  consistencyRanges,
  inclusionRanges,
  type LeafRange,
  leafHash,
  sameBytes,
} from '../../engine/fairness/merkle.ts'
import type { Json } from '../../engine/game.ts'
import type { DatabaseSchema } from '../database/migrations/index.ts'
import type { LogSigner } from './log-signer.ts'
import { foldRight, type Node, type Subtree, subtreesOf, TreeEdge } from './log-tree.ts'

type Db = Kysely<DatabaseSchema>

/** An entry as it stands; `body` is the canonical JSON whose hash is the leaf. */
export type Logged = { readonly index: number; readonly body: string }
type Waiting = {
  readonly key: string
  readonly body: string
  readonly resolve: (logged: Logged) => void
  readonly reject: (reason: unknown) => void
}

const MOST_IN_COMMIT = 256
const MOST_WAITING = 10_000
const MOST_BODY = 65_536
export const MOST_ENTRIES_READ = 1000

/**
 * The house's public log: append-only, with the Merkle tree of RFC 9162 over its entries. Only complete subtrees are
 * stored, so no row ever changes. One writer at a time, by the lock of one row: indexes have no gap. Appends that
 * arrive while one is being written go together in the next commit.
 * Source: FAI-10 to FAI-13.
 */
export class MerkleLog {
  readonly #db: Db
  readonly #signer: LogSigner
  readonly #waiting: Waiting[] = []
  #writing = false

  constructor(db: Db, signer: LogSigner) {
    this.#db = db
    this.#signer = signer
  }

  /** The log's public key, a C2SP signed-note verifier key. */
  get keyText(): string {
    return this.#signer.keyText
  }

  /**
   * Adds an entry and answers once it is durable. A key is written once: if it has an entry already, that one stands
   * and is answered, whatever it says. Errors: rejects when the database is out of reach or too many entries wait.
   */
  async append(key: string, entry: Json): Promise<Logged> {
    const body = canonicalJson(entry)
    assert(key.length <= 500 && body.length <= MOST_BODY, 'a log entry is at most 64 KiB')
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= MOST_WAITING) return reject(new Error('too many entries wait for the log'))
      this.#waiting.push({ key, body, resolve, reject })
      if (!this.#writing) void this.#writeAll()
    })
  }

  async find(key: string): Promise<Logged | null> {
    const row = await this.#db
      .selectFrom('log_entry')
      .select(['index', 'body'])
      .where('key', '=', key)
      .executeTakeFirst()
    return row ?? null
  }

  /** Entries from index `from` up to, not including, `to`; at most `MOST_ENTRIES_READ` of them. */
  async entries(from: number, to: number): Promise<Logged[]> {
    return this.#db
      .selectFrom('log_entry')
      .select(['index', 'body'])
      .where('index', '>=', from)
      .where('index', '<', Math.min(to, from + MOST_ENTRIES_READ))
      .orderBy('index')
      .execute()
  }

  async size(): Promise<number> {
    return sizeOf(this.#db)
  }

  /**
   * The latest signed checkpoint. The stored root is compared with the tree's before it is signed, so that the house
   * never signs what a meddler wrote. Errors: throws when they differ.
   */
  async checkpoint(): Promise<{ readonly size: number; readonly note: string }> {
    const size = await this.size()
    const [root] = await this.#hashes(this.#db, [[0, size]])
    const stored = await this.#db.selectFrom('log_root').select('root').where('size', '=', size).executeTakeFirst()
    assert(
      root !== undefined && (size === 0 || (stored !== undefined && sameBytes(stored.root, root))),
      'FAI-13: the root',
    )
    return { size, note: this.#signer.note(size, root) }
  }

  /** The root of the first `size` entries. Errors: throws when the log is not that long. */
  async rootAt(size: number): Promise<Uint8Array> {
    await this.#checkSize(size)
    const [root] = await this.#hashes(this.#db, [[0, size]])
    assert(root !== undefined, 'a tree has a root')
    return root
  }

  /** Proof, in hex, that entry `index` is in the log of `size`. Errors: throws when there is no such entry or size. */
  async inclusion(index: number, size: number): Promise<string[]> {
    await this.#checkSize(size)
    return (await this.#hashes(this.#db, inclusionRanges(index, size))).map(toHex)
  }

  /** Proof, in hex, that the log of `from` entries is the beginning of that of `to`. Errors: as `inclusion`. */
  async consistency(from: number, to: number): Promise<string[]> {
    await this.#checkSize(to)
    return (await this.#hashes(this.#db, consistencyRanges(from, to))).map(toHex)
  }

  /** Reads every entry again and compares all hashes; answers the first entry or root that does not fit, or null. */
  async audit(): Promise<{ readonly index: number } | null> {
    const size = await this.size()
    const edge = new TreeEdge(0, [])
    while (edge.size < size) {
      const page = await this.entries(edge.size, size)
      const nodes: Node[] = []
      for (const { index, body } of page) {
        if (index !== edge.size) break
        const hash = leafHash(textBytes(body))
        nodes.push({ level: 0, index, hash }, ...edge.add(hash))
      }
      const stored = await this.#stored(this.#db, nodes)
      const wrong = nodes.find((node) => !sameBytes(stored.get(nameOf(node)) ?? new Uint8Array(), node.hash))
      if (wrong !== undefined) return { index: wrong.index * 2 ** wrong.level }
      if (page.length === 0 || page[page.length - 1]?.index !== edge.size - 1) return { index: edge.size }
    }
    const [root] = await this.#db.selectFrom('log_root').select('root').where('size', '=', size).execute()
    return size === 0 || (root !== undefined && sameBytes(root.root, edge.root())) ? null : { index: size }
  }

  async #writeAll(): Promise<void> {
    this.#writing = true
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MOST_IN_COMMIT)
      try {
        const standing = await this.#write(batch)
        for (const { key, resolve } of batch) resolve(standing.get(key)!)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#writing = false
  }

  /** One commit: what stands under each key afterwards. */
  async #write(batch: readonly Waiting[]): Promise<Map<string, Logged>> {
    return this.#db.transaction().execute(async (db) => {
      // The lock is a statement of its own, so that the reads below see what the last writer committed.
      await sql`select id from log_writer for update`.execute(db)
      const keys = batch.map(({ key }) => key)
      const known = await db.selectFrom('log_entry').select(['key', 'index', 'body']).where('key', 'in', keys).execute()
      const standing = new Map<string, Logged>(known.map(({ key, index, body }) => [key, { index, body }]))
      const edge = await this.#edge(db)
      const fresh: { index: number; key: string; body: string; leaf: Buffer }[] = []
      const nodes: Node[] = []
      for (const { key, body } of batch) {
        if (standing.has(key)) continue
        const leaf = leafHash(textBytes(body))
        fresh.push({ index: edge.size, key, body, leaf: Buffer.from(leaf) })
        standing.set(key, { index: edge.size, body })
        nodes.push(...edge.add(leaf))
      }
      if (fresh.length === 0) return standing
      await db.insertInto('log_entry').values(fresh).execute()
      const rows = nodes.map(({ level, index, hash }) => ({ level, index, hash: Buffer.from(hash) }))
      if (rows.length > 0) await db.insertInto('log_node').values(rows).execute()
      await db
        .insertInto('log_root')
        .values({ size: edge.size, root: Buffer.from(edge.root()) })
        .execute()
      return standing
    })
  }

  async #edge(db: Db): Promise<TreeEdge> {
    const size = await sizeOf(db)
    const subtrees = subtreesOf([0, size])
    const stored = await this.#stored(db, subtrees)
    return new TreeEdge(
      size,
      subtrees.map((subtree) => ({ ...subtree, hash: hashOf(stored, subtree) })),
    )
  }

  async #checkSize(size: number): Promise<void> {
    assert(Number.isSafeInteger(size) && size >= 0 && size <= (await this.size()), 'the log is not that long')
  }

  async #hashes(db: Db, ranges: readonly LeafRange[]): Promise<Uint8Array[]> {
    const covers = ranges.map(subtreesOf)
    const stored = await this.#stored(db, covers.flat())
    return covers.map((cover) => foldRight(cover.map((subtree) => hashOf(stored, subtree))))
  }

  async #stored(db: Db, subtrees: readonly Subtree[]): Promise<Map<string, Uint8Array>> {
    const stored = new Map<string, Uint8Array>()
    const leaves = subtrees.flatMap(({ level, index }) => (level === 0 ? [index] : []))
    const nodes = subtrees.filter(({ level }) => level > 0)
    if (leaves.length > 0) {
      const rows = await db.selectFrom('log_entry').select(['index', 'leaf']).where('index', 'in', leaves).execute()
      for (const { index, leaf } of rows) stored.set(nameOf({ level: 0, index }), leaf)
    }
    if (nodes.length > 0) {
      const [levels, indexes] = [nodes.map(({ level }) => level), nodes.map(({ index }) => index)]
      const { rows } = await sql<{ level: number; index: number; hash: Buffer }>`
        select level, index, hash from log_node
        where (level, index) in (select * from unnest(${levels}::smallint[], ${indexes}::bigint[]))`.execute(db)
      for (const row of rows) stored.set(nameOf(row), row.hash)
    }
    return stored
  }
}

async function sizeOf(db: Db): Promise<number> {
  const { rows } = await sql<{ size: number }>`select coalesce(max(index) + 1, 0) as size from log_entry`.execute(db)
  return rows[0]?.size ?? 0
}

function nameOf({ level, index }: Subtree): string {
  return `${level}:${index}`
}

function hashOf(stored: ReadonlyMap<string, Uint8Array>, subtree: Subtree): Uint8Array {
  const hash = stored.get(nameOf(subtree))
  assert(hash !== undefined, `FAI-12: subtree ${nameOf(subtree)} of the log is stored`)
  return hash
}
