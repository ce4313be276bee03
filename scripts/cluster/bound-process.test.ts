import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { until } from '../../e2e/support/until.ts'
import { BoundProcess } from './bound-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'crupier-bound-'))
const logFile = join(folder, 'log')
const MODULE = fileURLToPath(new URL('bound-process.ts', import.meta.url))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function isAlive(pid: number): boolean {
  try {
    // The state follows the name, which is in brackets and may hold anything.
    return !/\) Z [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

test.each([
  'SIGINT',
  'SIGTERM',
  'SIGKILL',
] as const)('[CLU-12] a part ends with a parent that %s ends', async (signal) => {
  const program = `
    import { BoundProcess } from ${JSON.stringify(MODULE)}
    const start = () => BoundProcess.start(['sleep', '1000'], { env: process.env, logFile: ${JSON.stringify(logFile)} })
    const [one, paused] = [await start(), await start()]
    paused.signal('SIGSTOP')
    console.log(one.pid, paused.pid)
    setInterval(() => {}, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = (await once(parent.stdout, 'data')) as [Buffer]
  const pids = said.toString().trim().split(' ').map(Number)
  expect(pids.map(isAlive)).toEqual([true, true])
  parent.kill(signal)
  await until('its parts have ended', () => !pids.some(isAlive), 3_000)
})

test('[CLU-12] an interrupt at the terminal reaches the parent alone', async () => {
  const part = await BoundProcess.start(['sleep', '1000'], { env: process.env, logFile })
  const group = (pid: number) => execFileSync('ps', ['-o', 'pgid=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  expect(group(part.pid)).not.toBe(group(process.pid))
  await part.end('SIGKILL', 0)
})

test('[CLU-12] a part that does not end in time, or is paused, is ended all the same', async () => {
  const deaf = await BoundProcess.start(['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 0.01; done'], {
    env: process.env,
    logFile,
  })
  await until('it is deaf', () => readFileSync(logFile, 'utf8').includes('ready'))
  expect(await deaf.end('SIGTERM', 100)).toEqual({ code: null, signal: 'SIGKILL' })
  const paused = await BoundProcess.start(['sleep', '1000'], { env: process.env, logFile })
  paused.signal('SIGSTOP')
  expect(await paused.end('SIGTERM', 5_000)).toEqual({ code: null, signal: 'SIGTERM' })
  expect(paused.signal('SIGTERM')).toBe(false)
})

test('[CLU-12] a program that is not there ends at once, and the log says so', async () => {
  const none = await BoundProcess.start(['/no/such/program'], { env: process.env, logFile })
  expect((await none.exited).code).not.toBe(0)
  expect(readFileSync(logFile, 'utf8')).toContain('/no/such/program')
})
