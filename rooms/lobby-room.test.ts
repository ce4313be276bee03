import { matchMaker } from '@colyseus/core'
import { Client } from '@colyseus/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LobbyRoom } from './lobby-room.ts'
import { openTestRooms, type TestRooms, until } from './testing.ts'

let rooms: TestRooms
beforeAll(async () => {
  rooms = await openTestRooms()
})
afterAll(() => rooms.close())

/** A lobby as another node would have it, under the address that all of them have. */
async function lobbyOf(refBase: number): Promise<LobbyRoom> {
  const { ports } = rooms
  const { meter, board: floor } = ports
  const options = { floor, sealer: ports, refBase, nowMs: () => ports.now, meter, patchIntervalMs: 20 }
  const old = matchMaker.getLocalRoomById('lobby')
  matchMaker.defineRoomType(`lobby of ${refBase}`, LobbyRoom, options as never)
  await rooms.held('lobby', async () => {
    await old.disconnect(4010)
    await matchMaker.createRoom(`lobby of ${refBase}`, {})
  })
  return matchMaker.getLocalRoomById('lobby') as LobbyRoom
}

const row = (tableId: string, players: number) => ({
  ...{ tableId, name: tableId, gameId: 'roulette', status: 'running', phase: 'open', closesAtMs: 1, players },
  ...{ minCents: 100, maxCents: 1_000, lastOutcomes: ['{"pocket":1}'] },
})

test('[ROM-26 ROM-24] a client goes from lobby to lobby of many nodes, and sees each as it is', async () => {
  const { board } = rooms.ports
  board.list('a', row('a', 1))
  const client = new Client(rooms.url)
  let lobby = await lobbyOf(65_536)
  const room = await client.joinById('lobby')
  Object.assign(room.reconnection, { minUptime: 0, minDelay: 0, backoff: () => 10 })
  const shown = () => JSON.stringify((room.state as { toJSON(): unknown }).toJSON())
  const same = () => until('it sees this lobby', () => shown() === JSON.stringify(lobby.state.toJSON()))
  await same()
  for (let node = 2; node <= 12; node++) {
    const returned = new Promise<void>((tell) => room.onReconnect.once(() => tell()))
    // Other nodes have opened their tables in another order, and closed some.
    for (const tableId of ['a', 'b', 'c']) board.list(tableId, null)
    for (const tableId of ['c', 'a', 'b'].slice(node % 3)) board.list(tableId, row(tableId, node))
    lobby = await lobbyOf(node * 65_536)
    await returned
    await same()
    expect(lobby.clients.length).toBe(1)
    board.list('d', node % 2 === 0 ? row('d', node) : null)
    await until('the lobby has it', () => lobby.state.tables.has('d') === (node % 2 === 0))
    await same()
  }
  await room.leave()
})
