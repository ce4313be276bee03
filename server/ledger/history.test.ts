import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databasesUnderTest, openTestDatabase, type TestDatabase } from '../database/testing.ts'
import type { Books } from './books.ts'
import { DIGEST, DRAW, newScene, openingOf } from './contract.ts'
import { roundHistory } from './history.ts'
import { LedgerBooks } from './ledger-books.ts'

for (const kind of databasesUnderTest()) {
  describe(`history: ${kind}`, () => {
    let database: TestDatabase
    let books: Books
    let history: ReturnType<typeof roundHistory>
    let nowMs = 1_000
    beforeAll(async () => {
      database = await openTestDatabase(kind)
      books = new LedgerBooks(database, () => nowMs)
      history = roundHistory(database)
    })
    afterAll(() => database?.close())

    test('[LED-17] a player reads a round with his own bets, what they paid, and his balance after it', async () => {
      const { tableId, opening, player, bet, reserve, release, draw, settle } = await newScene(books)
      const [ana, eva] = [await player(1_000), await player(1_000)]
      const bets = { won: bet(ana, 100), lost: bet(ana, 50), back: bet(ana, 25), poor: bet(ana, 9_000) }
      await reserve(bets.won, bets.lost, bets.back, bets.poor, bet(eva, 10))
      await release(bets.back)
      expect(await history.roundOfPlayer(ana, opening.roundId)).toBeNull()
      expect(await history.roundsOfPlayer(ana, null, 10)).toEqual({ rounds: [], next: null })
      await draw()
      nowMs = 77_000
      await settle(160, [[bets.won, 3_600]])
      const result = { roundId: opening.roundId, tableId, gameId: 'roulette', endedAtMs: 77_000, how: 'settled' }
      const round = { ...result, outcome: DRAW.outcome, stakedCents: 150, paidCents: 3_600 }
      expect(await history.roundsOfPlayer(ana, null, 10)).toEqual({ rounds: [round], next: null })
      const detail = await history.roundOfPlayer(ana, opening.roundId)
      expect(detail).toMatchObject({ ...round, opening, seedHex: DRAW.seedHex, balanceAfterCents: 4_450 })
      const byId = new Map(detail?.bets.map((one) => [one.betId, one]))
      expect(byId.size).toBe(4)
      expect(byId.get(bets.won.betId)).toMatchObject({ fate: 'reserved', stakeCents: 100, paidCents: 3_600 })
      expect(byId.get(bets.lost.betId)).toMatchObject({ fate: 'reserved', stakeCents: 50, paidCents: 0 })
      expect(byId.get(bets.back.betId)).toMatchObject({ fate: 'released', stakeCents: 25, paidCents: 25 })
      expect(byId.get(bets.poor.betId)).toMatchObject({ fate: 'refused', refusal: 'insufficient-funds', paidCents: 0 })
      expect(byId.get(bets.won.betId)).toMatchObject({ selection: bets.won.selection, kind: 'straight' })
      expect(byId.get(bets.won.betId)?.placedAtMs).toBeGreaterThan(1_600_000_000_000)
      expect(await history.roundOfPlayer(eva, opening.roundId)).toMatchObject({
        stakedCents: 10,
        balanceAfterCents: 990,
      })
    })

    test('[LED-17] nobody reads a round in which he had no bet, nor one that never was', async () => {
      const { opening, player, bet, reserve, draw, settle } = await newScene(books)
      const [ana, eva] = [await player(100), await player(100)]
      await reserve(bet(ana, 100))
      await draw()
      await settle(100)
      expect(await history.roundOfPlayer(eva, opening.roundId)).toBeNull()
      expect(await history.roundOfPlayer('nobody', opening.roundId)).toBeNull()
      expect(await history.roundOfPlayer(ana, 'no-such-round')).toBeNull()
    })

    test('[LED-17] a void round is listed with the stakes that came back', async () => {
      const { books: here, fence, opening, player, bet, reserve } = await newScene(books)
      const ana = await player(100)
      await reserve(bet(ana, 60))
      await here.voidRound(fence, opening.roundId, 'equipment-fault', DRAW)
      expect(await history.roundsOfPlayer(ana, null, 10)).toMatchObject({
        rounds: [{ how: 'void', stakedCents: 60, paidCents: 60, outcome: DRAW.outcome }],
      })
      const detail = await history.roundOfPlayer(ana, opening.roundId)
      expect(detail).toMatchObject({ balanceAfterCents: 100, bets: [{ fate: 'released', paidCents: 60 }] })
    })

    test('[LED-17] pages join without a gap or a repeat, and results come newest first', async () => {
      const { tableId, fence, opening, player, bet } = await newScene(books)
      const ana = await player(1_000)
      for (let roundNo = 0; roundNo < 7; roundNo++) {
        const next = openingOf(tableId, roundNo)
        await books.openRound(fence, next)
        await books.reserve([{ ...fence, roundId: next.roundId, bet: bet(ana, 10) }])
        await books.closeRound(fence, next.roundId, DIGEST)
        await books.registerDraw(fence, next.roundId, { ...DRAW, outcome: { pocket: roundNo } })
        await books.settle({ ...fence, roundId: next.roundId, handleCents: bet(ana, 10).stakeCents, payouts: [] })
      }
      const newestFirst = [6, 5, 4, 3, 2, 1, 0].map((roundNo) => openingOf(tableId, roundNo).roundId)
      const read: string[] = []
      let before: string | null = null
      for (let page = 0; page < 3; page++) {
        const answer = await history.roundsOfPlayer(ana, before, 3)
        if (answer === 'bad-cursor') throw new Error(`the history refused its own cursor ${before}`)
        read.push(...answer.rounds.map(({ roundId }) => roundId))
        before = answer.next
      }
      expect([read, before]).toEqual([newestFirst, null])
      const results = await history.resultsOfTable(tableId, 5)
      expect(results.map(({ roundId }) => roundId)).toEqual(newestFirst.slice(0, 5))
      expect(results[0]).toMatchObject({ outcome: { pocket: 6 }, how: 'settled' })
      expect(await history.resultsOfTable(opening.seriesId, 5)).toEqual([])
    })

    test('[LED-17] a senseless limit is read as the nearest that makes sense, a foreign cursor refused', async () => {
      const { tableId, player, bet, reserve, draw, settle } = await newScene(books)
      const ana = await player(100)
      await reserve(bet(ana, 100))
      await draw()
      await settle(100)
      for (const limit of [-1, 0, Number.NaN, 1e9]) {
        expect(await history.roundsOfPlayer(ana, null, limit)).toMatchObject({ rounds: [{ paidCents: 0 }] })
        expect(await history.resultsOfTable(tableId, limit)).toHaveLength(1)
      }
      for (const cursor of ['', '0', '-1', '1e3', '9'.repeat(40), "1' or 1=1"]) {
        expect(await history.roundsOfPlayer(ana, cursor, 10)).toBe('bad-cursor')
      }
    })
  })
}
