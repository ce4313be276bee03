/**
 * The worker thread that owns the embedded Postgres. It speaks raw wire protocol in and out, one message at a time,
 * in the order of arrival. A thread of its own, because a busy PGlite resolves in microtasks and starves every timer
 * of the thread it lives in.
 */
import { existsSync, renameSync, rmSync } from 'node:fs'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import type { FromWorker, ToWorker } from './embedded-gateway.ts'

/** The database's folder, made whole or not at all: a `kill -9` in the first boot leaves nothing that looks ready. */
async function open(folder: string | null): Promise<PGlite> {
  if (folder === null) return PGlite.create()
  if (!existsSync(folder)) {
    const unfinished = `${folder}.first-boot`
    rmSync(unfinished, { recursive: true, force: true })
    const first = await PGlite.create(unfinished)
    await first.close()
    renameSync(unfinished, folder)
  }
  return PGlite.create(folder)
}

async function serve(port: NonNullable<typeof parentPort>): Promise<void> {
  const postgres = await open((workerData as { folder: string | null }).folder)
  const tell = (message: FromWorker): void => port.postMessage(message)
  let turn = Promise.resolve()
  port.on('message', (message: ToWorker) => {
    turn = turn.then(async () => {
      if (message.type === 'close') {
        await postgres.close()
        tell({ type: 'closed' })
        port.close()
        return
      }
      try {
        tell({ type: 'answer', id: message.id, bytes: await postgres.execProtocolRaw(message.bytes) })
      } catch (error) {
        tell({ type: 'failed', id: message.id, reason: String(error) })
      }
    })
  })
  tell({ type: 'ready' })
}

if (!isMainThread && parentPort !== null) await serve(parentPort)
