import { DatabaseSync } from 'node:sqlite'
import { StartRefused } from '../start-refused.ts'

/**
 * Takes the data folder for this process alone, and answers how to give it back.
 * PGlite has no lock of its own, and two processes in one folder corrupt it silently. The lock is SQLite's exclusive
 * lock on an empty file: the kernel holds it for the process, so it ends with the process however that ends
 * (`kill -9` included) and can never be stale, which a file holding a pid cannot promise.
 * Errors: throws when another process, or this one, holds the folder.
 */
export function lockFolder(lockFile: string): () => void {
  const lock = new DatabaseSync(lockFile)
  try {
    lock.exec('pragma busy_timeout = 0; pragma locking_mode = exclusive; begin exclusive')
  } catch (cause) {
    lock.close()
    throw new StartRefused('folder-in-use', `another process is using the data folder (${lockFile} is locked)`, {
      cause,
    })
  }
  return () => lock.close()
}
