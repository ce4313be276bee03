import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { startPostgres } from '../../scripts/postgres.ts'
import { buildContext, copiedFiles, type Dockerfile, type Stage } from './dockerfile.ts'

const READY_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 30_000
const POLL_MS = 100

export type ImageReport = {
  readonly files: number
  readonly readyMs: number
  readonly rssMb: number
  readonly stopMs: number
}

/**
 * Does what `docker build` and `docker run` would with this Dockerfile, without an engine: lays out every stage in a
 * folder, and starts its command as process 1 of a namespace whose whole file system is read-only, as the Dockerfile's
 * user, on a PostgreSQL of its own. Then asks its health, and ends it with SIGTERM.
 * Errors: rejects when any of that is not as it should be. Needs Linux, root and Debian's `postgresql-15`.
 */
export async function tryImage(root: string, dockerfile: Dockerfile, port: number): Promise<ImageReport> {
  const folder = mkdtempSync(join(tmpdir(), 'crupier-image-'))
  // Its files are for another user to read.
  chmodSync(folder, 0o755)
  try {
    const context = buildContext(root)
    const built = new Map<string, string>()
    for (const stage of dockerfile.stages) built.set(stage.name, layOut(root, folder, stage, context, built))
    const last = dockerfile.stages.at(-1)
    if (last === undefined) throw new Error('the Dockerfile has no stage')
    const app = built.get(last.name) ?? ''
    return { files: copiedFiles(last, context).size, ...(await runImage(folder, app, last, port)) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One stage in a folder of its own, which stands for its WORKDIR. */
function layOut(
  root: string,
  folder: string,
  stage: Stage,
  context: readonly string[],
  built: ReadonlyMap<string, string>,
): string {
  const app = join(folder, stage.name, stage.workdir)
  mkdirSync(app, { recursive: true })
  for (const [to, from] of copiedFiles(stage, context)) {
    mkdirSync(dirname(join(app, to)), { recursive: true })
    copyFileSync(join(root, from), join(app, to))
  }
  for (const { from, sources, to } of stage.copies) {
    if (from === null) continue
    const other = built.get(from) ?? ''
    for (const source of sources)
      cpSync(join(other, source.replace(stage.workdir, '')), join(app, to), { recursive: true })
  }
  for (const run of stage.runs) runStep(root, app, run)
  return app
}

/** All packages are here already; a step on absolute paths is meant for the image alone. */
function runStep(root: string, app: string, command: string): void {
  if (command === 'npm ci --ignore-scripts') symlinkSync(join(root, 'node_modules'), join(app, 'node_modules'))
  else if (!/\s\//.test(command))
    execFileSync('sh', ['-c', command], { cwd: app, stdio: ['ignore', 'ignore', 'inherit'], env: ownNodeFirst() })
}

function ownNodeFirst(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}` }
}

async function runImage(folder: string, app: string, stage: Stage, port: number): Promise<Omit<ImageReport, 'files'>> {
  const node = join(folder, 'node')
  copyFileSync(process.execPath, node)
  chmodSync(node, 0o755)
  const postgres = await startPostgres()
  const program = (words: readonly string[]): string[] => [
    words[0] === 'node' ? node : (words[0] ?? ''),
    ...words.slice(1),
  ]
  const env = {
    ...stage.env,
    PATH: '/usr/bin:/bin',
    ...{ HOST: '127.0.0.1', PORT: String(port), PEER_HOST: '127.0.0.1', PEER_PORT: '0', NODE_ID: 'image' },
    ...{ DATABASE_URL: postgres.url, PUBLIC_URL: 'https://casino.example.pe', LOG_LEVEL: 'warn' },
    ...{ SECRETS_KEY: randomBytes(32).toString('hex'), OPERATOR_TOKEN: randomBytes(32).toString('hex') },
  }
  const { uid, gid } = ids(stage.user)
  const startedAt = performance.now()
  // Process 1 hears only the signals that it listens for, so it is one here too.
  const inside = `mount -o remount,bind,ro / && exec setpriv --reuid ${uid} --regid ${gid} \
    --clear-groups --no-new-privs --bounding-set=-all "$@"`
  const unshared = ['--mount', '--pid', '--fork', '--kill-child', '--', 'sh', '-c', inside, 'sh']
  const child = spawn('unshare', [...unshared, ...program(stage.command)], {
    ...{ cwd: app, env, stdio: ['ignore', 'ignore', 'pipe'] },
  })
  let said = ''
  child.stderr?.on('data', (bytes: Buffer) => {
    said += bytes.toString()
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  try {
    await untilReady(port, ended, () => said)
    const readyMs = performance.now() - startedAt
    execFileSync(node, program(stage.healthcheck).slice(1), { env })
    // What runbooks tell operators to do in a container.
    const casino = ['server/cli/main.ts', '--as', 'validate', '--json', 'books', 'audit']
    execFileSync(node, casino, { cwd: app, env, ...ids(stage.user), stdio: ['ignore', 'ignore', 'inherit'] })
    const pid = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim())
    const rssMb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
    const askedAt = performance.now()
    process.kill(pid, 'SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
    const code = await ended
    clearTimeout(late)
    if (code !== 0) throw new Error(`asked to stop, it ended with ${code}: ${said}`)
    const stopMs = performance.now() - askedAt
    return { readyMs: Math.round(readyMs), rssMb: Math.round(rssMb), stopMs: Math.round(stopMs) }
  } finally {
    child.kill('SIGKILL')
    await ended
    await postgres.stop()
  }
}

function ids(user: string | null): { uid: number; gid: number } {
  const [uid = '', gid = ''] = (user ?? '').split(':')
  return { uid: Number(uid), gid: Number(gid) }
}

async function untilReady(port: number, ended: Promise<number | null>, said: () => string): Promise<void> {
  let code: number | null | undefined
  void ended.then((found) => {
    code = found
  })
  const giveUpAt = performance.now() + READY_LIMIT_MS
  for (;;) {
    if (code !== undefined) throw new Error(`it ended with ${code}: ${said()}`)
    if (await isReady(port)) return
    if (performance.now() > giveUpAt) throw new Error(`it was not ready in time: ${said()}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok
  } catch {
    return false
  }
}
