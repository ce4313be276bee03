import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HighWater } from './high-water.ts'
import { readLine, signedLine } from './high-water.ts'
import { keyIdOf, MarkSigner, openKeys, sealKeys } from './keys.ts'
import { NO_ROUNDS } from './rounds-chain.ts'

const KEYS = { SECRETS_KEY: 'ab'.repeat(32), AUTH_SECRET: '', OPERATOR_TOKEN: 'operator-token-operator-token-0001' }
const PASSPHRASE = 'a long enough passphrase'
const main = fileURLToPath(new URL('./cli/keys.ts', import.meta.url))
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'crupier-keys-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('[BAK-13] exported keys open under their passphrase alone, and hold nothing readable', () => {
  const file = sealKeys(KEYS, PASSPHRASE)
  expect(openKeys(file, PASSPHRASE)).toEqual(KEYS)
  expect(openKeys(file, `${PASSPHRASE}!`)).toBeNull()
  expect(
    openKeys(
      file.replace(/"body":"(.)/, (_, c) => `"body":"${c === 'A' ? 'B' : 'A'}`),
      PASSPHRASE,
    ),
  ).toBeNull()
  expect(() => openKeys('{}', PASSPHRASE)).toThrow('no file of exported keys')
  expect(file).not.toContain('abab')
})

test('[BAK-13 BAK-5] the command writes for its owner alone, prints no key, and not beside the backups', async () => {
  const place = join(folder, 'place')
  const env = { PATH: process.env.PATH, ...KEYS, BACKUP_DIR: place, BACKUP_PASSPHRASE: PASSPHRASE }
  const run = async (...args: string[]) =>
    promisify(execFile)(process.execPath, [main, ...args], { env }).then(
      ({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        code: error.code,
        said: error.stdout + error.stderr,
      }),
    )
  const exported = join(folder, 'house.keys')
  const opened = join(folder, 'house.env')
  const answers = [
    await run('export', '--to', join(place, 'house.keys')),
    await run('export', '--to', exported),
    await run('export', '--to', exported),
    await run('open', '--from', exported, '--to', opened),
  ]
  expect(answers.map(({ code }) => code)).toEqual([2, 0, 1, 0])
  expect(statSync(exported).mode & 0o777).toBe(0o600)
  expect(statSync(opened).mode & 0o777).toBe(0o600)
  expect(readFileSync(opened, 'utf8')).toBe(`SECRETS_KEY=${KEYS.SECRETS_KEY}\nOPERATOR_TOKEN=${KEYS.OPERATOR_TOKEN}\n`)
  const said = answers.map((answer) => answer.said).join('')
  expect(said).toContain(keyIdOf(Buffer.from(KEYS.SECRETS_KEY, 'hex')))
  for (const secret of [KEYS.SECRETS_KEY, KEYS.OPERATOR_TOKEN, PASSPHRASE]) expect(said).not.toContain(secret)
})

test('[BAK-6] a mark that was changed, or signed under another key, is refused', () => {
  const signer = new MarkSigner(Buffer.alloc(32, 1))
  const water: HighWater = {
    format: 'crupier-high-water-1',
    atMs: 1,
    systemId: '7',
    lsn: '0/10',
    log: { name: 'a', size: 0, checkpoint: '' },
    audit: { seq: 0, hash: '00' },
    rounds: NO_ROUNDS,
    tables: { lima: { epoch: 3, seriesNo: 2 } },
    incarnation: 1,
  }
  const line = signedLine(water, signer)
  expect(readLine(line, signer, 'here')).toEqual(water)
  expect(() => readLine(line.replace('"epoch":3', '"epoch":2'), signer, 'here')).toThrow('was changed')
  expect(() => readLine(line, new MarkSigner(Buffer.alloc(32, 2)), 'here')).toThrow('another SECRETS_KEY')
  expect(() => readLine('{"half":', signer, 'here')).toThrow('here cannot be read')
})
