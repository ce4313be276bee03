import type { AuditEntry, AuditVerdict } from '../audit/audit-log.ts'
import type { BooksAudit } from '../ledger/books.ts'
import type { MaintenanceWindow } from '../operator/maintenance.ts'
import type { OwnedTable } from '../operator/owners.ts'
import type { HouseTable } from '../tables/house-tables.ts'

/** What a command answered, as a person reads it. */
export function inWords(command: string, result: unknown): string {
  switch (command) {
    case 'table.list':
      return tablesInWords(result as readonly OwnedTable[])
    case 'audit.list':
      return (result as readonly AuditEntry[]).map(entryInWords).join('\n') || 'the audit record is empty'
    case 'audit.verify':
      return verdictInWords(result as AuditVerdict)
    case 'books.audit':
      return booksInWords(result as BooksAudit)
    case 'maintenance.show':
    case 'maintenance.plan':
    case 'maintenance.cancel':
    case 'maintenance.end':
      return windowInWords(command, result as MaintenanceWindow | null)
    case 'round.void': {
      const { voided, reason } = result as { voided: string; reason: string }
      return `round ${voided} is void (${reason}); every stake went back`
    }
    default: {
      const table = result as HouseTable
      return `table ${table.tableId} is ${table.status}, revision ${table.revision}`
    }
  }
}

function windowInWords(command: string, window: MaintenanceWindow | null): string {
  if (window === null) return 'no maintenance is planned'
  const { startsAtMs, endsAtMs, reason, state } = window
  const said = { 'maintenance.cancel': 'cancelled', 'maintenance.end': 'ended' }[command] ?? state
  const [from, to] = [startsAtMs, endsAtMs].map((ms) => new Date(ms).toISOString())
  return `maintenance from ${from} to ${to} (${reason}): ${said}`
}

function tablesInWords(tables: readonly OwnedTable[]): string {
  if (tables.length === 0) return 'the house has no tables'
  const rows = tables.map(({ tableId, name, gameId, status, limits, currency, revision, owner, epoch }) => {
    const ranges = Object.values(limits.perBet)
    const least = Math.min(...ranges.map(({ minCents }) => minCents))
    return [
      tableId,
      name,
      gameId,
      status,
      `${amount(least)}–${amount(limits.perPlayerCents)} ${currency}`,
      `r${revision}`,
      status === 'closed' ? '-' : `${owner ?? 'nobody'}${epoch === null ? '' : `, epoch ${epoch}`}`,
    ]
  })
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')).join('\n')
}

function entryInWords({ seq, atMs, actor, action, target, detail }: AuditEntry): string {
  return `${seq}  ${new Date(atMs).toISOString()}  ${actor}  ${action}  ${target}  ${JSON.stringify(detail)}`
}

function verdictInWords(verdict: AuditVerdict): string {
  if (!verdict.ok) return `THE AUDIT RECORD WAS CHANGED: entry ${verdict.seq}, ${verdict.why}`
  return `${verdict.entries} entries, unaltered; head ${verdict.head.seq}:${verdict.head.hash}`
}

function booksInWords(found: BooksAudit): string {
  const balanced = found.linesSumCents === 0 && found.accountsOff === 0 && found.negativePlayers === 0
  return [
    balanced ? 'the books balance' : 'THE BOOKS DO NOT BALANCE',
    `  sum of all lines      ${amount(found.linesSumCents)}`,
    `  accounts that differ  ${found.accountsOff}`,
    `  players below zero    ${found.negativePlayers}`,
    `  players hold          ${amount(found.playersCents)}`,
    `  in open rounds        ${amount(found.escrowCents)}`,
  ].join('\n')
}

function amount(cents: number): string {
  return (cents / 100).toFixed(2)
}
