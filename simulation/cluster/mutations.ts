import { inFile, type Mutation } from '../mutations.ts'

const NODE = inFile('server/failover/cluster-node.ts', [
  {
    guard: 'the epoch is raised before a table is opened',
    find: 'const claim = await book.claim(tableId, seen, this.#life)',
    replace: 'const claim = { won: true, epoch: seen + 1 } as Awaited<ReturnType<typeof book.claim>>',
    why: 'The former owner is not fenced, and this one is.',
  },
  {
    guard: 'a claim that was lost is repeated only over an owner that is over',
    find: 'if (tries === CLAIM_TRIES || !over) {',
    replace: 'if (tries === CLAIM_TRIES) {',
    why: 'Of two nodes that take a table at the same time, the slower one takes it from the other at once.',
  },
  {
    guard: 'an answer to a claim may be overtaken',
    find: 'if (standing !== null && standing.epoch > epoch) throw new ClaimLost(tableId, standing.nodeId)',
    replace: '',
    why: 'A node opens a table under an epoch that is over, and players sit there until the books say no.',
  },
  {
    guard: 'a table is taken only from the owner that was judged',
    find: 'if (this.directory.ownerOf(tableId)?.epoch !== judged?.epoch) return',
    replace: '',
    why: 'A node that wakes takes its table back from the one that has it by now.',
    drill: 'a node is cut off from everything',
  },
  {
    guard: 'the first in rank acts first',
    find: 'rank * leaseMs + (cause',
    replace: '0 * rank * leaseMs + (cause',
    why: 'All nodes reach for every table that is free, and most of these move once more.',
    drill: 'a process dies',
  },
  {
    guard: 'the books may know of a claim before its node has spoken',
    find: "(cause === 'left' ? NEWS_MS : 0)",
    replace: '0',
    why: 'A table that was just claimed looks as if its owner had let it go.',
  },
  {
    guard: 'tables move between rounds',
    find: 'this.#holdings.moving > 0 || !this.#options.tables.atRest(tableId)) return',
    replace: 'this.#holdings.moving > 0) return',
    why: 'A node that joins is an event for the players.',
  },
  {
    guard: 'one table moves at a time',
    find: 'if (this.#draining || this.#holdings.moving > 0 ||',
    replace: 'if (this.#draining ||',
    why: 'A node that joins is an event for half the house.',
  },
  {
    guard: 'a table that is offered once more is not opened again',
    find: 'const own = this.#holdings.isOpen(tableId) ? this.keeper.epochOf(tableId) : null',
    replace: 'const own = null as number | null',
    why: 'Two rooms of a table at one node.',
  },
  {
    guard: 'a table that is offered late is left to who has it since',
    find: 'if ((this.directory.ownerOf(tableId)?.epoch ?? 0) > epoch) return null',
    replace: '',
    why: 'A table is taken from a node that runs it.',
  },
  {
    guard: 'a node that drains is given nothing',
    find: 'if (this.#draining || !this.#able) return null',
    replace: 'if (!this.#able) return null',
    why: 'A table moves to a node that is about to end.',
  },
  {
    guard: 'a node that cannot prove itself says so',
    find: 'this.#life.incarnation > 0 && !this.#stopped && this.keeper.isProven && !this.#isCutOff',
    replace: 'this.#life.incarnation > 0 && !this.#stopped',
    why: 'Tables are given to a node that must stop them again.',
  },
  {
    guard: 'a node that the books do not answer gives its tables up',
    find: 'if (this.#isCutOff) this.#stepDown()',
    replace: '',
    why: 'Its players wait as long as it is cut off, and other nodes could serve them.',
    drill: 'a node is cut off from the books',
  },
  {
    guard: 'a node that ends gives its tables away first',
    find: '        if (!patient || tables.atRest(tableId)) void this.#holdings.handOver(tableId, to)\n',
    replace: '',
    why: 'An upgrade is as rough as a crash.',
  },
])

const KEEPER = inFile('server/failover/lease-keeper.ts', [
  {
    guard: 'a node without proof stops',
    find: '.filter(([, { provenAtMs }]) => !isProven || !this.#proves(provenAtMs))',
    replace: '.filter(() => false)',
    why: 'It goes on telling players of a table that others may have.',
  },
  {
    guard: 'proof ends before the lease does',
    find: 'const GUARD_SHARE = 0.2',
    replace: 'const GUARD_SHARE = -0.1',
    why: 'Between the look at the clock and the deed another node has the table.',
  },
  {
    guard: 'proof counts from when it was asked for',
    find: 'this.#provenAtMs = Math.max(this.#provenAtMs, askedAtMs)\n',
    replace: 'askedAtMs = this.#options.steadyMs()\n    this.#provenAtMs = askedAtMs\n',
    why: 'An answer that was long on its way proves what is no more.',
  },
  {
    guard: 'a node that knows of no other goes on without proof',
    find: 'return steadyMs() - askedAtMs <= leaseMs * (1 - GUARD_SHARE) || alone()',
    replace: 'return steadyMs() - askedAtMs <= leaseMs * (1 - GUARD_SHARE)',
    why: 'A house of one node closes its tables whenever its stores are away.',
  },
  {
    guard: 'an epoch that the books do not confirm is lost',
    find: 'if (sinceMs < askedAtMs && owned.get(tableId) !== epoch) this.#lose(tableId, epoch)',
    replace: 'if (sinceMs > askedAtMs && owned.get(tableId) !== epoch) this.#lose(tableId, epoch)',
    why: 'A fenced owner with nothing due keeps its players.',
  },
  {
    guard: 'a claim is newer than the question',
    find: 'if (sinceMs < askedAtMs && owned.get(tableId) !== epoch) this.#lose(tableId, epoch)',
    replace: 'if (owned.get(tableId) !== epoch) this.#lose(tableId, epoch)',
    why: 'A table that was just opened is closed again by an answer that cannot know of it.',
    drill: 'an upgrade',
  },
  {
    guard: 'Redis is no witness of a later owner',
    find: 'if (refused.length > 0) this.doubt()',
    replace: 'for (const tableId of refused) this.#lose(tableId, tables.get(tableId) ?? 0)',
    why: 'Whoever can write into Redis sends the players of every table away.',
    drill: 'somebody writes into Redis',
  },
  {
    guard: 'a lease that Redis refuses is no proof',
    find: '[...tables].filter(([tableId]) => !refused.includes(tableId))',
    replace: '[...tables]',
    why: 'A former owner that the books do not reach keeps its players although Redis has told it.',
    drill: 'somebody writes into Redis, and a node is cut off from the books',
  },
  {
    guard: 'a life that is over ends',
    find: 'if (owned === null) return outlived()',
    replace: 'if (owned === null) return',
    why: 'Two processes go by the name of one node.',
  },
  {
    guard: 'a moment without the books is no reason to stop',
    find: 'const LEASES_WITHOUT_BOOKS = 2',
    replace: 'const LEASES_WITHOUT_BOOKS = 0.4',
    why: 'Tables move whenever the books are slow.',
  },
])

const HOLDINGS = inFile('server/failover/holdings.ts', [
  {
    guard: 'a table that is given away is stopped here',
    find: '      tables.drop(tableId)\n      if ((await taking) === null)',
    replace: '      if ((await taking) === null)',
    why: 'Players stay with an owner that is none.',
  },
  {
    guard: 'a table that is lost is stopped here',
    find: 'if (this.#open.delete(tableId) || this.#opening.has(tableId)) tables.drop(tableId)',
    replace: 'this.#open.delete(tableId)',
    why: 'Players stay with an owner that is none.',
  },
  {
    guard: 'a table that was lost while it opened is not run',
    find: 'if (opened && epoch !== null && !this.#stopped) {',
    replace: 'if (opened && !this.#stopped) {',
    why: 'A room runs without a lease, and nobody ends it.',
  },
  {
    guard: 'what was opened for nothing is closed',
    find: '      if (opened) tables.drop(tableId)\n',
    replace: '',
    why: 'A room runs that nobody knows of.',
  },
  {
    guard: 'a table is opened once at a time',
    find: 'if (known !== undefined) return known',
    replace: '',
    why: 'Two rooms of a table at one node.',
  },
  {
    guard: 'a node says what it has opened',
    find: '      announce()\n      directory.wake(tableId)\n',
    replace: '      directory.wake(tableId)\n',
    why: 'Players at other nodes find the table nowhere.',
  },
  {
    guard: 'a failure of long ago costs nobody his place',
    find: '    this.#signs.delete(tableId)\n    this.#failed.delete(tableId)\n  }',
    replace: '    this.#signs.delete(tableId)\n  }',
    why: 'The first in rank waits, and its players with it.',
  },
])

const JUDGE = inFile('server/failover/judge.ts', [
  {
    guard: 'a lease speaks for its owner',
    find: 'lease.epoch >= owner.epoch && lease.incarnation === owner.incarnation) return false',
    replace: 'lease.epoch > owner.epoch + 1_000) return false',
    why: 'A node that the books do not reach for a moment loses its tables.',
  },
  {
    guard: 'a beat speaks for its owner',
    find: 'return node === undefined || node.incarnation > owner.incarnation || node.silentMs > leaseMs',
    replace: 'return node !== undefined || leaseMs > 0',
    why: 'Without Redis, nodes that do not hear each other take their tables from one another.',
  },
  {
    guard: 'a silent node is over once nothing speaks for it',
    find: 'return node === undefined || node.incarnation > owner.incarnation || node.silentMs > leaseMs',
    replace: 'return node === undefined || node.incarnation > owner.incarnation',
    why: 'The tables of a machine that is gone wait until the books forget it.',
  },
  {
    guard: 'a refused link ends the wait',
    find: 'return node === undefined || node.silentMs + LAST_BEAT_MS >= goneForMs(owner.nodeId)',
    replace: 'return node === undefined',
    why: 'The tables of a process that died wait for its lease to end.',
  },
  {
    guard: 'a refused link to an earlier life says nothing of a later one',
    find: ' || linkedLife(owner.nodeId) < owner.incarnation) return false',
    replace: ') return false',
    why: 'A node that came back at another address loses the tables that it has just got.',
  },
  {
    guard: 'an owner that let its table go is not waited for',
    find: "return presence.running.some(({ tableId }) => tableId === owner.tableId) ? null : 'left'",
    replace: 'return null',
    why: 'A table that its living owner could not open stays closed.',
  },
  {
    guard: 'an owner that is heard and runs its table keeps it',
    find: "return presence.running.some(({ tableId }) => tableId === owner.tableId) ? null : 'left'",
    replace: "return 'left'",
    why: 'Nodes take tables from each other all the time.',
  },
  {
    guard: 'a table that nobody took is taken again',
    find: "if (owner.nodeId === nodeId) return owner.incarnation === incarnation ? 'returned' : 'start'",
    replace: "if (owner.nodeId === nodeId) return owner.incarnation === incarnation ? null : 'start'",
    why: 'What was stopped for a hand-over that failed stays stopped.',
  },
])

const DIRECTORY = inFile('server/failover/directory.ts', [
  {
    guard: 'the greater epoch stands',
    find: 'if (known !== undefined && known.epoch >= owner.epoch) return',
    replace: 'if (known !== undefined && known.epoch === owner.epoch) return',
    why: 'Late news brings a former owner back.',
  },
  {
    guard: 'what a node said before is not believed again',
    find: 'return presence.serial > known.serial',
    replace: 'return true',
    why: 'Late news takes a table from a node that runs it.',
  },
  {
    guard: 'what an earlier life said is not believed again',
    find: 'if (presence.incarnation !== known.incarnation) return presence.incarnation > known.incarnation\n',
    replace: '',
    why: 'A node that came back is taken for the one that it was.',
  },
  {
    guard: 'who waits for a table hears that it is open',
    find: 'for (const { tableId } of presence.running) this.wake(tableId)',
    replace: '',
    why: 'Players are held until the time is up.',
  },
])

const NEIGHBOURS = inFile('server/failover/neighbours.ts', [
  {
    guard: 'who is heard is there',
    find: '...unlisted.filter(isHeard)]',
    replace: ']',
    why: 'Somebody sets the clock of the books, and every node hangs up on all others.',
  },
  {
    guard: 'a node that has just come is given nothing yet',
    find: 'this.#options.steadyMs() - upSince >= SETTLED_MS',
    replace: 'this.#options.steadyMs() >= upSince',
    why: 'A node that dies again and again takes tables with it every time.',
  },
  {
    guard: 'a node that the books do not answer is given nothing',
    find: '.filter(({ ready, books, draining }) => ready && books && !draining)',
    replace: '.filter(({ ready, draining }) => ready && !draining)',
    why: 'A table is stopped for a node that cannot claim it.',
  },
  {
    guard: 'books that are back are given time to be back for all',
    find: 'const longAgoMs = this.#options.steadyMs() - ALL_KNOW_MS',
    replace: 'const longAgoMs = this.#options.steadyMs()',
    why: 'After an outage of the books every node but the first stops its tables.',
  },
])

const PLACEMENT = inFile('server/failover/placement.ts', [
  {
    guard: 'tables are spread over the nodes',
    find: 'JSON.stringify([tableId, nodeId])',
    replace: 'JSON.stringify([nodeId])',
    why: 'One node has them all.',
  },
])

/** The rules of the directory in the books, which the memory keeps in place of PostgreSQL. */
const BOOKS = inFile('simulation/cluster/owner-books.ts', [
  {
    guard: 'a claim is compared',
    find: 'if (!alive || (stood !== seenEpoch && !again)) {',
    replace: 'if (!alive) {',
    why: 'Every claim wins, one over the other.',
  },
  {
    guard: 'a claim raises the epoch',
    find: 'const epoch = again ? stood : this.#ledger.raiseEpoch(tableId)',
    replace: 'const epoch = again || stood > 0 ? stood : this.#ledger.raiseEpoch(tableId)',
    why: 'The former owner posts on.',
  },
  {
    guard: 'a life that is over claims nothing',
    find: 'if (!alive || (stood',
    replace: 'if ((stood',
    why: 'A process that was replaced takes tables from the one that replaced it.',
  },
])

/**
 * Guards of the cluster's decision code, as changes of text. What only makes something sooner, and is made good by
 * another guard, is not listed; see docs/simulation.md.
 */
export const CLUSTER_MUTATIONS: readonly Mutation[] = [
  ...[...NODE, ...KEEPER, ...HOLDINGS, ...JUDGE],
  ...[...DIRECTORY, ...NEIGHBOURS, ...PLACEMENT, ...BOOKS],
]
