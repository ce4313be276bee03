import type { LogEntry, RoundEnded, SeriesCommitted, SeriesSalted } from '../../engine/fairness/transcript.ts'
import type { Json } from '../../engine/game.ts'
import type { Logged } from './merkle-log.ts'

/** Under which key each kind of entry is written, once. */
export const committedKey = (seriesId: string) => `series-committed:${seriesId}`
export const saltedKey = (seriesId: string) => `series-salted:${seriesId}`
export const endedKey = (roundId: string) => `round-ended:${roundId}`

/** What the fairness part needs of the log: `MerkleLog`, or a test's stand-in for it. */
export interface EntryLog {
  append(key: string, entry: Json): Promise<Logged>
  find(key: string): Promise<Logged | null>
}

/** The entry that stands under its key, written now or long ago. */
export async function appendEntry<E extends LogEntry>(log: EntryLog, key: string, entry: E): Promise<E> {
  return JSON.parse((await log.append(key, entry)).body) as E
}

/** An entry with its place; its key says of which kind it is. */
export type Placed<E> = { readonly index: number; readonly entry: E }

export function findCommitted(log: EntryLog, seriesId: string): Promise<Placed<SeriesCommitted> | null> {
  return find(log, committedKey(seriesId))
}

export function findSalted(log: EntryLog, seriesId: string): Promise<Placed<SeriesSalted> | null> {
  return find(log, saltedKey(seriesId))
}

export function findEnded(log: EntryLog, roundId: string): Promise<Placed<RoundEnded> | null> {
  return find(log, endedKey(roundId))
}

async function find<E extends LogEntry>(log: EntryLog, key: string): Promise<Placed<E> | null> {
  const logged = await log.find(key)
  return logged && { index: logged.index, entry: JSON.parse(logged.body) as E }
}
