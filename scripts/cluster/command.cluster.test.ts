import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { until } from '../../e2e/support/until.ts'
import { lockFolder } from '../../server/database/folder-lock.ts'

const COMMAND = fileURLToPath(new URL('../cluster.ts', import.meta.url))
const UP_WITHIN_MS = 90_000

const folder = mkdtempSync('/var/tmp/crupier-command-')
let running: ChildProcess | null = null
afterAll(() => {
  running?.kill('SIGKILL')
  for (const path of [folder, `${folder}.lock`, `${folder}.lock-journal`])
    rmSync(path, { recursive: true, force: true })
})

type Up = { readonly child: ChildProcess; readonly url: string; readonly parts: readonly number[]; said(): string }

async function up(): Promise<Up> {
  const child = spawn(process.execPath, [COMMAND, '--nodes', '1', '--folder', folder], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running = child
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      text += bytes.toString()
    })
  const open = () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${text}`)
    return /Crupier is open: (\S+)[\s\S]*Ctrl-C/.exec(text)?.[1]
  }
  const url = await until('the cluster is open', open, UP_WITHIN_MS)
  return { child, url: url.replace('localhost', '127.0.0.1'), parts: descendants(child.pid ?? 0), said: () => text }
}

/** State and parent of a process; null when there is none. */
function statOf(pid: number): { readonly state: string; readonly parent: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in brackets may hold anything, so what follows is read from the last bracket on.
    const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state, parent: Number(parent) }
  } catch {
    return null
  }
}

function descendants(pid: number): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const children = all.map(Number).filter((each) => statOf(each)?.parent === pid)
  return [...children, ...children.flatMap(descendants)]
}

const isAlive = (pid: number) => ![undefined, 'Z'].includes(statOf(pid)?.state)

async function order(url: string, command: object): Promise<unknown> {
  const token = readFileSync(join(folder, 'operator.token'), 'utf8').trim()
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'x-operator': 'test' }
  const response = await fetch(`${url}/operator/api/command`, {
    method: 'POST',
    headers,
    body: JSON.stringify(command),
  })
  const answer = (await response.json()) as { code: string | null; result: unknown }
  expect(answer.code).toBe(null)
  return answer.result
}

test('[CLU-12 CLU-13] killed whole, the cluster leaves nothing behind and comes back with its books', async () => {
  const first = await up()
  await order(first.url, { command: 'table.pause', tableId: 'lima' })
  expect(statSync(join(folder, 'operator.token')).mode & 0o077).toBe(0)
  expect(first.parts.length).toBeGreaterThan(8)
  first.child.kill('SIGKILL')
  await until('no part is left', () => !first.parts.some(isAlive), 10_000)

  const second = await up()
  const tables = (await order(second.url, { command: 'table.list' })) as { tableId: string; status: string }[]
  expect(tables.find(({ tableId }) => tableId === 'lima')?.status).toBe('paused')
  second.child.kill('SIGINT')
  const [code] = await once(second.child, 'exit')
  expect([code, second.parts.filter(isAlive)]).toEqual([0, []])
  expect(second.said()).toContain('Stopped.')
  const places = new RegExp(`Folder +${folder}\\n +Books +/\\S+ \\(PostgreSQL's data\\)\\n`)
  for (const { said } of [first, second]) expect(said()).toMatch(places)
}, 240_000)

test('[CLU-14] a command that nobody can follow is answered with its usage', async () => {
  for (const args of [['--nodes', '10'], ['--port', 'x'], ['--quickly']]) {
    const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
    const text = await new Response(child.stderr as never).text()
    expect(text).toContain('usage: npm run cluster')
  }
}, 60_000)

test('[CLU-17] a port that was asked for and is taken, and a folder in use, are each one coded line', async () => {
  const taken = createServer()
  await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done))
  const port = (taken.address() as { port: number }).port
  const own = mkdtempSync('/var/tmp/crupier-command-')
  const unlock = lockFolder(`${own}-locked.lock`)
  try {
    for (const [args, line] of [
      [['--port', String(port), '--folder', own], `port-taken: another process listens on port ${port}`],
      [['--folder', `${own}-locked`], 'folder-in-use: another process is using'],
    ] as const) {
      const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
      const [said, [code]] = await Promise.all([new Response(child.stderr as never).text(), once(child, 'exit')])
      expect([code, said]).toEqual([1, expect.stringMatching(/^The cluster cannot start: [^\n]+\n$/)])
      expect(said).toContain(line)
    }
  } finally {
    unlock()
    taken.close()
    for (const path of [own, `${own}-locked`])
      for (const end of ['', '.lock']) rmSync(`${path}${end}`, { recursive: true, force: true })
  }
}, 60_000)
