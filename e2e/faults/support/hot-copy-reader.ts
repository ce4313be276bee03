import { hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster } from '../../../scripts/cluster/cluster.ts'
import { RedisHotCopies } from '../../../server/failover/hot-copies.ts'
import { SealedHotCopies } from '../../../server/failover/hot-copies-sealed.ts'
import { connectRedis, type RedisConnection } from '../../../server/failover/redis-client.ts'
import { redisHouse } from '../../../server/failover/redis-keys.ts'
import { keyBytes } from '../../../server/secrets.ts'
import { Sealer, sealKey } from '../../../workers/seal.ts'

/** Whatever stands in a copy, of any format. */
export type AnyCopy = { readonly [field: string]: unknown }

/** Reads the hot copies of a cluster as its nodes do, without knowing their formats. */
export class HotCopyReader {
  readonly #redis: RedisConnection
  readonly #copies: SealedHotCopies

  constructor({ folder, redisUrl }: Pick<Cluster<unknown, unknown>, 'folder' | 'redisUrl'>) {
    const secret = keyBytes(readFileSync(join(folder, 'secrets.key'), 'utf8').trim())
    if (secret === null || redisUrl === null) throw new Error('this cluster has no hot copies')
    const key = new Uint8Array(hkdfSync('sha256', secret, '', 'crupier hot copies', 32))
    this.#redis = connectRedis(redisUrl, { onError: () => undefined })
    this.#copies = new SealedHotCopies(new RedisHotCopies(this.#redis, redisHouse(secret)), new Sealer([sealKey(key)]))
  }

  /** The newest copy of the table; null when there is none, or Redis does not answer in its time. */
  async read(tableId: string): Promise<AnyCopy | null> {
    const copy = await this.#copies.read(tableId).catch(() => null)
    return copy === null ? null : (JSON.parse(copy.text) as AnyCopy)
  }

  close(): void {
    this.#redis.close()
  }
}
