/**
 * A process with one table, for tests that kill it: `testing-process.ts <epoch> <table> <player> <ticket>`. Tells its
 * parent its port, and ends with it.
 */
import { openTestRooms } from './testing.ts'

const [epoch = '1', tableId = '', playerId = '', ticket = ''] = process.argv.slice(2)
const rooms = await openTestRooms()
rooms.ports.tickets.set(ticket, { playerId: rooms.ports.player(playerId), name: playerId, tableId })
for (let raised = 1; raised < Number(epoch); raised++) rooms.ports.ledger.raiseEpoch(tableId)
await rooms.table(tableId)
process.send?.(rooms.port)
process.on('disconnect', () => process.exit(0))
