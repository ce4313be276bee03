import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { until } from '../../e2e/support/until.ts'

const MODULE = fileURLToPath(new URL('./left-by-npm.ts', import.meta.url))
const PROGRAM = `
  import { leftByNpm } from '${MODULE}'
  process.stdout.write('begun ' + process.pid + '\\n')
  setTimeout(() => process.exit(2), 20_000)
  await leftByNpm(new AbortController().signal)
  process.stdout.write('left\\n')
  process.exit(0)`
/** As npm does: a shell of its own, which waits for the program. */
const NPM = `
  const { spawn } = require('node:child_process')
  spawn('sh', ['-c', '"$NODE" --input-type=module -e "$PROGRAM"; exit $?'], { stdio: 'inherit' })`

let npm: ChildProcess | null = null
let program = 0
afterEach(() => {
  npm?.kill('SIGKILL')
  try {
    process.kill(program, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
})

async function startedByNpm(env: NodeJS.ProcessEnv): Promise<() => string> {
  const child = spawn(process.execPath, ['-e', NPM], {
    env: { PATH: process.env.PATH, NODE: process.execPath, PROGRAM, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  npm = child
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  program = Number(await until('the program has begun', () => /begun (\d+)/.exec(said)?.[1]))
  return () => said
}

test('[CLU-12] a program that npm started learns of the end of npm, however that ends', async () => {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const said = await startedByNpm({ npm_lifecycle_event: 'cluster' })
    expect(said()).not.toContain('left')
    npm?.kill(signal)
    await until('it knows', () => said().includes('left'))
  }
}, 30_000)
