import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ConfigError, describeConfig, readConfig, settingsTable } from './config.ts'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'crupier-config-'))
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const KEY = 'ab'.repeat(32)
const TOKEN = 'operator-token-operator-token-0001'

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig({ DATA_DIR: dataDir, ...env })
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

test('[OPS-1] the page of settings lists every setting with its default', () => {
  const page = readFileSync(new URL('../docs/configuration.md', import.meta.url), 'utf8')
  expect(page).toContain(settingsTable())
})

test('[OPS-2] every problem is reported at once, by the name of its setting', () => {
  const problems = problemsOf({
    MODE: 'prod',
    PORT: '70000',
    HOST: 'everywhere',
    DATABASE_URL: 'mysql://root:hunter2@db/x',
    ALLOWED_ORIGINS: 'https://a.example,https://b.example/path',
    TRUSTED_PROXIES: '10.0.0.0/33',
    SECRETS_KEY: 'hunter2',
    LOG_LEVEL: 'loud',
    MARKET_MIN_RETURN_PERCENT: '101',
    MIN_ROUND_GAP_MS: '-1',
  })
  for (const name of ['MODE', 'PORT', 'HOST', 'DATABASE_URL', 'ALLOWED_ORIGINS', 'TRUSTED_PROXIES', 'SECRETS_KEY']) {
    expect(problems.filter((problem) => problem.startsWith(`${name} must`))).toHaveLength(1)
  }
  for (const name of ['LOG_LEVEL', 'MARKET_MIN_RETURN_PERCENT', 'MIN_ROUND_GAP_MS', 'OPERATOR_TOKEN']) {
    expect(problems.some((problem) => problem.startsWith(name))).toBe(true)
  }
  expect(problems.join(' ')).not.toContain('hunter2')
})

test('[OPS-3] the embedded default makes its secrets once, for their owner alone', () => {
  const first = readConfig({ DATA_DIR: dataDir })
  const second = readConfig({ DATA_DIR: dataDir })
  expect(first.secrets.secretsKey).toHaveLength(32)
  expect(second.secrets).toEqual(first.secrets)
  expect(first.secrets.operatorToken).not.toBe(first.secrets.secretsKey.toString('hex'))
  expect(first.secrets.authSecret).not.toBe(first.secrets.secretsKey.toString('hex'))
  for (const file of ['secrets.key', 'operator.token']) expect(statSync(join(dataDir, file)).mode & 0o777).toBe(0o600)
})

test('[OPS-3] production, and any database but the embedded one, require secrets from the environment', () => {
  expect(problemsOf({ MODE: 'production' })).toEqual([
    'SECRETS_KEY is required in production',
    'OPERATOR_TOKEN is required in production',
    'PUBLIC_URL is required in production, with https, since session cookies travel only there',
  ])
  expect(problemsOf({ DATABASE_URL: 'postgres://localhost/casino' })).toEqual([
    'SECRETS_KEY is required with DATABASE_URL',
    'OPERATOR_TOKEN is required with DATABASE_URL',
  ])
  const set = { MODE: 'production', SECRETS_KEY: KEY, OPERATOR_TOKEN: TOKEN, PUBLIC_URL: 'https://play.example.pe' }
  expect(problemsOf(set)).toEqual([])
  expect(problemsOf({ ...set, MIN_ROUND_GAP_MS: '4999' })).toEqual(['MIN_ROUND_GAP_MS is at least 5000 in production'])
})

test('[OPS-3] a key may be written in hex or in base64', () => {
  const hex = readConfig({ DATA_DIR: dataDir, SECRETS_KEY: KEY, OPERATOR_TOKEN: TOKEN })
  const base64 = Buffer.from(KEY, 'hex').toString('base64')
  expect(readConfig({ DATA_DIR: dataDir, SECRETS_KEY: base64, OPERATOR_TOKEN: TOKEN }).secrets).toEqual(hex.secrets)
})

test('[OPS-4] what is shown of the settings holds no secret', () => {
  const shown = JSON.stringify(
    describeConfig({
      DATABASE_URL: 'postgres://casino:planted-password@db/casino',
      REDIS_URL: 'redis://:planted-password@redis',
      PUBLIC_URL: 'https://user:planted-password@play.example.pe/',
      SECRETS_KEY: KEY,
      AUTH_SECRET: 'planted-auth-secret-planted-auth-secret',
      OPERATOR_TOKEN: TOKEN,
    }),
  )
  for (const secret of ['planted', KEY, TOKEN]) expect(shown).not.toContain(secret)
  expect(JSON.parse(shown).PUBLIC_URL).toBe('https://play.example.pe/')
})

test('[OPS-5] without PUBLIC_URL the pages of this machine may act, and no others', () => {
  const config = readConfig({ DATA_DIR: dataDir, PORT: '3000', ALLOWED_ORIGINS: 'https://play.example.pe' })
  expect(config.allowedOrigins).toEqual([
    'http://localhost:3000',
    'http://127.0.0.1:3000',
    'http://[::1]:3000',
    'https://play.example.pe',
  ])
})

test('[OPS-1] a step to die at is named exactly, and never in production', () => {
  expect(readConfig({ DATA_DIR: dataDir, CRASH_AT: 'draw.made:3' }).crashAt).toEqual({ point: 'draw.made', times: 3 })
  expect(readConfig({ DATA_DIR: dataDir, CRASH_AT: 'settle.committed' }).crashAt).toEqual({
    point: 'settle.committed',
    times: 1,
  })
  for (const wrong of ['nowhere', 'draw.made:0', 'draw.made:x'])
    expect(() => readConfig({ DATA_DIR: dataDir, CRASH_AT: wrong })).toThrow(ConfigError)
  expect(() => readConfig({ MODE: 'production', CRASH_AT: 'draw.made' })).toThrow('CRASH_AT is for development only')
})

test('[FOV-120] books on another machine: no start with an address that leads other nodes to themselves', () => {
  const secrets = { SECRETS_KEY: KEY, OPERATOR_TOKEN: TOKEN }
  const elsewhere = [
    'postgres://u:p@db.example/casino',
    'postgres://u:p@127.0.0.1,10.0.0.7:5433/casino?sslmode=require',
  ]
  const more = ['postgres://127.0.0.1.example/casino', 'postgres://u@[2001:db8::1]:5432/x', 'postgres:///x?host=db']
  for (const DATABASE_URL of [...elsewhere, ...more]) {
    for (const wrong of [{}, { PEER_HOST: '0.0.0.0' }, { PEER_HOST: '::' }]) {
      const [problem = '', ...others] = problemsOf({ ...secrets, DATABASE_URL, ...wrong })
      expect([problem.split(' ')[0], others]).toEqual(['PEER_ADDRESS', []])
      expect(problem).toContain('(peer-address-loopback)')
      expect(problem).not.toContain('u:p')
    }
    for (const right of [{ PEER_ADDRESS: '10.0.0.1:2568' }, { PEER_HOST: '10.0.0.1' }, { PEER_HOST: '127.0.0.1' }])
      expect(problemsOf({ ...secrets, DATABASE_URL, ...right })).toEqual([])
  }
})

test('[FOV-120] everything on one machine needs no address of its own', () => {
  const secrets = { SECRETS_KEY: KEY, OPERATOR_TOKEN: TOKEN }
  const here = ['postgres://u:p@127.0.0.1:5432/x', 'postgres://localhost,127.0.0.1:5433/x', 'postgres://u@[::1]:5432/x']
  for (const DATABASE_URL of [...here, 'postgres:///x?host=/run/postgresql', 'postgres://%2Frun%2Fpostgresql/x'])
    expect(problemsOf({ ...secrets, DATABASE_URL })).toEqual([])
})
