import { hash } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { StartRefused } from '../../server/start-refused.ts'

const ELSEWHERE = '/var/tmp'

/**
 * Where PostgreSQL's data of a cluster in `folder` lie: below it, but elsewhere when they must belong to another user,
 * as under root, who cannot enter every folder above. Whatever was begun in one place goes on there: the mode of a
 * folder may change, and books that seem to be gone are worse than a word about where they are.
 * Errors: throws when books are there that their owner can no longer enter.
 */
export function booksFolderFor(folder: string, options: { readonly otherUser: boolean; readonly elsewhere?: string }) {
  const own = join(folder, 'postgres')
  if (!options.otherUser) return own
  const apart = join(options.elsewhere ?? ELSEWHERE, `crupier-cluster-${hash('sha256', folder).slice(0, 12)}`)
  const closed = closedAbove(folder)
  if (closed === null) return hasBooks(own) || !hasBooks(apart) ? own : apart
  if (!hasBooks(own)) return apart
  throw new StartRefused(
    'books-closed',
    `the books are in ${own}, and their user postgres can no longer enter ${closed}: chmod o+x ${closed}`,
  )
}

function hasBooks(folder: string): boolean {
  return ['one', 'two'].some((name) => existsSync(join(folder, name, 'PG_VERSION')))
}

/** The first folder from `folder` up that others may not enter; the one of the cluster itself opens its own. */
function closedAbove(folder: string): string | null {
  for (let above = dirname(folder); ; above = dirname(above)) {
    if ((statSync(above).mode & 0o001) === 0) return above
    if (above === dirname(above)) return null
  }
}
