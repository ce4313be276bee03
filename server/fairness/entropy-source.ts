/**
 * A public beacon such as drand: numbered rounds at a steady pace, each with a value that nobody can know before its
 * time. Who implements it checks the beacon's signature before answering a value.
 */
export interface EntropySource {
  /** Names the beacon for good, such as its chain hash; stands in the log. */
  readonly source: string
  /** The first round whose value comes out after this moment. */
  roundAfter(atMs: number): number
  /** The 32-byte value in hex; null while it is not out. Errors: rejects when the beacon is out of reach. */
  valueOf(round: number): Promise<string | null>
}
