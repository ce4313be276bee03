/**
 * `npm run chaos`: real nodes on real PostgreSQL and Redis are broken while players with the stock SDK bet through the
 * public address. Prints one line of JSON last; the exit code is 1 when anything is off. docs/failover.md explains it.
 */
import { randomInt } from 'node:crypto'
import { openCluster } from './cluster-stage.ts'
import { readOptions } from './options.ts'
import { passed } from './report.ts'
import { runChaos } from './run.ts'
import { RunLog } from './run-log.ts'
import { openSingleNode } from './single-node.ts'
import { runVanilla } from './vanilla/run.ts'

const SHOWN_PROBLEMS = 20

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), randomInt(2 ** 31))
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n`)
    return 2
  }
  const log = new RunLog(new Date())
  // The SDK tells of every attempt to reconnect.
  for (const level of ['log', 'info', 'warn', 'error'] as const)
    console[level] = (...words: unknown[]) => log.note(`console.${level}`, { text: words.map(String).join(' ') })
  process.on('unhandledRejection', (error) => log.note('unhandled rejection', { error: String(error) }))
  log.say(`seed ${options.seed}; stock SDK, minUptime at its default of 5000 ms; logs in ${log.folder}`)
  if (options.vanilla) {
    const report = await runVanilla(options, log)
    if (!options.keep) log.remove()
    process.stdout.write(`${JSON.stringify(report)}\n`)
    return 0
  }
  const { nodes, fault } = options
  const stage =
    nodes === 1 ? await openSingleNode(log.folder) : await openCluster(nodes, fault === 'partition', log.folder)
  try {
    const { report, problems } = await runChaos(stage, options, log)
    for (const problem of problems.slice(0, SHOWN_PROBLEMS)) process.stdout.write(`  ${problem}\n`)
    if (problems.length > SHOWN_PROBLEMS) process.stdout.write(`  and ${problems.length - SHOWN_PROBLEMS} more\n`)
    log.note('report', { report, problems })
    const good = passed(report)
    if (!good) process.stdout.write(`not passed; logs in ${log.folder}\n`)
    else if (!options.keep) log.remove()
    process.stdout.write(`${JSON.stringify(report)}\n`)
    return good ? 0 : 1
  } finally {
    await stage.stop()
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    process.exit(1)
  },
)
