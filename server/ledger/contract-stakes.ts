import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { type ContractTests, cents, DRAW, fates, newScene, openingOf } from './contract.ts'

/** The part of the contract that is about stakes, grants and accounts. */
export const stakeContract: ContractTests = {
  '[LED-1] a stake moves from the player to the table, and back when it is released': async ({
    books,
    player,
    bet,
    reserve,
    release,
  }) => {
    const ana = await player(500)
    const before = await books.audit()
    const staked = bet(ana, 300)
    expect(await reserve(staked)).toEqual([{ betId: staked.betId, fate: 'reserved', refusal: null, balanceCents: 200 }])
    const during = await books.audit()
    expect(during.escrowCents - before.escrowCents).toBe(300)
    expect(during.playersCents - before.playersCents).toBe(-300)
    expect(await release(staked)).toEqual([{ betId: staked.betId, fate: 'released', refusal: null, balanceCents: 500 }])
    expect(await books.audit()).toEqual(before)
  },

  '[LED-1] amounts that are no positive whole number of cents are broken invariants': async ({
    books,
    player,
    bet,
    reserve,
  }) => {
    const ana = await player(500)
    for (const amount of [0, -5]) {
      await expect(reserve(bet(ana, amount))).rejects.toThrow('LED-1')
      await expect(books.grant(randomUUID(), ana, cents(amount), 'test')).rejects.toThrow('LED-15')
    }
    expect(await books.balanceOf(ana)).toBe(500)
  },

  '[LED-4] the same stake asked again is answered again, and taken once': async ({
    books,
    player,
    bet,
    reserve,
    release,
  }) => {
    const ana = await player(500)
    const staked = bet(ana, 300)
    for (let turn = 0; turn < 3; turn++) {
      expect(await reserve(staked)).toMatchObject([{ fate: 'reserved', refusal: null, balanceCents: 200 }])
    }
    for (let turn = 0; turn < 3; turn++) expect(await release(staked)).toMatchObject([{ balanceCents: 500 }])
    expect(await books.balanceOf(ana)).toBe(500)
  },

  '[LED-4] a bet id with any other content is refused, and neither bet is harmed': async ({
    books,
    player,
    bet,
    request,
    reserve,
    release,
  }) => {
    const [ana, eva] = [await player(500), await player(500)]
    const staked = bet(ana, 300)
    await reserve(staked)
    const elsewhere = await newScene(books)
    const others = [
      request({ ...staked, stakeCents: cents(299) }),
      request({ ...staked, playerId: eva }),
      request({ ...staked, playerId: 'nobody' }),
      request({ ...staked, selection: { kind: 'straight', numbers: [18] } }),
      elsewhere.request(staked),
    ]
    for (const other of others) {
      expect(fates(await books.reserve([other]))).toEqual(['refused bet-id-taken'])
      expect(fates(await books.release([other]))).toEqual(['released bet-id-taken'])
    }
    expect(await books.balanceOf(ana)).toBe(200)
    expect(await books.balanceOf(eva)).toBe(500)
    expect(fates(await release(staked))).toEqual(['released'])
  },

  '[LED-4] the order of the keys in a selection makes no other content': async ({ player, bet, reserve }) => {
    const staked = bet(await player(500), 100)
    await reserve({ ...staked, selection: { kind: 'split', numbers: [1, 2] } })
    expect(fates(await reserve({ ...staked, selection: { numbers: [1, 2], kind: 'split' } }))).toEqual(['reserved'])
  },

  '[LED-5] a stake refused for want of money stays refused when money has come': async ({
    books,
    player,
    bet,
    reserve,
    release,
  }) => {
    const ana = await player(100)
    const staked = bet(ana, 300)
    expect(await reserve(staked)).toMatchObject([{ fate: 'refused', refusal: 'insufficient-funds', balanceCents: 100 }])
    await books.grant(randomUUID(), ana, cents(1_000), 'test')
    expect(await reserve(staked)).toMatchObject([{ refusal: 'insufficient-funds', balanceCents: 1_100 }])
    expect(fates(await release(staked))).toEqual(['released insufficient-funds'])
    expect(await books.balanceOf(ana)).toBe(1_100)
  },

  '[LED-5] a release that overtakes its stake leaves a tombstone': async ({ books, player, bet, reserve, release }) => {
    const ana = await player(500)
    const staked = bet(ana, 300)
    expect(await release(staked)).toMatchObject([{ fate: 'released', refusal: null, balanceCents: 500 }])
    expect(fates(await reserve(staked))).toEqual(['refused withdrawn'])
    expect(fates(await release(staked))).toEqual(['released'])
    expect(fates(await reserve({ ...staked, stakeCents: cents(1) }))).toEqual(['refused bet-id-taken'])
    expect(await books.balanceOf(ana)).toBe(500)
  },

  '[LED-5] a stake that was given back cannot be staked again': async ({ books, player, bet, reserve, release }) => {
    const ana = await player(500)
    const staked = bet(ana, 300)
    await reserve(staked)
    await release(staked)
    expect(fates(await reserve(staked))).toEqual(['refused withdrawn'])
    expect(await books.balanceOf(ana)).toBe(500)
  },

  '[LED-6] an old epoch, a coming one and an unknown table can neither stake nor release': async ({
    books,
    tableId,
    fence,
    player,
    bet,
    request,
    reserve,
  }) => {
    const ana = await player(500)
    const held = bet(ana, 100)
    await reserve(held)
    expect(await books.raiseEpoch(tableId)).toBe(fence.epoch + 1)
    const strangers = [fence, { tableId, epoch: fence.epoch + 2 }, { tableId: 'no-such-table', epoch: 1 }]
    for (const stranger of strangers) {
      expect(await books.reserve([request(bet(ana, 100), stranger)])).toMatchObject([
        { fate: 'fenced', refusal: null, balanceCents: null },
      ])
      expect(fates(await books.release([request(held, stranger)]))).toEqual(['fenced'])
    }
    expect(await books.balanceOf(ana)).toBe(400)
  },

  '[LED-6] a take-over beside stakes on their way: every stake answered `reserved` was there to be read': async ({
    books,
    tableId,
    fence,
    player,
    bet,
    request,
  }) => {
    const ana = await player(100_000)
    let epoch = fence.epoch
    for (let turn = 0; turn < 10; turn++) {
      const as = { tableId, epoch }
      // Fewer than a pool's connections, and all for one account's row, so that some wait for it during the take-over.
      const asked = Array.from({ length: 7 }, () => books.reserve([request(bet(ana, 100), as)]))
      epoch = await books.raiseEpoch(tableId)
      const read = await books.latestRound(tableId)
      const answers = (await Promise.all(asked)).flat()
      const held = new Set(read?.stakes.map((stake) => stake.bet.betId))
      for (const { betId, fate } of answers) expect([fate, held.has(betId)]).toEqual([fate, fate === 'reserved'])
    }
  },

  '[LED-7] parallel batches that fit only in part are each judged by what the others left': async ({
    books,
    player,
    bet,
    reserve,
  }) => {
    const ana = await player(1_000)
    const asked = Array.from({ length: 30 }, () => reserve(bet(ana, 130), bet(ana, 120), bet(ana, 7)))
    const taken = (await Promise.all(asked)).flatMap((answers) =>
      answers.map(({ fate }, i) => (fate === 'reserved' ? ([130, 120, 7][i] ?? 0) : 0)),
    )
    const left = 1_000 - taken.reduce((sum, stakeCents) => sum + stakeCents, 0)
    expect(await books.balanceOf(ana)).toBe(left)
    expect(left).toBeLessThan(7)
  },

  '[LED-7] two hundred parallel stakes on one account take what is there and not a cent more': async ({
    books,
    player,
    bet,
    reserve,
  }) => {
    const ana = await player(1_000)
    const answers = await Promise.all(Array.from({ length: 200 }, () => reserve(bet(ana, 30))))
    const reserved = answers.flat().filter(({ fate }) => fate === 'reserved')
    expect(reserved).toHaveLength(33)
    for (const { balanceCents } of reserved) expect((balanceCents ?? -1) % 30).toBe(10)
    expect(await books.balanceOf(ana)).toBe(10)
  },

  '[LED-7] the same stake from two hundred at once is taken once': async ({ books, player, bet, reserve }) => {
    const ana = await player(1_000)
    const staked = bet(ana, 400)
    const answers = await Promise.all(Array.from({ length: 200 }, () => reserve(staked)))
    expect(new Set(fates(answers.flat()))).toEqual(new Set(['reserved']))
    expect(await books.balanceOf(ana)).toBe(600)
  },

  "[LED-7] one bet id from many players at once is one player's": async ({ books, player, bet, reserve }) => {
    const players = await Promise.all(Array.from({ length: 12 }, () => player(100)))
    const ids = Array.from({ length: 6 }, () => randomUUID())
    const asked = players.map((playerId, i) =>
      // Every other one asks in the opposite order, so that the rows meet crosswise.
      reserve(...(i % 2 === 0 ? ids : ids.toReversed()).map((betId) => bet(playerId, 10, betId))),
    )
    const answers = (await Promise.all(asked)).flat()
    expect(answers.filter(({ fate }) => fate === 'reserved')).toHaveLength(ids.length)
    expect(answers.filter(({ refusal }) => refusal === 'bet-id-taken')).toHaveLength(ids.length * 11)
    const left = await Promise.all(players.map((playerId) => books.balanceOf(playerId)))
    expect(left.reduce<number>((sum, balance) => sum + (balance ?? 0), 0)).toBe(1_200 - 60)
  },

  '[LED-8] each stake of a batch has its own verdict, in order, and a refused one takes no room': async ({
    books,
    player,
    bet,
    reserve,
  }) => {
    const [ana, eva] = [await player(500), await player(100)]
    const answers = await reserve(
      bet(ana, 400),
      bet(ana, 200),
      bet(ana, 100),
      bet('nobody', 1),
      bet(eva, 100),
      bet(ana, 1),
    )
    expect(fates(answers)).toEqual([
      'reserved',
      'refused insufficient-funds',
      'reserved',
      'refused account-blocked',
      'reserved',
      'refused insufficient-funds',
    ])
    expect(await books.balanceOf(ana)).toBe(0)
    expect(await books.balanceOf(eva)).toBe(0)
  },

  "[LED-8] one id twice in a batch is one stake, or the second is another's": async ({
    books,
    player,
    bet,
    reserve,
    release,
  }) => {
    const ana = await player(500)
    const staked = bet(ana, 200)
    const fresh = bet(ana, 100)
    expect(fates(await reserve(staked, staked, { ...staked, stakeCents: cents(100) }, fresh))).toEqual([
      'reserved',
      'reserved',
      'refused bet-id-taken',
      'reserved',
    ])
    expect(fates(await release(staked, staked, fresh))).toEqual(['released', 'released', 'released'])
    expect(await books.balanceOf(ana)).toBe(500)
  },

  "[LED-8] a batch across tables answers each by its own table's right": async (here) => {
    const there = await newScene(here.books)
    const ana = await here.player(500)
    await here.books.raiseEpoch(there.tableId)
    const closed = await newScene(here.books)
    await closed.draw()
    const answers = await here.books.reserve([
      here.request(here.bet(ana, 100)),
      there.request(here.bet(ana, 100)),
      closed.request(here.bet(ana, 100)),
      { ...here.request(here.bet(ana, 100)), roundId: there.opening.roundId },
    ])
    expect(fates(answers)).toEqual(['reserved', 'fenced', 'refused bets-closed', 'refused bets-closed'])
    expect(await here.books.reserve([])).toEqual([])
    expect(await here.books.release([])).toEqual([])
  },

  '[LED-14] a player without an account is refused, also after opening one': async ({
    books,
    bet,
    reserve,
    release,
  }) => {
    const stranger = `p-${randomUUID()}`
    expect(await books.balanceOf(stranger)).toBeNull()
    const staked = bet(stranger, 100)
    expect(await reserve(staked)).toMatchObject([{ fate: 'refused', refusal: 'account-blocked', balanceCents: null }])
    await books.openAccount(stranger)
    await books.openAccount(stranger)
    expect(await books.balanceOf(stranger)).toBe(0)
    await books.grant(randomUUID(), stranger, cents(500), 'test')
    expect(fates(await reserve(staked))).toEqual(['refused account-blocked'])
    expect(fates(await release(staked))).toEqual(['released account-blocked'])
    await books.openAccount(stranger)
    expect(await books.balanceOf(stranger)).toBe(500)
  },

  '[LED-5] a tombstone of a player without an account holds when he has one': async ({
    books,
    bet,
    reserve,
    release,
  }) => {
    const stranger = `p-${randomUUID()}`
    const staked = bet(stranger, 100)
    expect(fates(await release(staked))).toEqual(['released'])
    await books.openAccount(stranger)
    await books.grant(randomUUID(), stranger, cents(500), 'test')
    expect(fates(await reserve(staked))).toEqual(['refused withdrawn'])
  },

  '[LED-15] a grant is credited once; its id with other content is taken; an unknown player gets none': async ({
    books,
    player,
  }) => {
    const [ana, eva] = [await player(0), await player(0)]
    const id = randomUUID()
    expect(await books.grant(id, ana, cents(500), 'welcome')).toEqual({ balanceCents: 500 })
    expect(await books.grant(id, ana, cents(500), 'welcome')).toEqual({ balanceCents: 500 })
    expect(await books.grant(id, ana, cents(501), 'welcome')).toBe('grant-id-taken')
    expect(await books.grant(id, eva, cents(500), 'welcome')).toBe('grant-id-taken')
    expect(await books.grant(id, ana, cents(500), 'again')).toBe('grant-id-taken')
    const late = randomUUID()
    expect(await books.grant(late, 'nobody', cents(500), 'x')).toBe('unknown-account')
    expect(await books.grant(late, ana, cents(500), 'x')).toBe('grant-id-taken')
    expect(await books.balanceOf(ana)).toBe(500)
  },

  '[LED-15] the same grant from fifty at once is credited once': async ({ books, player }) => {
    const ana = await player(0)
    const id = randomUUID()
    const answers = await Promise.all(Array.from({ length: 50 }, () => books.grant(id, ana, cents(70), 'x')))
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(new Set(['{"balanceCents":70}']))
  },

  '[LED-16] the books prove every stake with its bet and its fate': async ({
    books,
    tableId,
    opening,
    player,
    bet,
    reserve,
    release,
  }) => {
    const ana = await player(500)
    const bets = { held: bet(ana, 100), back: bet(ana, 100), never: bet(ana, 10), poor: bet(ana, 900) }
    await reserve(bets.held, bets.back, bets.poor)
    await release(bets.back, bets.never)
    const facts = await books.latestRound(tableId)
    expect(facts).toMatchObject({ opening, betDigest: null, draw: null, ended: null })
    const byId = new Map(facts?.stakes.map((stake) => [stake.bet.betId, stake]))
    expect(byId.size).toBe(4)
    expect(byId.get(bets.held.betId)).toEqual({ bet: bets.held, fate: 'reserved', refusal: null })
    expect(byId.get(bets.back.betId)).toEqual({ bet: bets.back, fate: 'released', refusal: null })
    expect(byId.get(bets.never.betId)).toEqual({ bet: bets.never, fate: 'released', refusal: null })
    expect(byId.get(bets.poor.betId)).toEqual({ bet: bets.poor, fate: 'refused', refusal: 'insufficient-funds' })
    expect(await books.latestRound('no-such-table')).toBeNull()
  },

  '[LED-9] a round that nobody opened takes no stake, and its refusal stands when it is opened': async ({
    books,
    fence,
    player,
    bet,
    settle,
    draw,
  }) => {
    const ana = await player(500)
    const next = openingOf(fence.tableId, 1)
    const early = { ...fence, roundId: next.roundId, bet: bet(ana, 100) }
    expect(fates(await books.reserve([early]))).toEqual(['refused bets-closed'])
    await draw()
    await settle(0)
    expect(await books.openRound(fence, next)).toBe('opened')
    expect(fates(await books.reserve([early]))).toEqual(['refused bets-closed'])
    expect(await books.voidRound(fence, next.roundId, 'operator-error', DRAW)).toMatchObject({ balances: new Map() })
  },
}
