import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { toCents } from '../engine/money.ts'
import type { Round } from '../engine/round/types.ts'
import type { BetAnswer } from './protocol.ts'
import { TableActor } from './table-actor.ts'
import { bet, seedOf, TestPorts, until } from './testing.ts'
import { TestAudience } from './testing-audience.ts'

let ports: TestPorts
let audience: TestAudience
let actor: TableActor
beforeEach(async () => {
  ports = new TestPorts()
  audience = new TestAudience()
  ports.player('ana')
  ports.player('beto', 1_000)
  const taken = await ports.takeOver('lima')
  actor = new TableActor(ports, audience, taken)
  actor.start()
})

const inPhase = (phase: Round['phase']) => until(`the round is ${phase}`, () => actor.round.phase === phase)
const inRound = (roundNo: number) => until(`round ${roundNo}`, () => actor.round.opening.roundNo === roundNo)
const codes = (answers: readonly BetAnswer[]) => answers.map(({ status, code }) => `${status} ${code}`)

/** From open to settled. */
async function playOut(): Promise<void> {
  ports.advance(20_000)
  await inPhase('settled')
}

describe('phases', () => {
  test('[ROM-1 G13] everyone is told every phase once, in order, with its proof', async () => {
    const { roundId, commitment } = actor.round.opening
    await playOut()
    ports.advance(8_000)
    await inRound(1)
    const { betDigest } = ports.ledger.rounds.get(roundId) ?? {}
    expect(audience.public.map(({ version: _, atMs: __, ...event }) => event)).toEqual([
      { type: 'closing', roundId },
      { type: 'closed', roundId, betDigest },
      { type: 'drawn', roundId, outcome: { pocket: 17 }, seedHex: seedOf(roundId) },
      { type: 'settled', roundId, nextOpensAtMs: ports.now },
      { type: 'opened', roundId: 'lima.1.1', closesAtMs: ports.now + 20_000, commitment },
    ])
    const versions = audience.public.map(({ version }) => version)
    expect(versions).toEqual(versions.map((_, i) => (versions[0] ?? 0) + i))
  })

  test('[ROM-1] a void is told with its reason once the money is back; each stake goes to its owner', async () => {
    const { roundId } = actor.round.opening
    await actor.place([bet('ana')])
    ports.held.add('void')
    expect(await actor.orderVoid('operator-error')).toBeNull()
    await inPhase('void')
    expect(audience.public).toEqual([])
    ports.release()
    await until('the void is told', () => audience.public.length > 0)
    expect(audience.public[0]).toMatchObject({ type: 'void', roundId, reason: 'operator-error' })
    const refunded = { type: 'refunded', roundId, cents: 500, balanceCents: 1_000_000 }
    expect(audience.told('ana').filter(({ type }) => type === 'refunded')).toMatchObject([refunded])
    expect(ports.ledger.balanceOf('ana')).toBe(1_000_000)
  })
})

describe('bets', () => {
  test('[ROM-2] an accepted bet is answered by id once its stake is booked, and its player is told', async () => {
    ports.held.add('reserve')
    const asked = bet('ana')
    let answered = false
    const answers = actor.place([asked]).then((given) => {
      answered = true
      return given
    })
    await until('the bet is asked for', () => actor.round.bets.size === 1)
    expect([answered, audience.private]).toEqual([false, []])
    ports.release()
    expect(await answers).toEqual([{ betId: asked.betId, status: 'accepted', code: null }])
    expect(ports.ledger.balanceOf('ana')).toBe(999_500)
    const { betId, selection, stakeCents } = asked
    const roundId = 'lima.1.0'
    expect(audience.told('ana')).toMatchObject([
      { type: 'bet', roundId, bet: { betId, selection, stakeCents, status: 'accepted' }, code: null },
      { type: 'balance', balanceCents: 999_500 },
    ])
    expect(ports.betCodes).toEqual([null])
  })

  test('[ROM-2 G14] every bet of a message has its own answer: no bet, no chips, limits, no money', async () => {
    const answers = await actor.place([
      bet('beto', { stakeCents: toCents(600) }),
      bet('beto', { selection: { kind: 'straight', numbers: [99] } }),
      bet('beto', { selection: 'red' }),
      bet('beto', { stakeCents: toCents(0) }),
      bet('beto', { stakeCents: toCents(-500) }),
      bet('beto', { stakeCents: toCents(1) }),
      bet('beto', { stakeCents: toCents(10_001) }),
      bet('beto', { stakeCents: toCents(Number.MAX_SAFE_INTEGER) }),
      bet('beto', { stakeCents: toCents(700) }),
      bet('nobody'),
    ])
    expect(codes(answers)).toEqual([
      'accepted null',
      'dead no-such-bet',
      'dead no-such-bet',
      'dead stake-not-playable',
      'dead stake-not-playable',
      'dead below-minimum',
      'dead above-maximum',
      'dead stake-not-playable',
      'dead insufficient-funds',
      'dead account-blocked',
    ])
    expect(ports.ledger.balanceOf('beto')).toBe(400)
    expect(ports.ledger.audit()).toMatchObject({ linesSumCents: 0, accountsOff: 0, escrowCents: 600 })
  })

  test('[ROM-3] the same bet again gets the same answer and moves nothing; another is refused', async () => {
    const asked = bet('ana')
    const first = await actor.place([asked])
    const again = await Promise.all([actor.place([asked]), actor.place([asked, asked])])
    expect(again.flat()).toEqual([first[0], first[0], first[0]])
    expect(codes(await actor.place([{ ...asked, stakeCents: toCents(600) }]))).toEqual(['dead bet-id-taken'])
    expect(codes(await actor.place([{ ...asked, playerId: 'beto' }]))).toEqual(['dead bet-id-taken'])
    expect(ports.ledger.balanceOf('ana')).toBe(999_500)
    expect(audience.told('beto')).toEqual([])
  })

  test('[ROM-2 G14] the clock of the server closes the bets: late by one millisecond is late', async () => {
    ports.now += 19_999
    expect(codes(await actor.place([bet('ana')]))).toEqual(['accepted null'])
    ports.now += 1
    expect(codes(await actor.place([bet('ana')]))).toEqual(['dead bets-closed'])
    ports.held.add('draw')
    ports.advance(0)
    await inPhase('closed')
    expect(codes(await actor.place([bet('ana')]))).toEqual(['dead bets-closed'])
  })

  test('[ROM-2] results are told to who played, with what each bet paid', async () => {
    const won = bet('ana')
    const lost = bet('ana', { selection: { kind: 'red' } })
    await actor.place([won, lost])
    await actor.place([bet('beto', { selection: { kind: 'red' } })])
    await playOut()
    const payouts = [{ betId: won.betId, cents: 18_000 }]
    const result = { stakedCents: 1_000, paidCents: 18_000, payouts, balanceCents: 1_017_000 }
    expect(audience.told('ana').at(-2)).toMatchObject({ type: 'result', ...result })
    const nothing = { type: 'result', stakedCents: 500, paidCents: 0, payouts: [], balanceCents: null }
    expect(audience.told('beto').at(-1)).toMatchObject(nothing)
  })
})

describe('withdrawals', () => {
  test('[ROM-4] a withdrawn bet is answered at once, its money follows and its player is told', async () => {
    const asked = bet('ana')
    await actor.place([asked])
    expect(await actor.withdraw('ana', [asked.betId])).toEqual([
      { betId: asked.betId, status: 'releasing', code: null },
    ])
    await until('the stake is back', () => ports.ledger.balanceOf('ana') === 1_000_000)
    await until('the player is told', () => audience.told('ana').length === 5)
    expect(audience.told('ana').map((event) => (event.type === 'bet' ? event.bet.status : event.type))).toEqual([
      ...['accepted', 'balance', 'releasing', 'dead', 'balance'],
    ])
    expect(codes(await actor.withdraw('ana', [asked.betId]))).toEqual(['dead null'])
  })

  test('[ROM-4] a bet still on its way is taken back, and whoever waits for it is told', async () => {
    ports.held.add('reserve')
    const asked = bet('ana')
    const placed = actor.place([asked])
    await until('the bet is asked for', () => actor.round.bets.size === 1)
    await actor.withdraw('ana', [asked.betId])
    expect(codes(await placed)).toEqual(['releasing null'])
    ports.release()
    await until('it is dead', () => actor.round.bets.get(asked.betId)?.status === 'dead')
    expect([ports.ledger.balanceOf('ana'), actor.round.atStakeCents]).toEqual([1_000_000, 0])
  })

  test("[ROM-4] somebody else's bet is answered like none, and its owner hears nothing of it", async () => {
    const asked = bet('ana')
    await actor.place([asked])
    const heard = audience.told('ana').length
    const foreign = await actor.withdraw('beto', [asked.betId, randomUUID()])
    expect(codes(foreign)).toEqual(['dead unknown-bet', 'dead unknown-bet'])
    expect(audience.told('ana')).toHaveLength(heard)
    expect(actor.round.bets.get(asked.betId)?.status).toBe('accepted')
  })

  test('[ROM-4 G14] nothing is taken back after the close', async () => {
    const asked = bet('ana')
    await actor.place([asked])
    ports.now += 20_000
    expect(codes(await actor.withdraw('ana', [asked.betId]))).toEqual(['accepted bets-closed'])
  })
})

describe('coming back', () => {
  const resume = (publicVersion: number, privateVersion: number, playerId: string | null = 'ana') =>
    actor.resume(playerId, { publicVersion, privateVersion }, 5)

  test('[ROM-7 U5] resume gives exactly what was missed, of both streams, also across rounds', async () => {
    await actor.place([bet('ana')])
    const { snapshot } = resume(0, 0)
    const seen = { public: audience.public.length, private: audience.told('ana').length }
    await playOut()
    ports.advance(8_000)
    await inRound(1)
    await actor.place([bet('ana'), bet('beto')])
    const { missed } = resume(snapshot.publicVersion, snapshot.privateVersion)
    expect(missed).toEqual({
      public: audience.public.slice(seen.public),
      private: audience.told('ana').slice(seen.private),
    })
    expect(missed?.private.map(({ type }) => type)).toEqual(['result', 'balance', 'bet', 'balance'])
    const now = resume(0, 0).snapshot
    expect(resume(now.publicVersion, now.privateVersion).missed).toEqual({ public: [], private: [] })
  })

  test('[ROM-7 U5] whoever is new, or comes from an earlier owner of the table, gets the present alone', async () => {
    const asked = bet('ana')
    await actor.place([asked, bet('beto')])
    const { roundId } = actor.round.opening
    const answer = resume(0, 0)
    expect(answer.missed).toBeNull()
    const bets = [{ betId: asked.betId, selection: asked.selection, stakeCents: 500, status: 'accepted' }]
    expect(answer.snapshot).toMatchObject({ roundId, balanceCents: 5, bets })
    ports.now -= 3_600_000
    const next = new TableActor(ports, new TestAudience(), await ports.takeOver('lima'))
    const { publicVersion, privateVersion } = answer.snapshot
    const moved = next.resume('ana', { publicVersion, privateVersion }, 5)
    expect(moved.missed).toBeNull()
    expect(moved.snapshot).toMatchObject({ roundId, bets })
    expect(moved.snapshot.publicVersion).toBeGreaterThan(publicVersion)
    expect(moved.snapshot.privateVersion).toBeGreaterThan(privateVersion)
    expect(next.resume('ana', { publicVersion: Number.MAX_SAFE_INTEGER, privateVersion: 0 }, 5).missed).toBeNull()
  })

  test('[ROM-7] an observer gets the public events and nobody’s bets', async () => {
    const { publicVersion } = resume(0, 0, null).snapshot
    await actor.place([bet('ana')])
    await playOut()
    const answer = resume(publicVersion, 0, null)
    expect(answer.missed?.public.map(({ type }) => type)).toEqual(['closing', 'closed', 'drawn', 'settled'])
    expect([answer.missed?.private, answer.snapshot.bets, answer.snapshot.privateVersion]).toEqual([[], [], 0])
  })

  test('[ROM-7] players who left long ago are forgotten; who is here, or left lately, is not', async () => {
    await actor.place([bet('ana')])
    await actor.place([bet('beto')])
    audience.present.add('beto')
    const before = ['ana', 'beto'].map((playerId) => actor.privateVersion(playerId))
    await playOut()
    ports.advance(8_000)
    await inRound(1)
    const missed = (playerId: string, version = 0) =>
      actor.resume(playerId, { publicVersion: 0, privateVersion: version }, 0)
    const { publicVersion } = missed('ana').snapshot
    const types = (playerId: string, version = 0) =>
      actor.resume(playerId, { publicVersion, privateVersion: version }, 0).missed?.private.map(({ type }) => type)
    expect(types('ana', before[0])).toEqual(['result', 'balance'])
    ports.now += 600_000
    await playOut()
    ports.advance(8_000)
    await inRound(2)
    expect(missed('ana', before[0]).missed).toBeNull()
    const latest = missed('beto').snapshot.publicVersion
    const { missed: kept } = actor.resume('beto', { publicVersion: latest, privateVersion: before[1] ?? 0 }, 0)
    expect(kept?.private.map(({ type }) => type)).toEqual(['result', 'balance'])
  })
})

describe('the end of a table here', () => {
  test('[ROM-12 G15] when the books refuse the epoch, nothing more is decided and the audience is told', async () => {
    const placing = actor.place([bet('ana', { betId: randomUUID() })])
    ports.ledger.raiseEpoch('lima')
    expect(codes(await placing)).toEqual(['reserving table-stopping'])
    expect([audience.ends, actor.running]).toEqual([['lost'], false])
    expect(codes(await actor.place([bet('ana')]))).toEqual(['dead stale-event'])
    ports.advance(60_000)
    expect(audience.public).toEqual([])
    expect(ports.ledger.balanceOf('ana')).toBe(1_000_000)
  })

  test('[ROM-12] a broken invariant suspends the table, pages the pit and leaves nobody waiting', async () => {
    const first = bet('ana')
    await actor.place([first])
    ports.held.add('reserve')
    const waiting = actor.place([bet('ana')])
    await until('the bet is asked for', () => actor.round.bets.size === 2)
    audience.fails = true
    void actor.withdraw('ana', [first.betId])
    expect(codes(await waiting)).toEqual(['reserving table-stopping'])
    expect([audience.ends, actor.running]).toEqual([['suspended'], false])
    expect(ports.failures.map(({ where }) => where)).toEqual(['turn'])
  })
})
