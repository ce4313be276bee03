/** An owner that is heard of and cannot be reached for so long is reached by another way, if at all. */
const LOST_MS = 1_000
/** One that is not even heard has died, and others take its tables over before this time; or this node is cut off. */
const UNHEARD_MS = 3_000

/** For how long a client is held whose table is at a node that cannot be reached from here (FOV-65, FOV-116). */
export class Patience {
  readonly #steadyMs: () => number
  #lost: { readonly nodeId: string; readonly sinceMs: number } | null = null

  constructor(steadyMs: () => number) {
    this.#steadyMs = steadyMs
  }

  /** To be asked after each vain attempt. `heard`: by its links. `answered`: it said that the table is not there. */
  isOver(nodeId: string, heard: boolean, answered: boolean): boolean {
    if (answered) {
      this.#lost = null
      return false
    }
    if (this.#lost?.nodeId !== nodeId) this.#lost = { nodeId, sinceMs: this.#steadyMs() }
    return this.#steadyMs() - this.#lost.sinceMs > (heard ? LOST_MS : UNHEARD_MS)
  }
}
