import type { HouseTable, TableRefusal } from '../tables/house-tables.ts'
import type { MaintenanceRefusal } from './maintenance.ts'

type Code = TableRefusal | MaintenanceRefusal | 'wrong-round' | 'round-drawn' | 'not-yet-void'

/** Why, where the code says all there is to say. */
const WORDS: Readonly<Partial<Record<string, string>> & Partial<Record<Code, string>>> = {
  'table-exists': 'tableId: there is a table of this id already',
  'window-exists': 'a window is planned or under way already: `maintenance show`; cancel or end it first',
  'no-window': 'no window is planned or under way',
  'under-way': 'the window has begun: `maintenance end` ends it',
  'not-under-way': 'the window has not begun: `maintenance cancel` takes it back',
  'wrong-round': 'the table runs another round now, so nothing was voided',
  'round-drawn': 'the round is drawn, so it will be settled',
  'not-yet-void': 'the void is ordered, and the books have not answered yet: look again',
}
const LEADS_FROM: Readonly<Record<string, string>> = {
  'table.open': 'closed',
  'table.resume': 'paused or draining',
  'table.pause': 'open or draining',
  'table.drain': 'open or paused',
  'table.close': 'paused or draining',
}

/** Why a command was refused, for the person who gave it: which field or status, and what would do. */
export function whyRefused(code: string, action: string, table: Pick<HouseTable, 'tableId' | 'status'> | null): string {
  if (code === 'wrong-status' && table !== null && LEADS_FROM[action] !== undefined)
    return `table ${table.tableId} is ${table.status}; this order is for one that is ${LEADS_FROM[action]}`
  const none = action === 'round.void' ? 'no table of this id is running' : 'there is no table of this id'
  if (code === 'no-such-table') return `${none}: table list shows all`
  return WORDS[code] ?? 'as it stands now, it cannot be done'
}
