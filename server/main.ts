import { ensureWebBuilt } from '../scripts/build-web.ts'
import { ConfigError, describeConfig, readConfig } from './config.ts'
import { armCrashPoint, crashPoint } from './crash-points.ts'
import type { House } from './house.ts'
import { type Log, openLog } from './log.ts'
import { startRefusal } from './start-refused.ts'

/** After the tables are handed over, a stop that takes longer than this is cut short; the books make that harmless. */
const STOP_LIMIT_MS = 8_000
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

async function main(): Promise<void> {
  // Process 1 of a container hears only the signals that it listens for, so this comes before all that takes a while.
  // Until the house is open nothing is to be handed over, and whatever is cut short is begun again.
  const leave = (): void => process.exit(0)
  for (const signal of SIGNALS) process.on(signal, leave)
  const config = readConfig(process.env)
  const log = openLog({ level: config.logLevel })
  log.info({ settings: describeConfig(process.env) }, 'crupier starts')
  if (config.crashAt !== null) armCrashPoint(config.crashAt.point, config.crashAt.times)
  const outlived = (): void => {
    log.fatal({ nodeId: config.nodeId }, 'another process runs under the name of this node, so this one ends')
    process.exit(1)
  }
  const { openHouse } = await import('./house.ts')
  const house = await openHouse({ config, log, page: await ensureWebBuilt(), outlived })
  for (const signal of SIGNALS) process.off(signal, leave)
  stopOnSignal(house, log, config.drainMs)
  await house.ready
  log.info({ port: house.port }, 'every table is open')
  const address = config.port === 0 ? `http://localhost:${house.port}` : config.publicUrl
  process.stdout.write(`\n  Crupier is open: ${address}\n\n`)
}

function stopOnSignal(house: House, log: Log, drainMs: number): void {
  let stopping = false
  const stop = (signal: string) => {
    if (stopping) return
    stopping = true
    log.info({ signal }, 'crupier stops')
    setTimeout(() => process.exit(1), drainMs + STOP_LIMIT_MS).unref()
    stopInOrder(house, log).then(
      () => process.exit(0),
      (err) => {
        log.fatal({ err }, 'the stop was not orderly')
        process.exit(1)
      },
    )
  }
  for (const signal of SIGNALS) process.on(signal, () => stop(signal))
  // A rejection that nobody caught is a fault of ours, but no reason to end every table.
  process.on('unhandledRejection', (err) => log.error({ err }, 'a promise was rejected and nobody cared'))
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'an exception that nobody caught')
    process.exit(1)
  })
}

async function stopInOrder(house: House, log: Log): Promise<void> {
  await house.drain()
  crashPoint('drain.done')
  log.info('the tables are handed over')
  await house.stop()
}

/** What the operator can mend is said in one coded line (OPS-21); of a fault of ours the stack is told. */
function reasonOf(error: unknown): string {
  if (error instanceof ConfigError) return `bad-settings: ${error.message}`
  const refusal = startRefusal(error)
  if (refusal !== null) return `${refusal.code}: ${refusal.message.replaceAll(/\s+/g, ' ')}`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

main().catch((error: unknown) => {
  process.stderr.write(`crupier cannot start: ${reasonOf(error)}\n`)
  process.exit(1)
})
