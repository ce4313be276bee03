import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { lsnOf, segmentName, segmentOf } from './lsn.ts'
import { type Archive, type Base, namesIn, type Place } from './place.ts'

export type Keep = { readonly days: number; readonly bases: number }
const DAY_MS = 86_400_000

/** The bases that need not be kept: not among the newest, and older than the days (BAK-3). */
export function expired(bases: readonly Base[], keep: Keep, nowMs: number): Base[] {
  return bases
    .toSorted((a, b) => b.endedAtMs - a.endedAtMs)
    .slice(keep.bases)
    .filter(({ endedAtMs }) => nowMs - endedAtMs > keep.days * DAY_MS)
}

/** Files of the WAL that no base of the archive needs: older than where the oldest begins, of whatever timeline. */
export function spentWal(files: readonly string[], bases: readonly Base[]): string[] {
  const starts = bases.map(({ timeline, startLsn, segmentBytes }) =>
    segmentName(timeline, lsnOf(startLsn), segmentBytes).slice(8),
  )
  const oldest = starts.toSorted()[0]
  if (oldest === undefined) return []
  return files.filter((file) => {
    const segment = segmentOf(file)
    return segment !== null && segment.place < oldest
  })
}

/**
 * Removes what need not be kept. The latest mark of every archive stays for ever: it says what was once published.
 * Answers how many bases went.
 */
export async function prune(place: Place, keep: Keep, nowMs: number): Promise<number> {
  const bases = await place.bases()
  const gone = expired(bases, keep, nowMs)
  for (const { archive, name, dir } of gone) {
    // Under another name first, so that one that is half removed is never taken for whole.
    const going = join(archive.baseDir, `.gone-${name}`)
    await rename(dir, going)
    await rm(going, { recursive: true })
  }
  const kept = bases.filter((base) => !gone.includes(base))
  const archives = await place.archives()
  const marksFromMs = Math.min(nowMs - keep.days * DAY_MS, ...kept.map(({ startedAtMs }) => startedAtMs))
  for (const archive of archives) {
    const own = kept.filter((base) => base.archive.number === archive.number)
    const over = own.length === 0 && archive !== archives.at(-1)
    await pruneArchive(archive, own, over, new Date(marksFromMs).toISOString().slice(0, 10))
  }
  return gone.length
}

async function pruneArchive(archive: Archive, bases: readonly Base[], over: boolean, marksFrom: string): Promise<void> {
  const wal = await namesIn(archive.walDir)
  for (const file of over ? wal : spentWal(wal, bases)) await rm(join(archive.walDir, file))
  for (const file of await namesIn(archive.marksDir)) {
    if (file.endsWith('.jsonl') && (over || file.slice(0, 10) < marksFrom)) await rm(join(archive.marksDir, file))
  }
}
