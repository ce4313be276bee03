export type HeldLimits = {
  readonly most: number
  /** How many of them may come from one address. */
  readonly perAddress: number
}

/** Why nobody more is held: `full` for everybody, `too-fast` for this address. */
export type NotHeld = 'full' | 'too-fast'

/** Clients that wait until their table is found, counted by where they come from (FOV-118, FOV-119). */
export class HeldClients {
  readonly #limits: HeldLimits
  readonly #byAddress = new Map<string, number>()
  #all = 0

  constructor(limits: HeldLimits) {
    this.#limits = limits
  }

  get count(): number {
    return this.#all
  }

  /** `address` as budgets count it. Answers how the client leaves, which it may do more than once. */
  enter(address: string): NotHeld | (() => void) {
    const here = this.#byAddress.get(address) ?? 0
    if (here >= this.#limits.perAddress) return 'too-fast'
    if (this.#all >= this.#limits.most) return 'full'
    this.#all++
    this.#byAddress.set(address, here + 1)
    let left = false
    return () => {
      if (left) return
      left = true
      this.#all--
      const rest = (this.#byAddress.get(address) ?? 1) - 1
      if (rest > 0) this.#byAddress.set(address, rest)
      else this.#byAddress.delete(address)
    }
  }
}
