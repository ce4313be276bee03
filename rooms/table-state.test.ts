import { Decoder, Encoder } from '@colyseus/schema'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { roundIn, testBet } from '../engine/round/testing.ts'
import type { Phase, Round } from '../engine/round/types.ts'
import { LAST_OUTCOMES, project, rememberOutcome, TableState } from './table-state.ts'

const PHASES: readonly Phase[] = ['open', 'closing', 'closed', 'drawn', 'settled', 'void']

const selection = fc.oneof(
  fc.integer({ min: 0, max: 36 }).map((n) => ({ kind: 'straight', numbers: [n] })),
  fc.constantFrom('red', 'black', 'odd').map((kind) => ({ kind })),
)
const bets = fc
  .array(fc.record({ playerId: fc.constantFrom('ana', 'beto', 'carla'), selection }), { maxLength: 6 })
  .map((all) => all.map((over, i) => testBet({ ...over, betId: `bet-${i}` })))
const round = fc.tuple(fc.constantFrom(...PHASES), bets).map(([phase, placed]) => roundIn(phase, placed))

type Move = { readonly type: 'show'; readonly round: Round } | { readonly type: 'outcome' | 'patch' | 'join' }
const move: fc.Arbitrary<Move> = fc.oneof(
  round.map((shown): Move => ({ type: 'show', round: shown })),
  fc.constantFrom<Move>({ type: 'outcome' }, { type: 'patch' }, { type: 'join' }),
)

test('[ROM-10] whoever joins, and whenever, ends with the same state, whatever was shown', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
      const state = new TableState()
      const encoder = new Encoder(state)
      const clients: TableState[] = []
      const decoders: Decoder<TableState>[] = []
      let pocket = 0
      const patch = () => {
        const bytes = encoder.hasChanges ? encoder.encode() : null
        if (bytes !== null) for (const decoder of decoders) decoder.decode(Buffer.from(bytes))
        encoder.discardChanges()
      }
      for (const made of [...moves, { type: 'join' }, { type: 'patch' }] as Move[]) {
        if (made.type === 'show') project(made.round, state)
        if (made.type === 'outcome') rememberOutcome(state, { pocket: pocket++ })
        if (made.type === 'patch') patch()
        if (made.type === 'join') {
          const client = new TableState()
          clients.push(client)
          const decoder = new Decoder(client)
          decoder.decode(Buffer.from(encoder.encodeAll()))
          decoders.push(decoder)
        }
      }
      for (const client of clients) expect(client.toJSON()).toEqual(state.toJSON())
    }),
    { numRuns: 100 },
  )
})

test('[ROM-10] the felt shows accepted chips of everyone by place, and forgets the round before', () => {
  const state = new TableState()
  const straight = testBet({ betId: 'a' })
  project(roundIn('open', [straight, testBet({ betId: 'b', playerId: 'beto' })]), state)
  expect(state.toJSON().spots).toEqual({ 'straight:17': { cents: 1_000, players: 2 } })
  project(roundIn('open', [testBet({ betId: 'c', selection: { kind: 'red' } })]), state)
  expect(state.toJSON().spots).toEqual({ red: { cents: 500, players: 1 } })
  project(roundIn('void', [straight]), state)
  expect(state.toJSON().spots).toEqual({})
})

test('[ROM-11] neither outcome nor seed is shown before the draw, nor who has bet ever', () => {
  for (const phase of ['open', 'closing', 'closed'] as const) {
    const state = new TableState()
    project(roundIn(phase, [testBet({ playerId: 'somebody' })]), state)
    expect([state.outcome, state.seedHex]).toEqual(['', ''])
    expect(JSON.stringify(state.toJSON())).not.toMatch(/somebody|bet-1/)
  }
  const drawn = new TableState()
  project(roundIn('drawn'), drawn)
  expect([drawn.outcome, drawn.seedHex]).toEqual(['{"pocket":17}', 'ab'.repeat(32)])
})

test('[ROM-10] the last outcomes are the newest, newest first', () => {
  const state = new TableState()
  for (let pocket = 0; pocket < LAST_OUTCOMES + 5; pocket++) rememberOutcome(state, { pocket })
  expect([...state.lastOutcomes]).toHaveLength(LAST_OUTCOMES)
  expect([state.lastOutcomes[0], state.lastOutcomes.at(-1)]).toEqual(['{"pocket":24}', '{"pocket":5}'])
})

test('[ROM-10] the fullest felt fits the buffer of the encoder, so that nothing has to grow under way', () => {
  const state = new TableState()
  const all = Array.from({ length: 37 }, (_, n) =>
    testBet({ betId: `${n}`, selection: { kind: 'straight', numbers: [n] } }),
  )
  project(roundIn('open', all), state)
  for (let i = 0; i < 300; i++) {
    const spot = state.spots.get('straight:0')?.clone()
    if (spot !== undefined) state.spots.set(`corner:${100 + i}-${200 + i}-${300 + i}-${400 + i}`, spot)
  }
  for (let pocket = 0; pocket < LAST_OUTCOMES; pocket++) rememberOutcome(state, { pocket })
  expect(new Encoder(state).encodeAll().length).toBeLessThan(Encoder.BUFFER_SIZE)
})
