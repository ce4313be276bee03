/**
 * `npm run load -- smoke [--players N] [--seconds N]`: real players' traffic by the real k6 against a house of its own
 * on the embedded database, then the money is reconciled. Prints one line of JSON last; exit code 1 when anything is
 * off.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))
const SCENARIOS = ['smoke'] as const
const START_LIMIT_MS = 60_000

/** k6, built once from the pinned Go module when no `k6` is given by the environment. */
function k6(): string {
  if (process.env.K6 !== undefined) return process.env.K6
  const binary = join(root, 'var/tools/k6')
  if (!existsSync(binary)) {
    console.log('Building k6 from its Go module (once, some minutes) …')
    mkdirSync(join(root, 'var/tools'), { recursive: true })
    execFileSync('go', ['build', '-trimpath', '-o', binary, '.'], { cwd: join(root, 'loadtest/k6'), stdio: 'inherit' })
  }
  return binary
}

/** k6 knows no packages, so the scenario becomes one script with msgpackr in it. */
async function bundle(scenario: string): Promise<string> {
  const outDir = join(root, 'dist/loadtest')
  await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      lib: { entry: join(root, `loadtest/${scenario}.ts`), formats: ['es'], fileName: scenario },
      outDir,
      emptyOutDir: false,
      minify: false,
      // k6's engine panics on private fields, so they are compiled away.
      target: 'es2020',
      rolldownOptions: { external: [/^k6(\/|$)/] },
    },
  })
  return join(outDir, `${scenario}.js`)
}

type RunningHouse = { readonly base: string; readonly dataDir: string; stop(): Promise<void> }

async function startHouse(players: number): Promise<RunningHouse> {
  const dataDir = mkdtempSync(join(tmpdir(), 'crupier-load-'))
  // Everybody comes from one address here, so the budgets by address are widened for as many.
  const child = spawn(process.execPath, [join(root, 'server/main.ts')], {
    env: {
      ...process.env,
      PORT: '0',
      DATA_DIR: dataDir,
      LOG_LEVEL: 'warn',
      SIGN_UPS_PER_MINUTE: String(players * 10),
      SIGN_INS_PER_MINUTE: String(players * 10),
      HTTP_REQUESTS_PER_SECOND: String(players * 10),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
    rmSync(dataDir, { recursive: true, force: true })
  }
  const address = new Promise<string>((resolve, reject) => {
    let printed = ''
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      const found = /Crupier is open: (\S+)/.exec(printed)
      if (found?.[1] !== undefined) resolve(found[1].replace('localhost', '127.0.0.1'))
    })
    child.once('exit', (code) => reject(new Error(`the house ended with ${code}`)))
    setTimeout(() => reject(new Error('the house did not open in time')), START_LIMIT_MS).unref()
  })
  return { base: await address, dataDir, stop }
}

/** The books as the operator's API audits them. */
async function audit({ base, dataDir }: RunningHouse): Promise<{ linesSumCents: number; accountsOff: number }> {
  const token = readFileSync(join(dataDir, 'operator.token'), 'utf8').trim()
  const response = await fetch(`${base}/operator/api/command`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'x-operator': 'load-test' },
    body: JSON.stringify({ command: 'books.audit' }),
  })
  if (!response.ok) throw new Error(`the audit was answered ${response.status}`)
  return ((await response.json()) as { result: { linesSumCents: number; accountsOff: number } }).result
}

function runK6(binary: string, script: string, env: Record<string, string>): Promise<number> {
  const settings = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`])
  const child = spawn(binary, ['run', '--summary-mode=compact', ...settings, script], {
    env: { ...process.env, K6_NO_USAGE_REPORT: 'true', K6_AUTO_EXTENSION_RESOLUTION: 'false' },
    stdio: 'inherit',
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { players: { type: 'string', default: '20' }, seconds: { type: 'string', default: '60' } },
  })
  const scenario = SCENARIOS.find((name) => name === positionals[0])
  const [players, seconds] = [Number(values.players), Number(values.seconds)]
  const bounded = (n: number, most: number) => Number.isInteger(n) && n >= 1 && n <= most
  if (scenario === undefined || !bounded(players, 500) || !bounded(seconds, 3_600)) {
    console.error(`usage: npm run load -- ${SCENARIOS.join('|')} [--players 1..500] [--seconds 1..3600]`)
    return 2
  }
  const binary = k6()
  const script = await bundle(scenario)
  const house = await startHouse(players)
  try {
    const code = await runK6(binary, script, { BASE: house.base, PLAYERS: String(players), SECONDS: String(seconds) })
    const { linesSumCents, accountsOff } = await audit(house)
    const thresholdsPassed = code === 0
    console.log(JSON.stringify({ scenario, players, seconds, thresholdsPassed, moneyOff: linesSumCents, accountsOff }))
    return thresholdsPassed && linesSumCents === 0 && accountsOff === 0 ? 0 : 1
  } finally {
    await house.stop()
  }
}

process.exitCode = await main()
