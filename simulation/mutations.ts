// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are pieces of other sources.
/**
 * One guard taken out of the real sources, as a change of text. `find` stands exactly once in `file`; otherwise the
 * list has rotted, and that is an error. The sweep must fail on every one of them.
 */
export type Mutation = {
  readonly guard: string
  readonly file: string
  readonly find: string
  readonly replace: string
  /** What goes wrong without the guard. */
  readonly why: string
  /** Of the cluster's worlds, those with this drill miss it soonest: they are played before all others. */
  readonly drill?: string
}

export const inFile = (file: string, mutations: readonly Omit<Mutation, 'file'>[]): Mutation[] =>
  mutations.map((mutation) => ({ file, ...mutation }))

const STEP = inFile('engine/round/step.ts', [
  {
    guard: 'no bets after the closing instant',
    find: "draft.phase === 'open' && atMs < draft.opening.closesAtMs",
    replace: "draft.phase === 'open'",
    why: 'The alarm is always a little late, and until it rings the phase is still open.',
  },
  {
    guard: 'a bet is withdrawn by its own player',
    find: 'bet === undefined || bet.playerId !== event.playerId',
    replace: 'bet === undefined',
    why: 'Anybody who learns an id takes chips off the felt for another.',
  },
  {
    guard: 'no withdrawal after the close',
    find: "if (!takesBets(draft, event.atMs)) return 'bets-closed'\n  setStatus",
    replace: 'setStatus',
    why: 'A player who sees that the ball is about to fall takes his bet back.',
  },
  {
    guard: 'a repeated bet has the same content',
    find: "typeof checked !== 'string' && sameBet(known, checked.bet) ? 'repeated' : 'bet-id-taken'",
    replace: "'repeated'",
    why: 'A player is told that a bet is accepted which nobody has booked.',
  },
  {
    guard: 'a draw wins over a void that it overtook',
    find: "(draft.phase !== 'closed' && !overtaken)",
    replace: "draft.phase !== 'closed'",
    why: 'The books have drawn, the round waits for a void that will never come.',
  },
  {
    guard: 'a drawn round is not voided',
    find: "if (draft.phase === 'drawn' || draft.phase === 'settled') return 'round-drawn'",
    replace: '',
    why: 'A round that has paid is shown as void.',
  },
  {
    guard: 'answers name their round',
    find: 'isStale(draft, roundId) ? undefined : draft.bets.get(betId)',
    replace: 'draft.bets.get(betId)',
    why: 'A late answer about a bet of an earlier round accepts a bet that uses its id again.',
  },
  {
    guard: 'the next round follows this one',
    find: "if (!draft.rested || event.afterRoundId !== draft.opening.roundId) return 'stale-event'",
    replace: "if (!draft.rested) return 'stale-event'",
    why: 'An answer heard again, a round later, takes the table back to a round that has ended.',
  },
  {
    guard: 'rest time',
    find: 'draft.rested || atMs < restsUntil',
    replace: 'draft.rested',
    why: 'A late alarm of the close opens the next round while the result still stands.',
  },
])

const LIMITS = inFile('engine/round/limits.ts', [
  {
    guard: 'minimum of a bet',
    find: "  if (bet.stakeCents < range.minCents) return 'below-minimum'\n",
    replace: '',
    why: 'Bets below the table minimum are taken.',
  },
  {
    guard: 'maximum of a kind of bet',
    find: "  if (bet.stakeCents > range.maxCents) return 'above-maximum'\n",
    replace: '',
    why: 'A compound bet is larger than its kind allows.',
  },
  {
    guard: 'minimum of a chip',
    find: "    if (part.stakeCents < most.minCents) return 'below-minimum'\n",
    replace: '',
    why: 'A compound bet lays chips that are too small for their places.',
  },
  {
    guard: 'maximum on a position',
    find: "    if (total > most.maxCents) return 'above-maximum'\n",
    replace: '',
    why: 'Many small bets of one player pile up on one place.',
  },
  {
    guard: 'maximum of a player',
    find: "  if (ownCents + bet.stakeCents > limits.perPlayerCents) return 'player-limit'\n",
    replace: '',
    why: 'One player has more at stake than he may.',
  },
  {
    guard: 'maximum of the table',
    find: "  if (round.atStakeCents + bet.stakeCents > limits.perTableCents) return 'table-limit'\n",
    replace: '',
    why: 'The house may owe more than it has agreed to.',
  },
  {
    guard: 'a stake counts until it is returned',
    find: "bet.status !== 'dead'",
    replace: "bet.status === 'reserving' || bet.status === 'accepted'",
    why: 'A withdrawal is forgotten in a crash, and its bet comes back on top of the bets that took its room.',
  },
])

const DUE = inFile('engine/round/due.ts', [
  {
    guard: 'no close while a stake is unresolved',
    find: "phase === 'closing' && !unresolved(round)",
    replace: "phase === 'closing'",
    why: 'A stake arrives between the digest and its recording, is taken by the house and paid by nobody.',
  },
  {
    guard: 'digest before draw',
    find: "if (phase === 'closed') effects.push({ id: `${roundId}:draw`",
    replace: "if (phase === 'closed' || phase === 'closing') effects.push({ id: `${roundId}:draw`",
    why: 'The ball is launched while the bets are not fixed.',
  },
  {
    guard: 'the digest is of accepted bets',
    find: 'betDigest: betDigest(acceptedBets(round))',
    replace: 'betDigest: betDigest(round.bets.values())',
    why: 'Refused and withdrawn bets are published as if they had been played.',
  },
  {
    guard: 'only accepted bets are settled',
    find: 'return acceptedBets(round)\n    .map(',
    replace: 'return [...round.bets.values()]\n    .map(',
    why: 'A bet that was refused or withdrawn wins.',
  },
  {
    guard: 'the next round waits for the rest',
    find: 'round.rested\n        ?',
    replace: 'round.rested || restsUntil !== null\n        ?',
    why: 'The next round is opened in the books while the result still stands.',
  },
])

const REBUILD = inFile('engine/round/rebuild.ts', [
  {
    guard: 'stakes come from the books',
    find: '  for (const stake of facts.stakes) bets.set(stake.bet.betId, provedBet(stake, known, facts))\n',
    replace: '',
    why: 'Stakes of the last owner are taken by the house and paid by nobody.',
  },
  {
    guard: 'the hot copy is only a hint',
    find: '  const phase = provedPhase(known, facts)\n',
    replace: '  if (known !== null) return known\n  const phase = provedPhase(known, facts)\n',
    why: 'An old copy knows nothing of later stakes.',
  },
  {
    guard: 'the draw comes from the books',
    find: '    draw: facts.draw,\n',
    replace: '    draw: known?.draw ?? null,\n',
    why: 'A drawn round has no draw to pay by.',
  },
  {
    guard: 'no bets from the hot copy after the close is recorded',
    find: 'known !== null && facts.betDigest === null && facts.ended === null',
    replace: 'known !== null && facts.ended === null',
    why: 'A ghost of an old copy holds up a round whose bets are fixed.',
  },
  {
    guard: 'no withdrawal from the hot copy after the close is recorded',
    find: "facts.betDigest === null && asked?.status === 'releasing'",
    replace: "asked?.status === 'releasing'",
    why: 'A bet that is part of the digest is taken back, or holds up its round for ever.',
  },
  {
    guard: 'a withdrawal is of the same bet',
    find: ' && sameBet(asked, proved)',
    replace: '',
    why: 'An old copy takes back the bet of another player under the same id.',
  },
  {
    guard: 'bets from the hot copy fit the limits',
    find: "round.phase === 'open' && fits(round, asked)",
    replace: "round.phase === 'open'",
    why: 'Bets of a copy that a zombie left are added to those of another owner.',
  },
])

const TABLES = [
  ...inFile('server/tables/table-ports.ts', [
    {
      guard: 'the epoch is raised before the books are read',
      find:
        '    const lease: Lease = { tableId, epoch: await claim(tableId) }\n' +
        '    const taking = new AbortController()\n' +
        '    this.#taking.set(tableId, taking)\n' +
        "    crashPoint('takeover.claimed')\n" +
        '    const proved = async (): Promise<Round> => {\n' +
        '      const facts = (await books.latestRound(tableId)) ??',
      replace:
        '    const read = await books.latestRound(tableId)\n' +
        '    const lease: Lease = { tableId, epoch: await claim(tableId) }\n' +
        '    const taking = new AbortController()\n' +
        '    this.#taking.set(tableId, taking)\n' +
        '    const proved = async (): Promise<Round> => {\n' +
        '      const facts = read ??',
      why: 'The last owner still posts after the new one has read.',
    },
  ]),
  ...inFile('server/tables/table-effects.ts', [
    {
      guard: 'an opening is looked for before it is made again',
      find: 'latest !== null && latest.opening.roundId !== afterRoundId',
      replace: 'latest === null && afterRoundId !== null',
      why: 'After a lost answer the owner tries to open the round after the next one, for ever.',
    },
  ]),
  ...inFile('server/tables/effect-runner.ts', [
    {
      guard: 'effects are asked for again',
      find: '        await sleep(retryDelayMs(attempts), this.#abort.signal)\n',
      replace: "        return 'gone'\n",
      why: 'An answer that was lost stops the table.',
    },
    {
      guard: 'a fenced owner stops',
      find: "        if (outcome === 'fenced') ended('lost')\n        else if",
      replace: '        if',
      why: 'A table is run by a node that may post nothing, and nobody else takes over.',
    },
  ]),
]

const BOOKS = inFile('simulation/memory-ledger.ts', [
  {
    guard: 'every take-over raises the epoch',
    find: 'const epoch = (this.#epochs.get(tableId) ?? 0) + 1',
    replace: 'const epoch = this.#epochs.get(tableId) ?? 1',
    why: 'Two owners hold the same right, and nobody can tell them apart.',
  },
  {
    guard: 'fence',
    find: 'return this.#epochs.get(tableId) !== epoch',
    replace: 'return this.#epochs.get(tableId) !== epoch && epoch < 0',
    why: 'A paused node that wakes up posts as if it still ran the table.',
  },
  {
    guard: 'a stake is taken once',
    find: "return known.outcome === 'posted' ? null : known.outcome",
    replace: "if (known.outcome !== 'posted') return known.outcome",
    why: 'A repeat after a lost answer takes the stake twice.',
  },
  {
    guard: 'a refused stake stays refused',
    find: "return known.outcome === 'posted' ? null : known.outcome",
    replace: "if (known.outcome === 'posted') return null",
    why: 'A late repeat, after a deposit, takes a stake that the player was told is refused.',
  },
  {
    guard: 'a released stake stays released',
    find: "      if (known.outcome === 'withdrawn' || known.released) return 'withdrawn'\n",
    replace: "      if (known.outcome === 'withdrawn' || known.released) this.#stakes.delete(bet.betId)\n",
    why: 'A late reservation takes a stake again after it went back.',
  },
  {
    guard: 'tombstone',
    find: "      this.#keep(roundId, bet, 'withdrawn')\n",
    replace: '',
    why: 'A reservation that arrives after its release is taken by the house and paid by nobody.',
  },
  {
    guard: 'one bet for one id: reservation',
    find: "if (known.content !== contentOf(roundId, bet)) return 'bet-id-taken'",
    replace: '',
    why: 'An id of an earlier round passes for a stake of this one.',
  },
  {
    guard: 'one bet for one id: release',
    find: "if (known.content !== contentOf(roundId, bet)) return { held: false, refusal: 'bet-id-taken' }",
    replace: '',
    why: 'Withdrawing a bet with an id of an earlier round moves the stake of that one.',
  },
  {
    guard: 'a stake goes back once',
    find: "if (known.outcome === 'withdrawn' || known.released) return { held: false, refusal: null }",
    replace: "if (known.outcome === 'withdrawn') return { held: false, refusal: null }",
    why: 'A repeated release pays twice.',
  },
  {
    guard: 'no account below zero',
    find: "return balance < bet.stakeCents ? 'insufficient-funds' : null",
    replace: 'return null',
    why: 'A player bets money that he has not.',
  },
  {
    guard: 'the first draw stands',
    find: 'if (round.draw === null) round.draw = draw',
    replace: 'round.draw = draw',
    why: 'A draw asked for again replaces what the table has seen.',
  },
  {
    guard: 'a drawn round cannot be voided in the books',
    find: '      if (round.draw !== null) return { drawn: round.draw }\n',
    replace: '',
    why: 'An operator takes a result back.',
  },
  {
    guard: 'a void round cannot be drawn in the books',
    find: "if (round.ended?.how === 'void') return 'void'",
    replace: '',
    why: 'A draw that crosses a void is shown though every stake went back.',
  },
  {
    guard: 'a round is settled once',
    find: '    if (round.settlement !== null) {\n',
    replace: "    if (round.settlement === '') {\n",
    why: 'A repeat after a lost answer pays every winner twice.',
  },
  {
    guard: 'a void refunds once',
    find: "if (round.ended?.how !== 'void') {",
    replace: "if (round.ended?.how !== 'void' || round.draw !== null) {",
    why: 'A repeated void ends the round once more.',
  },
  {
    guard: 'a void gives every stake back',
    find: '      for (const stake of this.#held(roundId)) this.#giveBack(stake, round)\n',
    replace: '',
    why: 'The stakes of a void round stay with the house.',
  },
])

export const MUTATIONS: readonly Mutation[] = [...STEP, ...LIMITS, ...DUE, ...REBUILD, ...TABLES, ...BOOKS]
