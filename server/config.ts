import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { z } from 'zod'
import { CRASH_POINTS, type CrashPoint } from './crash-points.ts'
import { keyBytes, readSecrets, type Secrets } from './secrets.ts'

/** Everything the operator may set, from the environment; `docs/configuration.md` lists the same (OPS-1). */
export const settings = {
  MODE: setting('development', 'One of development, production. Play money exists in development only.', {
    schema: oneOf('development', 'production'),
  }),
  PORT: setting('2567', 'TCP port of the web server; 0 takes any free port.', { schema: whole(0, 65_535) }),
  HOST: setting('127.0.0.1', 'Address to listen on. The server speaks plain HTTP: other machines come by a proxy.', {
    schema: z.string().refine((host) => isIP(host) !== 0 || host === 'localhost', 'must be an IP address or localhost'),
  }),
  DATA_DIR: setting('./var', 'Folder of the embedded database and of the secrets made at first start.', {
    schema: z.string().min(1, 'must name a folder'),
  }),
  DATABASE_URL: setting(
    '',
    'PostgreSQL 15 or newer, postgres://… Several hosts, by commas: the writable one. Empty: embedded in DATA_DIR.',
    { schema: url('postgres:', 'postgresql:'), secret: true },
  ),
  BACKUP_DIR: setting(
    '',
    'Second place of the backups, where this node can read it: books that are behind its marks are not opened.',
    { schema: z.string() },
  ),
  REDIS_URL: setting(
    '',
    'redis://, rediss://, redis-sentinel://host:port,…/master or redis-cluster://host:port,… Empty: without Redis.',
    { schema: url('redis:', 'rediss:', 'redis-sentinel:', 'redis-cluster:'), secret: true },
  ),
  NODE_ID: setting('', 'Name of this node, unique among all that share the database. Empty: host name and port.', {
    schema: z.string().regex(/^([a-z0-9][a-z0-9-]{0,62})?$/, 'must be at most 63 small letters, digits and hyphens'),
  }),
  PEER_HOST: setting('127.0.0.1', 'Address on which other nodes reach this one; never open to players.', {
    schema: z.string().refine((host) => isIP(host) !== 0 || host === 'localhost', 'must be an IP address or localhost'),
  }),
  PEER_PORT: setting('0', 'TCP port for other nodes; 0 takes any free port.', { schema: whole(0, 65_535) }),
  PEER_ADDRESS: setting(
    '',
    'host:port under which other nodes dial this one. Empty: PEER_HOST and its port, on one machine.',
    {
      schema: z.string().regex(/^(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+)?(:\d{1,5})?$/, 'must be host:port'),
    },
  ),
  LEASE_MS: setting('1500', 'A table is taken over when its node was silent everywhere for this long.', {
    schema: whole(500, 60_000),
  }),
  DRAIN_SECONDS: setting('20', 'Longest time that an orderly stop takes to hand its tables over.', {
    schema: whole(1, 600),
  }),
  PUBLIC_URL: setting('', 'Address that players type. Empty: http://localhost:PORT. Production requires https.', {
    schema: url('http:', 'https:'),
  }),
  ALLOWED_ORIGINS: setting('', 'Further origins whose pages may act for a player, separated by commas.', {
    schema: list(isOrigin, 'must be origins such as https://play.example.pe'),
  }),
  TRUSTED_PROXIES: setting('', 'Addresses or CIDR ranges of proxies whose X-Forwarded-For is believed, by commas.', {
    schema: list(isAddressRange, 'must be IP addresses or CIDR ranges'),
  }),
  OPERATOR_FROM: setting(
    '127.0.0.0/8,::1',
    'Addresses or CIDR ranges that may use the operator API and read /metrics.',
    {
      schema: list(isAddressRange, 'must be IP addresses or CIDR ranges'),
    },
  ),
  SECRETS_KEY: setting('', '32 bytes, hex or base64: encrypts what must stay secret at rest.', {
    schema: z.string().refine((text) => text === '' || keyBytes(text) !== null, 'must be 32 bytes in hex or base64'),
    secret: true,
  }),
  AUTH_SECRET: setting('', 'Signs session cookies; at least 32 characters. Empty: derived from SECRETS_KEY.', {
    schema: z.string().refine((text) => text === '' || text.length >= 32, 'must have at least 32 characters'),
    secret: true,
  }),
  OPERATOR_TOKEN: setting('', 'Bearer token of the operator API; at least 32 characters.', {
    schema: z.string().regex(/^([\x21-\x7e]{32,})?$/, 'must have at least 32 printable characters without spaces'),
    secret: true,
  }),
  CRASH_AT: setting('', 'Development only, for tests: the process kills itself at this step, as in draw.made:2.', {
    schema: z
      .string()
      .transform(readCrashPoint)
      .refine((crash) => crash !== 'unknown', 'must be the name of a step, and which time'),
  }),
  LOG_LEVEL: setting('info', 'One of fatal, error, warn, info, debug, trace, silent.', {
    schema: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  }),
  CURRENCY: setting('PEN', 'ISO 4217 code of the currency of every account and table.', {
    schema: z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters'),
  }),
  MARKET_MIN_RETURN_PERCENT: setting('85', 'A table that offers a bet with a lower average return is refused.', {
    schema: z
      .string()
      .regex(/^\d{1,3}(\.\d{1,4})?$/, 'must be a number of at most four decimals')
      .transform(Number)
      .refine((percent) => percent <= 100, 'must be at most 100'),
  }),
  MIN_ROUND_GAP_MS: setting('5000', 'Least milliseconds from a result to the next round; production: at least 5000.', {
    schema: whole(0, 600_000),
  }),
  SESSION_IDLE_MINUTES: setting('30', 'A session that nobody used for this long ends.', { schema: whole(1, 1440) }),
  SIGN_UPS_PER_MINUTE: setting('10', 'Registrations that one address may attempt in a minute.', {
    schema: whole(1, 100_000),
  }),
  SIGN_INS_PER_MINUTE: setting('10', 'Sign-ins that one address may attempt in a minute.', {
    schema: whole(1, 100_000),
  }),
  HTTP_REQUESTS_PER_SECOND: setting(
    '50',
    'HTTP requests that one address may make in the long run; 4 s of it at once, and as many held while a table moves.',
    {
      schema: whole(1, 1_000_000),
    },
  ),
  PLAY_MONEY_DAILY_CENTS: setting('5000000', 'Most play money, in cents, that one player may take in 24 hours.', {
    schema: whole(0, 1_000_000_000),
  }),
  HOUSE_NAME: setting('Crupier', 'Name of the house, shown on every page.', {
    schema: z.string().max(80, 'must have at most 80 characters'),
  }),
  HOUSE_REGISTRATION_CODE: setting('', 'Registration of the platform with the regulator, shown on every page.', {
    schema: z.string().max(80, 'must have at most 80 characters'),
  }),
  HOUSE_RUC: setting('', 'Tax number of the house (RUC, 11 digits), shown on every page.', {
    schema: z.string().regex(/^(\d{11})?$/, 'must be 11 digits'),
  }),
} as const

type Name = keyof typeof settings
type Values = { readonly [N in Name]: z.output<(typeof settings)[N]['schema']> }

export type Config = {
  readonly mode: Values['MODE']
  readonly port: number
  readonly host: string
  readonly dataDir: string
  /** Null: the embedded database in `dataDir`. */
  readonly databaseUrl: string | null
  /** Null: this node cannot read the second place. */
  readonly backupDir: string | null
  readonly redisUrl: string | null
  readonly nodeId: string
  readonly peerHost: string
  readonly peerPort: number
  /** Null: `peerHost` and the port that was taken. */
  readonly peerAddress: string | null
  readonly leaseMs: number
  readonly drainMs: number
  readonly publicUrl: string
  readonly allowedOrigins: readonly string[]
  readonly trustedProxies: readonly string[]
  readonly operatorFrom: readonly string[]
  /** Where the process kills itself, and the how manieth time. */
  readonly crashAt: { readonly point: CrashPoint; readonly times: number } | null
  readonly logLevel: Values['LOG_LEVEL']
  readonly currency: string
  readonly marketMinReturnPercent: number
  readonly minRoundGapMs: number
  readonly sessionIdleMs: number
  readonly signUpsPerMinute: number
  readonly signInsPerMinute: number
  readonly requestsPerSecond: number
  readonly playMoneyDailyCents: number
  /** What every page shows of the operator. */
  readonly house: { readonly name: string; readonly registrationCode: string; readonly ruc: string }
  /** Never logged, never sent. */
  readonly secrets: Secrets
}

/** The settings that cannot be used, all of them at once. */
export class ConfigError extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(`these settings cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/**
 * The house's settings. With the embedded database in development, secrets that are missing are made once in DATA_DIR,
 * readable by their owner alone; anywhere else they are required (OPS-3).
 * Errors: throws `ConfigError` with every problem at once, and names no secret's value (OPS-2).
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const problems: string[] = []
  const values = readValues(env, problems)
  problems.push(...mismatches(env))
  if (problems.length > 0) throw new ConfigError(problems)
  const publicUrl = values.PUBLIC_URL || `http://localhost:${values.PORT}`
  return {
    mode: values.MODE,
    port: values.PORT,
    host: values.HOST,
    dataDir: values.DATA_DIR,
    databaseUrl: values.DATABASE_URL || null,
    backupDir: values.BACKUP_DIR || null,
    redisUrl: values.REDIS_URL || null,
    nodeId: values.NODE_ID || ownNodeId(values.PORT),
    peerHost: values.PEER_HOST,
    peerPort: values.PEER_PORT,
    peerAddress: values.PEER_ADDRESS || null,
    leaseMs: values.LEASE_MS,
    drainMs: values.DRAIN_SECONDS * 1000,
    publicUrl,
    allowedOrigins: [...new Set([...ownOrigins(values), ...values.ALLOWED_ORIGINS])],
    trustedProxies: values.TRUSTED_PROXIES,
    operatorFrom: values.OPERATOR_FROM,
    crashAt: values.CRASH_AT === 'unknown' ? null : values.CRASH_AT,
    logLevel: values.LOG_LEVEL,
    currency: values.CURRENCY,
    marketMinReturnPercent: values.MARKET_MIN_RETURN_PERCENT,
    minRoundGapMs: values.MIN_ROUND_GAP_MS,
    sessionIdleMs: values.SESSION_IDLE_MINUTES * 60_000,
    signUpsPerMinute: values.SIGN_UPS_PER_MINUTE,
    signInsPerMinute: values.SIGN_INS_PER_MINUTE,
    requestsPerSecond: values.HTTP_REQUESTS_PER_SECOND,
    house: { name: values.HOUSE_NAME, registrationCode: values.HOUSE_REGISTRATION_CODE, ruc: values.HOUSE_RUC },
    playMoneyDailyCents: values.PLAY_MONEY_DAILY_CENTS,
    secrets: readSecrets({
      secretsKey: values.SECRETS_KEY,
      authSecret: values.AUTH_SECRET,
      operatorToken: values.OPERATOR_TOKEN,
      dataDir: values.DATA_DIR,
    }),
  }
}

/** What is set, for the log: secrets only as set or not, addresses without what they may carry of passwords. */
export function describeConfig(env: NodeJS.ProcessEnv): Record<string, string> {
  const shown: Record<string, string> = {}
  for (const [name, { fallback, secret }] of Object.entries(settings)) {
    const value = env[name] || fallback
    shown[name] = secret ? (value === '' ? '(not set)' : '(set)') : withoutCredentials(value)
  }
  return shown
}

/** The table of `docs/configuration.md`, which a test keeps equal to this. */
export function settingsTable(): string {
  const rows = Object.entries(settings).map(
    ([name, { fallback, meaning }]) => `| \`${name}\` | ${fallback === '' ? '' : `\`${fallback}\``} | ${meaning} |`,
  )
  return ['| setting | default | meaning |', '|---|---|---|', ...rows].join('\n')
}

function readValues(env: NodeJS.ProcessEnv, problems: string[]): Values {
  const values: Record<string, unknown> = {}
  for (const [name, { fallback, schema }] of Object.entries(settings)) {
    const read = schema.safeParse(env[name] || fallback)
    if (read.success) values[name] = read.data
    else problems.push(`${name} ${[...new Set(read.error.issues.map((issue) => issue.message))].join(', ')}`)
  }
  return values as Values
}

/** What each setting cannot know by itself. */
function mismatches(env: NodeJS.ProcessEnv): string[] {
  const problems: string[] = []
  const production = env.MODE === 'production'
  if (production || env.DATABASE_URL) {
    const where = production ? 'in production' : 'with DATABASE_URL'
    for (const name of ['SECRETS_KEY', 'OPERATOR_TOKEN'] as const) {
      if (!env[name]) problems.push(`${name} is required ${where}`)
    }
  }
  if (isDialledInVain(env)) {
    const where = 'under which the nodes that share DATABASE_URL reach this one; without it they would dial themselves'
    problems.push(`PEER_ADDRESS or PEER_HOST must say the address ${where} (peer-address-loopback)`)
  }
  if (production && !env.PUBLIC_URL?.startsWith('https://')) {
    problems.push('PUBLIC_URL is required in production, with https, since session cookies travel only there')
  }
  if (production && env.CRASH_AT) problems.push('CRASH_AT is for development only')
  if (production && env.MIN_ROUND_GAP_MS && Number(env.MIN_ROUND_GAP_MS) < 5000) {
    problems.push('MIN_ROUND_GAP_MS is at least 5000 in production')
  }
  return problems
}

/**
 * True when books on another machine would list an address of this node that leads every other node to itself, and
 * nobody has asked for that. A single machine may have everything on its loopback addresses.
 */
function isDialledInVain({ DATABASE_URL, PEER_HOST, PEER_ADDRESS }: NodeJS.ProcessEnv): boolean {
  if (!DATABASE_URL || PEER_ADDRESS || databaseHosts(DATABASE_URL).every(isLoopback)) return false
  return !PEER_HOST || PEER_HOST === '0.0.0.0' || PEER_HOST === '::'
}

/** The hosts that an address of the database names; none when it is on a socket of this machine. */
function databaseHosts(databaseUrl: string): string[] {
  const [, names = '', query = ''] = /^[a-z]+:\/\/(?:[^/?#]*@)?([^/?#]*)[^?#]*\??([^#]*)/.exec(databaseUrl) ?? []
  const named = new URLSearchParams(query).get('host') ?? names
  return named
    .split(',')
    .map((name) =>
      decodeURIComponent(name.startsWith('[') ? name.slice(1, name.indexOf(']')) : (name.split(':')[0] ?? '')),
    )
    .filter((host) => host !== '' && !host.startsWith('/'))
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function readCrashPoint(text: string): { point: CrashPoint; times: number } | 'unknown' | null {
  if (text === '') return null
  const [name, times = '1'] = text.split(':')
  const point = CRASH_POINTS.find((known) => known === name)
  return point === undefined || !/^[1-9]\d{0,5}$/.test(times) ? 'unknown' : { point, times: Number(times) }
}

/** The same after a restart, so that the next life of a node takes over from the last one without a wait. */
function ownNodeId(port: number): string {
  const name = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+/, '')
  return `${name.slice(0, 48) || 'node'}-${port === 0 ? `p${process.pid}` : port}`
}

/** Where the page itself comes from. Without PUBLIC_URL that is this machine, under each of its names. */
function ownOrigins(values: Values): string[] {
  if (values.PUBLIC_URL !== '') return [new URL(values.PUBLIC_URL).origin]
  const host = isIP(values.HOST) === 6 ? `[${values.HOST}]` : values.HOST
  return ['localhost', '127.0.0.1', '[::1]', host].map((name) => `http://${name}:${values.PORT}`)
}

function setting<S extends z.ZodType>(fallback: string, meaning: string, more: { schema: S; secret?: true }) {
  return { fallback, meaning, schema: more.schema, secret: more.secret === true }
}

function oneOf<const T extends string>(...words: readonly T[]) {
  return z.enum(words, { error: `must be one of ${words.join(', ')}` })
}

function whole(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`
  return z
    .string()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .refine((n) => n >= least && n <= most, message)
}

function list(fits: (item: string) => boolean, message: string) {
  return z
    .string()
    .transform((text) => text.split(',').flatMap((item) => (item.trim() === '' ? [] : [item.trim()])))
    .refine((items) => items.length <= 100 && items.every(fits), message)
}

function url(...protocols: string[]) {
  const named = protocols.map((protocol) => `${protocol}//`).join(' or ')
  return z.string().refine(
    // The address of several hosts, by commas, is none for `URL`; each of them alone is.
    (text) => text === '' || protocols.includes(URL.parse(text.replace(/,[^/]*/, ''))?.protocol ?? ''),
    `must be an address with ${named}`,
  )
}

function isOrigin(text: string): boolean {
  const address = URL.parse(text)
  return address !== null && /^https?:$/.test(address.protocol) && address.origin === text
}

function isAddressRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const kind = isIP(address)
  if (kind === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (kind === 4 ? 32 : 128))
}

function withoutCredentials(text: string): string {
  const address = URL.parse(text)
  if (address === null || (address.username === '' && address.password === '')) return text
  return `${address.protocol}//${address.host}${address.pathname}`
}
