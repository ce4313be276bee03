import { Decoder, Encoder, Reflection } from '@colyseus/schema'
import { SchemaSerializer } from '@colyseus/sdk'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FELT } from '../engine/roulette/layout.ts'
import { roundIn, testBet } from '../engine/round/testing.ts'
import type { Phase, Round } from '../engine/round/types.ts'
import { LAST_OUTCOMES, ownedState, project, rememberOutcome, TableState } from './table-state.ts'

const PHASES: readonly Phase[] = ['open', 'closing', 'closed', 'drawn', 'settled', 'void']

/** Rounds with bets on any of the first numbers of the felt. */
const roundOn = (numbers: number) => {
  const selection = fc.oneof(
    fc.integer({ min: 0, max: numbers - 1 }).map((n) => ({ kind: 'straight', numbers: [n] })),
    fc.constantFrom('red', 'black', 'odd').map((kind) => ({ kind })),
  )
  const bets = fc
    .array(fc.record({ playerId: fc.constantFrom('ana', 'beto', 'carla'), selection }), { maxLength: 6 })
    .map((all) => all.map((over, i) => testBet({ ...over, betId: `bet-${i}` })))
  return fc.tuple(fc.constantFrom(...PHASES), bets).map(([phase, placed]) => roundIn(phase, placed))
}
const round = roundOn(37)

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

/** One owner of the table after another, and two clients that keep their decoders: a bare one and the SDK's. */
class HandOvers {
  state = new TableState()
  pocket = 0
  readonly bare = new TableState()
  readonly sdk = new SchemaSerializer()
  readonly #decoder = new Decoder(this.bare)
  #encoder = new Encoder(this.state)

  constructor() {
    this.#own(1)
    this.sdk.handshake(Reflection.encode(this.#encoder))
    this.#decoder.decode(Buffer.from(this.#encoder.encodeAll()))
    this.sdk.setState(Buffer.from(this.#encoder.encodeAll()))
  }

  patch(): void {
    if (!this.#encoder.hasChanges) return
    const bytes = Buffer.from(this.#encoder.encode())
    this.#encoder.discardChanges()
    this.#decoder.decode(bytes)
    this.sdk.patch(bytes)
  }

  /** The next owner has shown some rounds by the time that the clients come to it. */
  handOver(epoch: number, rounds: readonly Round[]): void {
    const outcomes = [...this.state.lastOutcomes]
    this.#own(epoch)
    this.state.lastOutcomes.push(...outcomes)
    for (const round of rounds) {
      this.#encoder.discardChanges()
      project(round, this.state)
    }
    const bytes = Buffer.from(this.#encoder.encodeAll())
    this.#decoder.decodeResync(bytes)
    this.sdk.setState(bytes)
  }

  #own(epoch: number): void {
    ownedState(epoch, (state) => {
      this.state = state
      this.#encoder = new Encoder(state)
    })
  }
}

test('[ROM-26] one decoder follows hundreds of hand-overs, and always shows what the owner has', () => {
  // Few places, so that the same ones come again at other owners, in another order.
  const some = fc.constantFrom(...fc.sample(roundOn(4), 60))
  const several = fc.array(some, { maxLength: 4 })
  const owner = fc.record({ shown: several, lost: some, found: several, skipped: fc.nat(3) })
  fc.assert(
    fc.property(fc.array(owner, { minLength: 40, maxLength: 40 }), (owners) => {
      const table = new HandOvers()
      const expectSame = () => {
        const truth = table.state.toJSON()
        expect([table.bare.toJSON(), table.sdk.state.toJSON()]).toEqual([truth, truth])
      }
      let epoch = 1
      for (const { shown, lost, found, skipped } of owners) {
        for (const next of shown) {
          project(next, table.state)
          rememberOutcome(table.state, { pocket: table.pocket++ })
          table.patch()
          expectSame()
        }
        // The last change never left its owner.
        project(lost, table.state)
        epoch += 1 + skipped
        table.handOver(epoch, found)
        expectSame()
      }
    }),
    { numRuns: 10 },
  )
})

test('[ROM-26] an owner gives out a handful of numbers, however long it runs, and begins above the last', () => {
  const rounds = fc.sample(round, 20)
  const idsOf = (epoch: number) => {
    let encoder = new Encoder(new TableState())
    let state = new TableState()
    ownedState(epoch, (owned) => {
      state = owned
      encoder = new Encoder(owned)
    })
    for (const [pocket, shown] of rounds.entries()) {
      project(shown, state)
      rememberOutcome(state, { pocket })
      encoder.encode()
      encoder.discardChanges()
    }
    return Object.keys(encoder.root.changeTrees).map(Number)
  }
  // The state itself is number 0 of every owner.
  expect([idsOf(1), idsOf(2), idsOf(1_000)]).toEqual([
    [0, 16, 17, 18],
    [0, 32, 33, 34],
    [0, 16_000, 16_001, 16_002],
  ])
  expect(Math.max(...idsOf(2 ** 40 + 5))).toBeLessThan(2 ** 31)
})

test('[ROM-10] the felt shows accepted chips of everyone by place, and forgets the round before', () => {
  const state = new TableState()
  const felt = () => [state.toJSON().spotCents, state.toJSON().spotPlayers]
  const straight = testBet({ betId: 'a' })
  project(roundIn('open', [straight, testBet({ betId: 'b', playerId: 'beto' })]), state)
  expect(felt()).toEqual([{ 'straight:17': 1_000 }, { 'straight:17': 2 }])
  project(roundIn('open', [testBet({ betId: 'c', selection: { kind: 'red' } })]), state)
  expect(felt()).toEqual([{ red: 500 }, { red: 1 }])
  project(roundIn('void', [straight]), state)
  expect(felt()).toEqual([{}, {}])
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
  project(roundIn('settled'), state)
  // Twice the places of the largest felt there is.
  for (const place of FELT['double-zero'].keys())
    for (const name of [place, `${place}-2`]) {
      state.spotCents.set(name, 123_456_789.5)
      state.spotPlayers.set(name, 70_000)
    }
  for (let pocket = 0; pocket < LAST_OUTCOMES; pocket++) rememberOutcome(state, { pocket })
  expect(new Encoder(state).encodeAll().length).toBeLessThan(Encoder.BUFFER_SIZE)
})
