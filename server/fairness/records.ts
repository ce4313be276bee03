import { type MerkleLog, MOST_ENTRIES_READ } from './merkle-log.ts'
import type { Transcripts } from './transcripts.ts'

/** What the HTTP API answers about fairness; null where there is nothing of that name, index or size. */
export class PublicRecords {
  readonly #log: MerkleLog
  readonly #transcripts: Transcripts

  constructor(log: MerkleLog, transcripts: Transcripts) {
    this.#log = log
    this.#transcripts = transcripts
  }

  transcript(roundId: string) {
    return this.#transcripts.transcriptOf(roundId)
  }

  series(seriesId: string) {
    return this.#transcripts.seriesOf(seriesId)
  }

  /** The signed note, to be sent as it stands. */
  async checkpoint(): Promise<string> {
    return (await this.#log.checkpoint()).note
  }

  async entries(from: number, to: number) {
    if (from >= to || to - from > MOST_ENTRIES_READ) return null
    return { entries: await this.#log.entries(from, to) }
  }

  async inclusion(index: number, size: number) {
    if (index < 0 || index >= size || size > (await this.#log.size())) return null
    return { index, size, pathHex: await this.#log.inclusion(index, size) }
  }

  async consistency(from: number, to: number) {
    if (from < 0 || from > to || to > (await this.#log.size())) return null
    return { from, to, pathHex: await this.#log.consistency(from, to) }
  }
}
