import { schema, t } from '@colyseus/schema'
import { expect, test } from 'vitest'
import { readLobby, readTable } from './colyseus.ts'
import { sharedTable } from './testing.ts'

const State = schema(
  {
    roundId: t.string().default(''),
    spotCents: t.map('float64'),
    spotPlayers: t.map('uint32'),
    lastOutcomes: t.array('string'),
  },
  'State',
)

test('[WEB-22] before the first full state has arrived there is no table', () => {
  expect(readTable({})).toBeNull()
  expect(readTable(new State().toJSON())).toBeNull()
})

test('[WEB-22] the state of the SDK becomes plain values, spots by their position', () => {
  const state = new State()
  state.roundId = 'r1.1.5'
  state.spotCents.set('straight:17', 500)
  state.spotPlayers.set('straight:17', 2)
  state.lastOutcomes.push('{"pocket":17}')
  const read = readTable({ ...sharedTable(), ...state.toJSON() } as never)
  expect(read?.spots.get('straight:17')).toEqual({ cents: 500, players: 2 })
  expect(read?.lastOutcomes).toEqual(['{"pocket":17}'])
})

test('[WEB-22] the lobby is a list of rows, empty before the first state', () => {
  expect(readLobby({})).toEqual([])
  expect(readLobby({ tables: { lima: { tableId: 'lima' } } })).toEqual([{ tableId: 'lima' }])
})
