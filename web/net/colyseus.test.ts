import { schema, t } from '@colyseus/schema'
import { expect, test } from 'vitest'
import { readLobby, readTable } from './colyseus.ts'
import { sharedTable } from './testing.ts'

const Spot = schema({ cents: t.float64().default(0), players: t.uint32().default(0) }, 'Spot')
const State = schema({ roundId: t.string().default(''), spots: t.map(Spot), lastOutcomes: t.array('string') }, 'State')

test('[WEB-22] before the first full state has arrived there is no table', () => {
  expect(readTable({})).toBeNull()
  expect(readTable(new State().toJSON())).toBeNull()
})

test('[WEB-22] the state of the SDK becomes plain values, spots by their position', () => {
  const state = new State()
  state.roundId = 'r1.1.5'
  const spot = new Spot()
  spot.cents = 500
  spot.players = 2
  state.spots.set('straight:17', spot)
  state.lastOutcomes.push('{"pocket":17}')
  const read = readTable({ ...sharedTable(), ...state.toJSON(), spots: state.toJSON().spots } as never)
  expect(read?.spots.get('straight:17')).toEqual({ cents: 500, players: 2 })
  expect(read?.lastOutcomes).toEqual(['{"pocket":17}'])
})

test('[WEB-22] the lobby is a list of rows, empty before the first state', () => {
  expect(readLobby({})).toEqual([])
  expect(readLobby({ tables: { lima: { tableId: 'lima' } } })).toEqual([{ tableId: 'lima' }])
})
