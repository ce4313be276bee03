import { expect } from 'vitest'
import { type ContractTests, cents, DIGEST, DRAW, fates, newScene, OTHER_DRAW, openingOf } from './contract.ts'

/** The part of the contract that is about a round's life: opening, close, draw, settlement, void. */
export const roundContract: ContractTests = {
  '[LED-9] a round opens once; other content, another table or a running round before it is broken': async ({
    books,
    fence,
    opening,
  }) => {
    expect(await books.openRound(fence, opening)).toBe('opened')
    await expect(books.openRound(fence, { ...opening, closesAtMs: 1 })).rejects.toThrow('LED-9')
    await expect(books.openRound({ ...fence, tableId: 'other' }, opening)).rejects.toThrow('LED-9')
    await expect(books.openRound(fence, openingOf(fence.tableId, 1))).rejects.toThrow(/LED-9|one_running_round/)
    expect((await books.latestRound(fence.tableId))?.opening).toEqual(opening)
    await expect(books.closeRound(fence, 'no-such-round', DIGEST)).rejects.toThrow('LED-9')
    await expect(books.registerDraw(fence, 'no-such-round', DRAW)).rejects.toThrow('LED-9')
  },

  '[LED-9] the next round opens when the last has ended, and is then the latest': async ({
    books,
    fence,
    draw,
    settle,
  }) => {
    await draw()
    await settle(0)
    const next = openingOf(fence.tableId, 1)
    expect(await books.openRound(fence, next)).toBe('opened')
    expect(await books.latestRound(fence.tableId)).toEqual({
      opening: next,
      stakes: [],
      betDigest: null,
      draw: null,
      ended: null,
    })
  },

  '[LED-6] an old epoch can do nothing with a round': async ({ books, fence, opening, settle }) => {
    await books.raiseEpoch(fence.tableId)
    const { roundId } = opening
    expect(await books.openRound(fence, opening)).toBe('fenced')
    expect(await books.closeRound(fence, roundId, DIGEST)).toBe('fenced')
    expect(await books.registerDraw(fence, roundId, DRAW)).toBe('fenced')
    expect(await settle(0)).toBe('fenced')
    expect(await books.voidRound(fence, roundId, 'draw-failed', DRAW)).toBe('fenced')
    expect(await books.latestRound(fence.tableId)).toMatchObject({ betDigest: null, draw: null, ended: null })
  },

  '[LED-6] parallel take-overs have epochs of their own': async ({ books, fence }) => {
    const epochs = await Promise.all(Array.from({ length: 20 }, () => books.raiseEpoch(fence.tableId)))
    expect(epochs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => fence.epoch + 1 + i))
  },

  '[LED-6] two nodes that meet a new table at once get one epoch each': async ({ books, tableId }) => {
    const epochs = await Promise.all(Array.from({ length: 8 }, () => books.raiseEpoch(`${tableId}-new`)))
    expect(epochs.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  },

  '[LED-10] after the close no stake goes in or out, and the first digest stands': async ({
    books,
    fence,
    opening,
    player,
    bet,
    reserve,
    release,
  }) => {
    const ana = await player(500)
    const held = bet(ana, 100)
    await reserve(held)
    expect(await books.closeRound(fence, opening.roundId, DIGEST)).toBe(DIGEST)
    expect(await books.closeRound(fence, opening.roundId, 'ee'.repeat(32))).toBe(DIGEST)
    const late = bet(ana, 100)
    expect(fates(await reserve(late, held))).toEqual(['refused bets-closed', 'reserved'])
    expect(fates(await release(held, late))).toEqual(['reserved bets-closed', 'released bets-closed'])
    expect(await books.balanceOf(ana)).toBe(400)
  },

  '[LED-10] a close beside stakes on their way: every stake it let in is there when it is answered': async ({
    books,
    player,
    bet,
  }) => {
    const ana = await player(100_000)
    for (let turn = 0; turn < 10; turn++) {
      const { fence, opening, reserve } = await newScene(books)
      // Fewer than a pool's connections, and all for one account's row, so that some wait for it during the close.
      const asked = Array.from({ length: 7 }, () => reserve(bet(ana, 100)))
      await books.closeRound(fence, opening.roundId, DIGEST)
      const facts = await books.latestRound(fence.tableId)
      const heldAtClose = facts?.stakes.filter(({ fate }) => fate === 'reserved').length
      const answers = (await Promise.all(asked)).flat()
      expect(answers.filter(({ fate }) => fate === 'reserved')).toHaveLength(heldAtClose ?? -1)
      for (const answer of answers) expect(['reserved', 'refused bets-closed']).toContain(fates([answer])[0])
    }
  },

  '[LED-11] a draw follows the close, and the first one stands': async ({ books, fence, opening }) => {
    const { roundId } = opening
    await expect(books.registerDraw(fence, roundId, DRAW)).rejects.toThrow('LED-11')
    await books.closeRound(fence, roundId, DIGEST)
    expect(await books.registerDraw(fence, roundId, DRAW)).toEqual(DRAW)
    expect(await books.registerDraw(fence, roundId, OTHER_DRAW)).toEqual(DRAW)
    expect((await books.latestRound(fence.tableId))?.draw).toEqual(DRAW)
  },

  '[LED-11] draws registered at once agree on one': async ({ books, fence, opening }) => {
    await books.closeRound(fence, opening.roundId, DIGEST)
    const drawn = await Promise.all(
      Array.from({ length: 20 }, (_, i) => books.registerDraw(fence, opening.roundId, i % 2 ? DRAW : OTHER_DRAW)),
    )
    expect(new Set(drawn.map((draw) => JSON.stringify(draw))).size).toBe(1)
  },

  '[LED-11] a void and a draw at once: one of them wins, and both are told which': async ({
    books,
    fence,
    player,
    bet,
    reserve,
    opening,
  }) => {
    const { roundId } = opening
    const ana = await player(100)
    await reserve(bet(ana, 100))
    await books.closeRound(fence, roundId, DIGEST)
    const [drawn, voided] = await Promise.all([
      books.registerDraw(fence, roundId, DRAW),
      books.voidRound(fence, roundId, 'operator-error', OTHER_DRAW),
    ])
    const facts = await books.latestRound(fence.tableId)
    if (drawn === 'void') {
      expect(voided).toMatchObject({ balances: new Map([[ana, 100]]) })
      expect(facts).toMatchObject({ ended: { how: 'void' }, draw: OTHER_DRAW })
    } else {
      expect([drawn, voided]).toEqual([DRAW, { drawn: DRAW }])
      expect(facts).toMatchObject({ ended: null, draw: DRAW })
    }
    expect(await books.balanceOf(ana)).toBe(drawn === 'void' ? 100 : 0)
  },

  '[LED-11] a drawn round cannot be voided, a void one not drawn': async ({ books, fence, opening, draw, settle }) => {
    const { roundId } = opening
    await draw()
    expect(await books.voidRound(fence, roundId, 'draw-failed', OTHER_DRAW)).toEqual({ drawn: DRAW })
    await settle(0)
    expect(await books.voidRound(fence, roundId, 'draw-failed', OTHER_DRAW)).toEqual({ drawn: DRAW })
    const next = openingOf(fence.tableId, 1)
    await books.openRound(fence, next)
    await books.voidRound(fence, next.roundId, 'draw-failed', OTHER_DRAW)
    expect(await books.registerDraw(fence, next.roundId, DRAW)).toBe('void')
    await expect(books.settle({ ...fence, roundId: next.roundId, handleCents: cents(0), payouts: [] })).rejects.toThrow(
      'LED-12',
    )
    expect(await books.closeRound(fence, next.roundId, DIGEST)).toBe(DIGEST)
    expect((await books.latestRound(fence.tableId))?.betDigest).toBeNull()
  },

  '[LED-12] a settlement books the handle and pays every winner, once': async ({
    books,
    player,
    bet,
    reserve,
    release,
    draw,
    settle,
    fence,
  }) => {
    const [ana, eva, leo] = [await player(1_000), await player(1_000), await player(1_000)]
    const before = await books.audit()
    const won = [bet(ana, 100), bet(ana, 50)] as const
    const withdrawn = bet(leo, 400)
    await reserve(...won, bet(eva, 300), withdrawn)
    await release(withdrawn)
    await draw()
    const asked = () =>
      settle(450, [
        [won[0], 3_600],
        [won[1], 100],
      ])
    const ended = await asked()
    expect(ended).toMatchObject({ balances: new Map([[ana, 4_550]]) })
    expect(await asked()).toEqual(ended)
    expect(await Promise.all(Array.from({ length: 10 }, asked))).toEqual(Array.from({ length: 10 }, () => ended))
    expect([await books.balanceOf(eva), await books.balanceOf(leo)]).toEqual([700, 1_000])
    const after = await books.audit()
    expect(after.escrowCents).toBe(before.escrowCents)
    expect(after.playersCents - before.playersCents).toBe(3_700 - 450)
    const facts = await books.latestRound(fence.tableId)
    expect(facts?.ended).toEqual({ how: 'settled', atMs: ended === 'fenced' ? 0 : ended.atMs, voidReason: null })
  },

  '[LED-12] the order of payouts makes no other settlement; any other difference does': async ({
    books,
    player,
    bet,
    reserve,
    draw,
    settle,
  }) => {
    const ana = await player(1_000)
    const [one, two] = [bet(ana, 100), bet(ana, 50)]
    await reserve(one, two)
    await draw()
    const ended = await settle(150, [
      [one, 200],
      [two, 100],
    ])
    expect(
      await settle(150, [
        [two, 100],
        [one, 200],
      ]),
    ).toEqual(ended)
    await expect(settle(150, [[one, 200]])).rejects.toThrow('LED-12')
    await expect(
      settle(150, [
        [one, 200],
        [two, 101],
      ]),
    ).rejects.toThrow('LED-12')
    await expect(
      settle(149, [
        [one, 200],
        [two, 100],
      ]),
    ).rejects.toThrow('LED-12')
    expect(await books.balanceOf(ana)).toBe(1_150)
  },

  '[LED-12] a settlement that the books cannot prove pays nobody': async ({
    books,
    player,
    bet,
    reserve,
    release,
    draw,
    settle,
  }) => {
    const [ana, eva] = [await player(1_000), await player(1_000)]
    const [held, back, poor] = [bet(ana, 100), bet(ana, 100), bet(ana, 5_000)]
    await expect(settle(0)).rejects.toThrow('LED-12')
    await reserve(held, back, poor)
    await release(back)
    await draw()
    await expect(settle(99, [[held, 200]])).rejects.toThrow('LED-12')
    await expect(settle(100, [[{ ...held, playerId: eva }, 200]])).rejects.toThrow('LED-12')
    await expect(settle(100, [[bet(ana, 100), 200]])).rejects.toThrow('LED-12')
    await expect(settle(100, [[back, 200]])).rejects.toThrow('LED-12')
    await expect(settle(100, [[poor, 200]])).rejects.toThrow('LED-12')
    await expect(
      settle(100, [
        [held, 200],
        [held, 200],
      ]),
    ).rejects.toThrow('LED-12')
    expect(await books.balanceOf(ana)).toBe(900)
    expect(await settle(100, [[held, 200]])).toMatchObject({ balances: new Map([[ana, 1_100]]) })
  },

  '[LED-12] payouts and stakes at another table at once keep every balance right': async ({
    books,
    player,
    bet,
    reserve,
    draw,
    settle,
  }) => {
    const other = await newScene(books)
    const players = await Promise.all(Array.from({ length: 10 }, () => player(1_000)))
    const bets = players.map((playerId) => bet(playerId, 100))
    await reserve(...bets)
    await draw()
    const staking = players.toReversed().map((playerId) => other.reserve(other.bet(playerId, 50)))
    const [ended] = await Promise.all([
      settle(
        1_000,
        bets.map((won) => [won, 300]),
      ),
      ...staking,
    ])
    expect(ended).not.toBe('fenced')
    expect(await Promise.all(players.map((playerId) => books.balanceOf(playerId)))).toEqual(players.map(() => 1_150))
  },

  '[LED-13] a void gives every held stake back once, and records reason, seed and outcome': async ({
    books,
    fence,
    opening,
    player,
    bet,
    reserve,
    release,
  }) => {
    const [ana, eva] = [await player(1_000), await player(1_000)]
    const withdrawn = bet(ana, 300)
    const held = bet(ana, 100)
    await reserve(held, bet(ana, 50), withdrawn, bet(eva, 10), bet(eva, 9_999))
    await release(withdrawn)
    const asked = () => books.voidRound(fence, opening.roundId, 'equipment-fault', DRAW)
    const voided = await asked()
    expect(voided).toMatchObject({
      balances: new Map([
        [ana, 1_000],
        [eva, 1_000],
      ]),
    })
    expect(await Promise.all([asked(), asked()])).toEqual([voided, voided])
    expect(await books.voidRound(fence, opening.roundId, 'draw-failed', OTHER_DRAW)).toEqual(voided)
    const facts = await books.latestRound(fence.tableId)
    expect(facts).toMatchObject({ draw: DRAW, ended: { how: 'void', voidReason: 'equipment-fault' } })
    expect(facts?.stakes.filter(({ fate }) => fate === 'reserved')).toEqual([])
    expect(fates(await reserve(held))).toEqual(['refused withdrawn'])
    expect(fates(await release(held))).toEqual(['released'])
    expect(fates(await reserve(bet(ana, 1)))).toEqual(['refused bets-closed'])
  },

  '[LED-13] a void beside stakes on their way leaves none of them held': async ({
    books,
    fence,
    opening,
    player,
    bet,
    reserve,
  }) => {
    const ana = await player(10_000)
    const asked = Array.from({ length: 40 }, () => reserve(bet(ana, 100)))
    await books.voidRound(fence, opening.roundId, 'operator-error', DRAW)
    await Promise.all(asked)
    expect(await books.balanceOf(ana)).toBe(10_000)
  },
}
