import type { Claim, Life, NodeRow, OwnerRow } from '../../server/failover/ports.ts'
import type { MemoryLedger } from '../memory-ledger.ts'

type Node = Omit<NodeRow, 'silentMs'> & { beatAtMs: number; left: boolean }

const HEARD_WITHIN_MS = 60_000

/**
 * The directory of nodes and owners in memory, beside the ledger that it fences: every call is one indivisible step.
 * It keeps the rules of `OwnerBook` (FOV-20 to FOV-27). `nowMs` is the database's own clock.
 */
export class MemoryOwnerBooks {
  readonly #ledger: MemoryLedger
  readonly #nowMs: () => number
  readonly #nodes = new Map<string, Node>()
  readonly #owners = new Map<string, OwnerRow>()
  #incarnations = 0

  constructor(ledger: MemoryLedger, nowMs: () => number) {
    this.#ledger = ledger
    this.#nowMs = nowMs
  }

  enter({ nodeId, address, release }: { nodeId: string; address: string; release: string }): number {
    const incarnation = ++this.#incarnations
    this.#nodes.set(nodeId, { nodeId, incarnation, address, release, beatAtMs: this.#nowMs(), left: false })
    return incarnation
  }

  beat(life: Life): ReadonlyMap<string, number> | null {
    const node = this.#living(life)
    if (node === null) return null
    node.beatAtMs = this.#nowMs()
    const own = [...this.#owners.values()].filter((owner) => this.#stands(owner) && sameLife(owner, life))
    return new Map(own.map(({ tableId, epoch }) => [tableId, epoch]))
  }

  leave(life: Life): void {
    const node = this.#living(life)
    if (node !== null) node.left = true
  }

  nodes(): readonly NodeRow[] {
    const nowMs = this.#nowMs()
    return [...this.#nodes.values()]
      .filter(({ left, beatAtMs }) => !left && nowMs - beatAtMs < HEARD_WITHIN_MS)
      .map(({ beatAtMs, left: _, ...node }) => ({ ...node, silentMs: Math.max(0, nowMs - beatAtMs) }))
  }

  owners(): readonly OwnerRow[] {
    return [...this.#owners.values()].filter((owner) => this.#stands(owner))
  }

  /** A claim whose answer got lost is answered again. */
  claim(tableId: string, seenEpoch: number, life: Life): Claim {
    const stood = this.#ledger.epochOf(tableId)
    const owner = this.#owners.get(tableId)
    const alive = this.#living(life) !== null
    const again = stood === seenEpoch + 1 && owner?.epoch === stood && sameLife(owner, life)
    if (!alive || (stood !== seenEpoch && !again)) {
      const none = { tableId, epoch: stood, nodeId: '', incarnation: 0 }
      return { won: false, owner: owner?.epoch === stood ? owner : none }
    }
    const epoch = again ? stood : this.#ledger.raiseEpoch(tableId)
    this.#owners.set(tableId, { ...life, tableId, epoch })
    return { won: true, epoch }
  }

  #living({ nodeId, incarnation }: Life): Node | null {
    const node = this.#nodes.get(nodeId)
    return node === undefined || node.left || node.incarnation !== incarnation ? null : node
  }

  #stands({ tableId, epoch }: OwnerRow): boolean {
    return this.#ledger.epochOf(tableId) === epoch
  }
}

function sameLife(a: Life, b: Life): boolean {
  return a.nodeId === b.nodeId && a.incarnation === b.incarnation
}
