export type RedisAddress = { readonly host: string; readonly port: number }

/** Where Redis is. Sentinels and nodes of a Cluster get the same password as the servers. */
export type RedisTarget = { readonly username: string | null; readonly password: string | null } & (
  | { readonly kind: 'single'; readonly address: RedisAddress; readonly tls: boolean; readonly database: number }
  | { readonly kind: 'sentinel'; readonly sentinels: readonly RedisAddress[]; readonly master: string }
  | { readonly kind: 'cluster'; readonly nodes: readonly RedisAddress[] }
)

const FORM = /^(redis|rediss|redis-sentinel|redis-cluster):\/\/(?:([^/]*)@)?([^/@?#]+)(?:\/([^/?#]*))?$/
const REDIS_PORT = 6379
const SENTINEL_PORT = 26_379

/**
 * Reads REDIS_URL: `redis://[user:password@]host[:port][/database]`, `rediss://` for the same over TLS,
 * `redis-sentinel://[:password@]host[:port],…/master`, `redis-cluster://[:password@]host[:port],…`.
 * Errors: throws on anything else, without repeating what it read (FOV-2).
 */
export function readRedisUrl(text: string): RedisTarget {
  const [, scheme = '', login, hosts = '', path = ''] = FORM.exec(text) ?? refuse()
  const credentials = readLogin(login ?? '')
  const addresses = hosts
    .split(',')
    .map((host) => readAddress(host, scheme === 'redis-sentinel' ? SENTINEL_PORT : REDIS_PORT))
  const [address = refuse(), ...others] = addresses
  if (scheme === 'redis-sentinel')
    return path === '' ? refuse() : { ...credentials, kind: 'sentinel', sentinels: addresses, master: decoded(path) }
  if (scheme === 'redis-cluster') return path === '' ? { ...credentials, kind: 'cluster', nodes: addresses } : refuse()
  if (others.length > 0 || !/^\d{0,5}$/.test(path)) refuse()
  return { ...credentials, kind: 'single', address, tls: scheme === 'rediss', database: Number(path) }
}

function readLogin(login: string): { username: string | null; password: string | null } {
  const [, username = '', password = ''] = /^([^:]*):?(.*)$/.exec(login) ?? refuse()
  return { username: decoded(username) || null, password: decoded(password) || null }
}

function readAddress(text: string, usualPort: number): RedisAddress {
  const [, six, name, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^[\]:,\s]+))(?::(\d{1,5}))?$/.exec(text) ?? refuse()
  const number = port === undefined ? usualPort : Number(port)
  return number < 1 || number > 65_535 ? refuse() : { host: six ?? name ?? '', port: number }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return refuse()
  }
}

function refuse(): never {
  throw new Error('REDIS_URL is none of redis://, rediss://, redis-sentinel://…/master and redis-cluster://…')
}
