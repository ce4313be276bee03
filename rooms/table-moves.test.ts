import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Round } from '../engine/round/types.ts'
import type { BetAnswer } from './protocol.ts'
import { TableActor, VERSIONS_OF_AN_OWNER } from './table-actor.ts'
import { bet, TestPorts, until } from './testing.ts'
import { TestAudience } from './testing-audience.ts'

let ports: TestPorts
let audience: TestAudience
let actor: TableActor
beforeEach(async () => {
  ports = new TestPorts()
  audience = new TestAudience()
  ports.player('ana')
  actor = new TableActor(ports, audience, await ports.takeOver('lima'))
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

describe('from owner to owner', () => {
  const versions = (of: TableActor, playerId: string) => {
    const { publicVersion, privateVersion } = of.resume(playerId, { publicVersion: 0, privateVersion: 0 }, 0).snapshot
    return [publicVersion, privateVersion]
  }
  const next = async () => new TableActor(ports, new TestAudience(), await ports.takeOver('lima'))

  test('[ROM-26 G17] versions begin at the owner’s turn, and grow from owner to owner whatever its clock', async () => {
    await actor.place([bet('ana')])
    await playOut()
    const [publicVersion = 0, privateVersion = 0] = versions(actor, 'ana')
    expect([publicVersion, privateVersion]).toEqual([VERSIONS_OF_AN_OWNER + 4, VERSIONS_OF_AN_OWNER + 4])
    ports.now -= 86_400_000
    const second = await next()
    expect(versions(second, 'ana')).toEqual([2 * VERSIONS_OF_AN_OWNER, 2 * VERSIONS_OF_AN_OWNER])
    expect(second.resume('ana', { publicVersion, privateVersion }, 0).missed).toBeNull()
    for (let owners = 0; owners < 20; owners++) await next()
    expect(versions(await next(), 'ana')).toEqual(Array(2).fill(23 * VERSIONS_OF_AN_OWNER))
  })

  test('[ROM-26 ROM-7] a player who was forgotten and comes back hears no version a second time', async () => {
    await actor.place([bet('ana'), bet('ana'), bet('ana')])
    const [, told = 0] = versions(actor, 'ana')
    expect(told).toBe(VERSIONS_OF_AN_OWNER + 4)
    ports.now += 600_001
    await playOut()
    ports.advance(8_000)
    await inRound(1)
    ports.now += 600_001
    await playOut()
    ports.advance(8_000)
    await inRound(2)
    const [, again = 0] = versions(actor, 'ana')
    expect(again).toBeGreaterThanOrEqual(told)
    expect(versions(actor, 'beto')[1]).toBeGreaterThanOrEqual(again)
  })
})

describe('coming to rest', () => {
  /** Whether it has stopped, once everything that was ready has happened. */
  const settled = async () => {
    for (let turns = 0; turns < 5; turns++) await new Promise(setImmediate)
    return !actor.running
  }

  test('[ROM-28] an open round without bets on their way is at rest at once, and is the last', async () => {
    await actor.place([bet('ana')])
    const rest = actor.quiesce(1_000)
    expect(actor.quiesce(99)).toBe(rest)
    await rest
    expect([actor.running, actor.round.phase, actor.round.bets.size]).toEqual([false, 'open', 1])
    ports.advance(60_000)
    expect([await settled(), actor.round.phase, audience.ends]).toEqual([true, 'open', []])
  })

  test('[ROM-28] what is on its way into the books and back arrives first; nothing new is taken', async () => {
    const [kept, returned] = [bet('ana'), bet('ana')]
    await actor.place([returned])
    ports.held.add('reserve').add('release')
    const waiting = actor.place([kept])
    await actor.withdraw('ana', [returned.betId])
    await until('both are on their way', () => actor.round.bets.get(returned.betId)?.status === 'releasing')
    const rest = actor.quiesce(1_000)
    expect(codes(await actor.place([bet('ana')]))).toEqual(['reserving table-stopping'])
    expect(codes(await actor.withdraw('ana', [kept.betId]))).toEqual(['reserving table-stopping'])
    expect(await actor.orderVoid('operator-error')).toBe('stale-event')
    expect(await settled()).toBe(false)
    ports.release()
    await rest
    expect(codes(await waiting)).toEqual(['accepted null'])
    expect([...actor.round.bets.values()].map(({ status }) => status).sort()).toEqual(['accepted', 'dead'])
    expect(ports.ledger.balanceOf('ana')).toBe(999_500)
  })

  test('[ROM-28] a round that is being closed, drawn and paid is paid first, and no other is opened', async () => {
    await actor.place([bet('ana')])
    ports.held.add('draw')
    ports.advance(20_000)
    await inPhase('closed')
    const rest = actor.quiesce(1_000)
    expect(await settled()).toBe(false)
    ports.release()
    await rest
    expect([actor.round.phase, ports.ledger.balanceOf('ana')]).toEqual(['settled', 1_017_500])
    ports.advance(8_000)
    expect([await settled(), actor.round.opening.roundNo]).toEqual([true, 0])
    expect(ports.ledger.rounds.size).toBe(1)
  })

  test('[ROM-28] books that do not answer hold it up no longer than it may take', async () => {
    ports.held.add('reserve')
    const waiting = actor.place([bet('ana')])
    await until('the bet is asked for', () => actor.round.bets.size === 1)
    const rest = actor.quiesce(1_000)
    ports.advance(999)
    expect(await settled()).toBe(false)
    ports.advance(1)
    await rest
    expect(codes(await waiting)).toEqual(['reserving table-stopping'])
    expect([actor.running, actor.round.bets.size]).toEqual([false, 1])
  })

  test('[ROM-28] a table that is lost while it comes to rest is not waited for', async () => {
    ports.held.add('reserve')
    void actor.place([bet('ana')])
    await until('the bet is asked for', () => actor.round.bets.size === 1)
    const rest = actor.quiesce(1_000)
    ports.ledger.raiseEpoch('lima')
    ports.release()
    await rest
    expect(audience.ends).toEqual(['lost'])
  })
})

test('[ROM-29] what a turn decided is saved before anybody is told, and nothing else is saved', async () => {
  const order: string[] = []
  const note = (what: string) => (order.at(-1) === what ? undefined : order.push(what))
  vi.spyOn(ports, 'save').mockImplementation((_, round) => void note(`saved ${[...round.bets.values()][0]?.status}`))
  vi.spyOn(audience, 'toPlayer').mockImplementation((_, event) => void note(`told ${event.type}`))
  vi.spyOn(audience, 'changed').mockImplementation(() => void note('shown'))
  const asked = bet('ana')
  await actor.place([asked]).then(() => note('answered'))
  await actor.place([asked])
  const accepted = ['saved accepted', 'told bet', 'told balance', 'shown', 'answered']
  expect(order).toEqual(['saved reserving', 'shown', ...accepted])
})

test('[ROM-29] all but bets and their answers is saved urgently', async () => {
  const saved: string[] = []
  vi.spyOn(ports, 'save').mockImplementation((_, { phase, bets }, urgent) => {
    saved.push(`${phase} ${[...bets.values()].map(({ status }) => status).join()}${urgent ? ' urgent' : ''}`)
  })
  const asked = bet('ana')
  await actor.place([asked])
  await actor.withdraw('ana', [asked.betId])
  await until('it is returned', () => actor.round.bets.get(asked.betId)?.status === 'dead')
  ports.advance(20_000)
  await inPhase('settled')
  const bets = ['open reserving', 'open accepted', 'open releasing urgent', 'open dead']
  expect(saved).toEqual([...bets, ...['closing', 'closed', 'drawn', 'settled'].map((phase) => `${phase} dead urgent`)])
})

test('[ROM-27] stalled books are told on, and not any more once the table has stopped', () => {
  ports.stalled(true)
  ports.stalled(false)
  actor.stop()
  ports.stalled(true)
  expect(audience.stalls).toEqual([true, false])
})
