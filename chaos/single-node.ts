import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BoundProcess } from '../scripts/cluster/bound-process.ts'
import { freePort } from '../scripts/cluster/ports.ts'
import { startPostgres } from '../scripts/postgres.ts'
import type { Stage, StageNode } from './stage.ts'

const MAIN = fileURLToPath(new URL('../server/main.ts', import.meta.url))
const STOPS_WITHIN_MS = 15_000

/** Settings that let some hundred players in from one address, and rounds follow each other fast. */
export const OPEN_DOORS = {
  SIGN_UPS_PER_MINUTE: '100000',
  SIGN_INS_PER_MINUTE: '100000',
  HTTP_REQUESTS_PER_SECOND: '100000',
  MIN_ROUND_GAP_MS: '0',
} as const

/** One node on a PostgreSQL of its own: nobody takes over, so a kill lasts until the process is started again. */
export async function openSingleNode(logFolder: string): Promise<Stage> {
  const port = await freePort()
  const postgres = await startPostgres({ port: await freePort() })
  const dataDir = mkdtempSync(join(tmpdir(), 'crupier-chaos-'))
  const operatorToken = randomBytes(32).toString('hex')
  const env = {
    PATH: process.env.PATH,
    PORT: String(port),
    DATA_DIR: dataDir,
    DATABASE_URL: postgres.url,
    SECRETS_KEY: randomBytes(32).toString('hex'),
    OPERATOR_TOKEN: operatorToken,
    LOG_LEVEL: 'info',
    NODE_ID: 'n1',
    ...OPEN_DOORS,
  }
  const logFile = join(logFolder, 'n1.log')
  const begin = () => BoundProcess.start([process.execPath, MAIN], { env, logFile })
  let running = await begin()
  const url = `http://127.0.0.1:${port}`
  const node: StageNode = {
    nodeId: 'n1',
    url,
    get alive() {
      return running.running
    },
    signal: (signal) => void running.signal(signal),
    ended: () => running.exited,
    start: async () => {
      await running.exited
      running = await begin()
    },
  }
  return {
    url,
    operatorToken,
    nodes: [node],
    description: 'one node, PostgreSQL, no Redis',
    databaseUrl: async () => postgres.url,
    openRedis: async () => null,
    faults: () => [],
    stop: async () => {
      await running.end('SIGTERM', STOPS_WITHIN_MS)
      await postgres.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
