import type { Mutation } from '../mutations.ts'

/**
 * Guards of the cluster's decision code that `npm run sim -- --cluster` takes out one at a time; each must be missed.
 * What only makes a take-over sooner (the first sign of a refused link, the rank of a node) is not listed: without it
 * the lease decides, later, and nothing is wrong.
 */
export const CLUSTER_MUTATIONS: readonly Mutation[] = [
  {
    guard: 'the epoch is raised before a table is opened',
    file: 'server/failover/cluster-node.ts',
    find: 'const claim = await book.claim(tableId, seen, this.#life)',
    replace: 'const claim = { won: true, epoch: seen + 1 } as Awaited<ReturnType<typeof book.claim>>',
    why: 'The former owner is not fenced, and this one is.',
  },
  {
    guard: 'a node without proof stops',
    file: 'server/failover/lease-keeper.ts',
    find: 'if (!this.isProven && this.#kept.size > 0) {',
    replace: 'if (this.#kept.size > 1_000) {',
    why: 'It goes on telling players of a table that others may have.',
  },
  {
    guard: 'an epoch that the books do not confirm is lost',
    file: 'server/failover/lease-keeper.ts',
    find: 'if (sinceMs < askedAtMs && owned.get(tableId) !== epoch) this.#lose(tableId, epoch)',
    replace: 'if (sinceMs > askedAtMs && owned.get(tableId) !== epoch) this.#lose(tableId, epoch)',
    why: 'A fenced owner with nothing due keeps its players.',
  },
  {
    guard: 'proof counts from when it was asked for',
    file: 'server/failover/lease-keeper.ts',
    find: 'if (askedAtMs > this.#provenAtMs) this.#provenAtMs = askedAtMs',
    replace: 'if (askedAtMs > 0) this.#provenAtMs = this.#options.steadyMs()',
    why: 'An answer that was long on its way proves what is no more.',
  },
  {
    guard: 'a silent owner is left alone while its beat goes on',
    file: 'server/failover/judge.ts',
    find: 'return node === undefined || node.incarnation > owner.incarnation || node.silentMs > leaseMs',
    replace: 'return node !== undefined || leaseMs > 0',
    why: 'Two living nodes take the table from each other.',
  },
  {
    guard: 'the greater epoch stands',
    file: 'server/failover/directory.ts',
    find: 'if (known !== undefined && known.epoch >= owner.epoch) return',
    replace: 'if (known !== undefined && known.epoch === owner.epoch) return',
    why: 'Late news brings a former owner back.',
  },
  {
    guard: 'a table that nobody took is taken again',
    file: 'server/failover/judge.ts',
    find: "if (owner.nodeId === nodeId) return owner.incarnation === incarnation ? 'returned' : 'start'",
    replace: "if (owner.nodeId === nodeId) return owner.incarnation === incarnation ? null : 'start'",
    why: 'What was stopped for a hand-over that failed stays stopped.',
  },
  {
    guard: 'an owner that let its table go is not waited for',
    file: 'server/failover/judge.ts',
    find: "return presence.running.some(({ tableId }) => tableId === owner.tableId) ? null : 'left'",
    replace: 'return null',
    why: 'A table that its living owner could not open stays closed.',
  },
  {
    guard: 'a node that stops gives up what it runs',
    file: 'server/failover/holdings.ts',
    find: 'if (this.#open.delete(tableId) || this.#opening.has(tableId)) tables.drop(tableId)',
    replace: 'if (this.#open.delete(tableId) && this.#opening.has(tableId)) tables.drop(tableId)',
    why: 'Players stay with an owner that is none.',
  },
]
