import type { Json } from '../../engine/game.ts'
import type { VoidReason } from '../../engine/round/types.ts'
import type { AuditHead, AuditLog } from '../audit/audit-log.ts'
import type { Database } from '../database/open.ts'
import type { Books } from '../ledger/books.ts'
import type { Log } from '../log.ts'
import type { HouseTable, HouseTables, NewTable, TableRefusal, TableStatus } from '../tables/house-tables.ts'
import { type Command, readCommand } from './commands.ts'
import type { Maintenance } from './maintenance.ts'
import { type Owners, owned } from './owners.ts'
import { whyRefused } from './refusals.ts'

/** What the desk asks of the floor, where the tables run. */
export interface FloorControl {
  /** The table's status or limits have changed in the books. */
  tableChanged(tableId: string): void
  /**
   * Voids the round that the table runs now, and answers when the books have it. With `roundId`, only if it is that
   * one;
   * otherwise `{code: 'wrong-round'}` and nothing happens.
   */
  voidRound(
    tableId: string,
    reason: VoidReason,
    roundId: string | null,
  ): Promise<{ readonly roundId: string } | { readonly code: string }>
}

/** `code` is null when the command was done; `result` is what it answers then. `why` tells a person of a refusal. */
export type CommandAnswer = { readonly code: string | null; readonly result: Json; readonly why?: string }

const ORDERS = { open: 'open', resume: 'open', pause: 'paused', drain: 'draining', close: 'closed' } as const
/** `open` is for a closed table, `resume` for one that was paused or is draining; neither stands in for the other. */
const FROM: Partial<Record<keyof typeof ORDERS, readonly TableStatus[]>> = {
  open: ['closed'],
  resume: ['paused', 'draining'],
}

export type DeskOptions = {
  readonly database: Database
  readonly tables: HouseTables
  readonly audit: AuditLog
  readonly floor: FloorControl
  readonly maintenance: Maintenance
  readonly nowMs: () => number
  readonly books: Pick<Books, 'audit'>
  readonly owners: Owners
  readonly log: Log
}

/**
 * The operators' desk: every command is read, done or refused, and written on the audit record with who asked, what was
 * before and what is after (OPS-13). A change and its entry are one transaction (OPS-15).
 */
export class OperatorDesk {
  readonly #options: DeskOptions

  constructor(options: DeskOptions) {
    this.#options = options
  }

  /** `actor` names who asks; `value` is a command as it came. Errors: rejects when the database is out of reach. */
  async take(actor: string, value: unknown): Promise<CommandAnswer> {
    const read = readCommand(value)
    if ('why' in read) {
      await this.note(actor, 'unreadable', '', {
        refused: 'malformed',
        asked: JSON.stringify(value ?? null).slice(0, 500),
      })
      return { code: 'malformed', result: null, why: read.why }
    }
    return this.#obey(actor, read)
  }

  /** Writes something on the record that is no command, such as a wrong token. */
  async note(actor: string, action: string, target: string, detail: Json): Promise<void> {
    this.#tellHead(await this.#options.audit.record({ actor, action, target, detail }))
  }

  async #obey(actor: string, asked: Command): Promise<CommandAnswer> {
    switch (asked.command) {
      case 'table.list':
        return this.#read(actor, asked.command, () => this.#listTables())
      case 'books.audit':
        return this.#read(actor, asked.command, async () => (await this.#options.books.audit()) as unknown as Json)
      case 'audit.list':
        return this.#read(
          actor,
          asked.command,
          async () => (await this.#options.audit.latest(asked.limit)) as unknown as Json,
        )
      case 'audit.verify':
        return this.#read(actor, asked.command, async () => this.#options.audit.verify(asked.known))
      case 'maintenance.show':
        return this.#read(
          actor,
          asked.command,
          async () => (await this.#options.maintenance.current()) as unknown as Json,
        )
      case 'maintenance.plan':
      case 'maintenance.cancel':
      case 'maintenance.end':
        return this.#maintain(actor, asked)
      case 'round.void':
        return this.#void(actor, asked.target, asked.reason)
      case 'table.create':
        return this.#create(actor, asked)
      case 'limits.set':
        return this.#change(actor, asked.command, asked.tableId, { limits: asked.limits }, (tx) =>
          this.#options.tables.setLimits(asked.tableId, asked.limits, tx),
        )
      default:
        return this.#order(actor, asked.command, asked.tableId)
    }
  }

  async #listTables(): Promise<Json> {
    const { tables, owners } = this.#options
    // One after the other: the embedded database has one session alone.
    const listed = await tables.list()
    return owned(listed, await owners()) as unknown as Json
  }

  async #read(actor: string, action: string, work: () => Promise<Json>): Promise<CommandAnswer> {
    await this.note(actor, action, '', null)
    return { code: null, result: await work() }
  }

  #order(actor: string, action: `table.${keyof typeof ORDERS}`, id: string): Promise<CommandAnswer> {
    const order = action.slice('table.'.length) as keyof typeof ORDERS
    return this.#change(actor, action, id, null, async (tx) => {
      const now = await this.#options.tables.get(id, tx)
      if (now !== null && FROM[order]?.includes(now.status) === false) return 'wrong-status'
      return this.#options.tables.setStatus(id, ORDERS[order], tx)
    })
  }

  async #maintain(actor: string, asked: Command & { command: `maintenance.${string}` }): Promise<CommandAnswer> {
    const { database, audit, floor, maintenance } = this.#options
    const { command: action } = asked
    const { head, done, opened } = await database.kysely.transaction().execute(async (tx) => {
      const answer =
        'inMs' in asked
          ? await maintenance.plan(this.#windowOf(asked), tx)
          : await (action === 'maintenance.end' ? maintenance.end(tx) : maintenance.cancel(tx))
      const ended = typeof answer === 'object' && 'window' in answer
      const done = ended ? answer.window : answer
      const detail = typeof done === 'string' ? { refused: done } : (done as unknown as Json)
      const head = await audit.record({ actor, action, target: '', detail }, tx)
      return { done, head, opened: ended ? answer.opened : [] }
    })
    this.#tellHead(head)
    for (const tableId of opened) floor.tableChanged(tableId)
    return typeof done === 'string' ? refused(done, action, null) : { code: null, result: done as unknown as Json }
  }

  #windowOf({ inMs, forMs, reason }: { inMs: number; forMs: number; reason: string }) {
    const startsAtMs = this.#options.nowMs() + inMs
    return { startsAtMs, endsAtMs: startsAtMs + forMs, reason }
  }

  async #create(actor: string, asked: Command & { command: 'table.create' }): Promise<CommandAnswer> {
    const { command: action, ...table } = asked
    return this.#change(actor, action, table.tableId, table, async (tx) => {
      const after = await this.#options.tables.create(table, 'closed', tx)
      return typeof after === 'string' ? after : { before: null, after }
    })
  }

  async #change(
    actor: string,
    action: string,
    target: string,
    asked: Json,
    work: (tx: Database['kysely']) => Promise<{ before: HouseTable | null; after: HouseTable } | TableRefusal>,
  ): Promise<CommandAnswer> {
    const { database, audit, floor } = this.#options
    const { head, changed } = await database.kysely.transaction().execute(async (tx) => {
      const changed = await work(tx)
      const detail = typeof changed === 'string' ? { refused: changed, asked } : (changed as unknown as Json)
      return { changed, head: await audit.record({ actor, action, target, detail }, tx) }
    })
    this.#tellHead(head)
    if (typeof changed === 'string') return this.#refused(changed, action, target, asked)
    floor.tableChanged(target)
    return { code: null, result: changed.after as unknown as Json }
  }

  /** The order is on the record before the floor hears it, and what came of it afterwards. */
  async #void(actor: string, target: string, reason: VoidReason): Promise<CommandAnswer> {
    const [id = ''] = target.split('.')
    const roundId = target === id ? null : target
    await this.note(actor, 'round.void', target, { asked: reason })
    const answer = await this.#options.floor.voidRound(id, reason, roundId)
    const code = 'code' in answer ? answer.code : null
    const detail = 'code' in answer ? { refused: answer.code, reason } : { voided: answer.roundId, reason }
    await this.note(actor, 'round.void', target, detail)
    return code === null ? { code, result: detail } : refused(code, 'round.void', null)
  }

  /** Of terms: which field; of an order: in which status the table is. */
  async #refused(code: TableRefusal, action: string, target: string, asked: Json): Promise<CommandAnswer> {
    const { tables } = this.#options
    const table = await tables.get(target)
    const terms = { ...(table ?? {}), ...(asked as Partial<NewTable> | null) } as NewTable
    const why = tables.whyNot(code, terms)
    return why === null ? refused(code, action, table) : { code, result: null, why }
  }

  /** The log leaves the machine by another way than the database, so it keeps the head for `verify` (AUD-4). */
  #tellHead(head: AuditHead): void {
    this.#options.log.info({ audit: head }, 'audit record')
  }
}

function refused(code: string, action: string, table: HouseTable | null): CommandAnswer {
  return { code, result: null, why: whyRefused(code, action, table) }
}
