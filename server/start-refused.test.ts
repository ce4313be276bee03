import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BooksOutOfReach } from './ledger/out-of-reach.ts'
import { startRefusal } from './start-refused.ts'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))
const dataDir = mkdtempSync(join(tmpdir(), 'crupier-start-'))
let taken: Server
let port: number

beforeAll(async () => {
  taken = createServer()
  await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done))
  const address = taken.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})
afterAll(() => {
  taken.close()
  rmSync(dataDir, { recursive: true, force: true })
})

/** Starts the server as an operator does, and answers how it ended and what it said on standard error. */
async function start(env: NodeJS.ProcessEnv): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env.PATH, DATA_DIR: dataDir, LOG_LEVEL: 'fatal', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const code = await new Promise<number | null>((done) => child.once('close', done))
  return { code, said }
}
const line = (code: string, more: string) =>
  expect.stringMatching(new RegExp(`^crupier cannot start: ${code}: [^\\n]*${more}[^\\n]*\\n$`))

test('[OPS-21 OPS-22] a port that is taken, and books of another key, are each refused in one coded line', async () => {
  expect(await start({ PORT: String(port) })).toEqual({ code: 1, said: line('port-taken', `127.0.0.1:${port}`) })
  writeFileSync(join(dataDir, 'secrets.key'), 'ab'.repeat(32))
  expect(await start({ PORT: '0' })).toEqual({ code: 1, said: line('unknown-key', 'another SECRETS_KEY') })
}, 240_000)

test('[OPS-21] a database that is not there is one coded line; settings that do not fit are named', async () => {
  const [SECRETS_KEY, OPERATOR_TOKEN] = ['ab'.repeat(32), 'cd'.repeat(32)]
  const secrets = { SECRETS_KEY, OPERATOR_TOKEN, PEER_ADDRESS: '127.0.0.1:1' }
  const gone = await start({ ...secrets, PORT: '0', DATABASE_URL: 'postgres://crupier@127.0.0.1:9/none' })
  expect(gone).toEqual({ code: 1, said: line('books-out-of-reach', 'ECONNREFUSED') })
  const wrong = await start({ PORT: 'x' })
  expect(wrong).toEqual({ code: 1, said: expect.stringMatching(/^crupier cannot start: bad-settings: .*\n {2}PORT/) })
}, 240_000)

test('[OPS-21] what is no matter of the operator keeps its stack', () => {
  expect(startRefusal(new TypeError('undefined is not a function'))).toBeNull()
  expect(startRefusal('text')).toBeNull()
  const cause = Object.assign(new Error('the database system is starting up'), { code: '57P03' })
  expect(startRefusal(new BooksOutOfReach('the books are out of reach', { cause }))).toEqual({
    code: 'books-out-of-reach',
    message: expect.stringContaining('starting up'),
  })
})
