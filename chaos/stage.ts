import type { Redis } from 'ioredis'

/** One server process that can be broken. It keeps its name over every life. */
export interface StageNode {
  readonly nodeId: string
  /** Its own web address, past the balancer. */
  readonly url: string
  readonly alive: boolean
  /** Sends a signal now; nothing is waited for. */
  signal(signal: NodeJS.Signals): void
  /** Resolves when the process has ended. */
  ended(): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  /** Starts it again under its name; resolves when the process runs, which is before it is ready. */
  start(): Promise<void>
}

/** A fault of a part that is not a node, or of the network; resolves when it has ended. */
export type StageFault = { readonly name: string; readonly run: () => Promise<void> }

/** The running house that the harness breaks. */
export interface Stage {
  /** The one public address. */
  readonly url: string
  readonly operatorToken: string
  readonly nodes: readonly StageNode[]
  /** What is known of the machine room, for the report. */
  readonly description: string
  /** Address of the database that can be written now. */
  databaseUrl(): Promise<string>
  /** A client of the Redis that is in charge now; null when the house has none. The caller ends it. */
  openRedis(): Promise<Redis | null>
  /** The faults of a kind, in the order in which they take turns. */
  faults(kind: 'redis' | 'postgres' | 'partition'): readonly StageFault[]
  stop(): Promise<void>
}
