import type pg from 'pg'
import { assert } from '../../engine/assert.ts'
import { canonicalJson } from '../../engine/fairness/encoding.ts'
import { toCents } from '../../engine/money.ts'
import type { Refusal } from '../../engine/round/types.ts'
import type { AccountIds } from './account-ids.ts'
import type { StakeAnswer, StakeRequest } from './books.ts'
import { assertUuid, BooksOutOfReach, posting } from './out-of-reach.ts'

export type StakeKind = 'reserve' | 'release'
type Verdict = readonly [verdict: string, balanceCents: number | null]

/** A repeat meets another's uncommitted row at most once each time, so a few passes are plenty. */
const PASSES = 4
const MAX_TEXT = 4096

/** The canonical text of each checked request's selection, so that a request is checked and written once. */
const checkedSelections = new WeakMap<StakeRequest, string>()

/**
 * Errors: throws when a request could not be written as a row; one such request in a batch would fail all the others,
 * so whoever gathers batches asks this first.
 */
export function assertStakeRequest(request: StakeRequest): void {
  if (checkedSelections.has(request)) return
  const { roundId, bet } = request
  assertUuid(bet.betId)
  toCents(bet.stakeCents)
  assert(bet.stakeCents > 0, 'LED-1: a stake is a positive amount')
  const selection = canonicalJson(bet.selection)
  assert(
    isShort(roundId) && isShort(bet.playerId) && isShort(selection),
    'LED-4: names and selections are short texts without zero characters',
  )
  checkedSelections.set(request, selection)
}

function isShort(text: string): boolean {
  return text.length <= MAX_TEXT && !text.includes('\0')
}

/**
 * Asks for many stakes at once and answers each in its place; see `Books.reserve` and `Books.release`. What one call of
 * the fast path leaves over is a second commit: whoever loses the answer asks again, as after any lost reply.
 */
export async function askStakes(
  pool: pg.Pool,
  accounts: AccountIds,
  kind: StakeKind,
  requests: readonly StakeRequest[],
): Promise<StakeAnswer[]> {
  const words = new Array<string>(requests.length)
  const balances = new Map<string, number | null>()
  for (const wave of waves(requests)) {
    const note = (left: readonly Asked[], verdicts: readonly Verdict[]): void => {
      for (const [i, { at, request }] of left.entries()) {
        const [word, balance] = verdicts[i] ?? []
        assert(word !== undefined && balance !== undefined, 'LED-8: every request has its answer')
        words[at] = word
        if (word !== 'fenced') balances.set(request.bet.playerId, balance)
      }
    }
    await (kind === 'reserve' ? reserveWave(pool, accounts, wave, note) : releaseWave(pool, wave, note))
  }
  return requests.map((request, i) => answerOf(kind, request, words[i], balances))
}

/** Writes down what some of the requests were answered, over what they had been answered before. */
type Note = (asked: readonly Asked[], verdicts: readonly Verdict[]) => void

type Asked = { readonly at: number; readonly request: StakeRequest }

/** The requests in order, cut where a bet id comes again: within one statement an id must not meet itself. */
function waves(requests: readonly StakeRequest[]): Asked[][] {
  const cut: Asked[][] = []
  let wave: Asked[] = []
  const seen = new Set<string>()
  for (const [at, request] of requests.entries()) {
    if (seen.has(request.bet.betId)) {
      cut.push(wave)
      wave = []
      seen.clear()
    }
    seen.add(request.bet.betId)
    wave.push({ at, request })
  }
  if (wave.length > 0) cut.push(wave)
  return cut
}

async function reserveWave(pool: pg.Pool, accountIds: AccountIds, wave: readonly Asked[], note: Note): Promise<void> {
  const batch = new StakeColumns(wave)
  const accounts = await accountIds.of(batch.players())
  const { rows } = await posting(() =>
    pool.query<{ verdicts: string; balances: (number | null)[] }>({
      name: 'ledger_reserve',
      text: 'select verdicts, balances from ledger_reserve($1, $2, $3, $4, $5, $6, $7, $8, $9)',
      values: [...batch.columns(accounts), `{${accounts.map((id) => id ?? 'null').join(',')}}`],
    }),
  )
  const answer = rows[0]
  assert(answer !== undefined, 'LED-8: a batch has its answer')
  const verdicts = answer.verdicts.split(',').map((verdict, i): Verdict => [verdict, answer.balances[i] ?? null])
  note(wave, verdicts)
  await askLeftOver(wave, verdicts, note, (left) =>
    call(
      pool,
      'ledger_reserve_in_order',
      'select verdict, balance from ledger_reserve_in_order($1, $2, $3, $4, $5, $6, $7, $8)',
      new StakeColumns(left).columns(),
    ),
  )
}

async function releaseWave(pool: pg.Pool, wave: readonly Asked[], note: Note): Promise<void> {
  const release = (asked: readonly Asked[]): Promise<Verdict[]> =>
    call(
      pool,
      'ledger_release',
      'select verdict, balance from ledger_release($1, $2, $3, $4, $5, $6, $7, $8)',
      new StakeColumns(asked).columns(),
    )
  const verdicts = await release(wave)
  note(wave, verdicts)
  await askLeftOver(wave, verdicts, note, release)
}

/** Asks once more for what was answered 'again', and notes the answers. */
async function askLeftOver(
  wave: readonly Asked[],
  verdicts: readonly Verdict[],
  note: Note,
  ask: (left: readonly Asked[]) => Promise<Verdict[]>,
): Promise<void> {
  let left = again(wave, verdicts)
  for (let pass = 1; left.length > 0; pass++) {
    if (pass > PASSES) throw new BooksOutOfReach('stakes were asked for by too many at once')
    const next = await ask(left)
    note(left, next)
    left = again(left, next)
  }
}

function again(asked: readonly Asked[], verdicts: readonly Verdict[]): readonly Asked[] {
  return asked.filter((_, i) => verdicts[i]?.[0] === 'again')
}

async function call(pool: pg.Pool, name: string, text: string, values: unknown[]): Promise<Verdict[]> {
  const { rows } = await posting(() => pool.query<Verdict[]>({ name, text, values, rowMode: 'array' }))
  return rows as unknown as Verdict[]
}

/** A batch as columns: one place for each round under its epoch, one element for each request. */
class StakeColumns {
  readonly #tables: string[] = []
  readonly #epochs: number[] = []
  readonly #rounds: string[] = []
  readonly #places: number[] = []
  readonly #bets: string[] = []
  readonly #players: string[] = []
  readonly #cents: number[] = []
  readonly #selections: string[] = []

  constructor(wave: readonly Asked[]) {
    const placeOf = new Map<string, number>()
    for (const { request } of wave) {
      const { tableId, epoch, roundId, bet } = request
      const key = `${epoch} ${roundId} ${tableId}`
      let place = placeOf.get(key)
      if (place === undefined) {
        place = this.#rounds.length + 1
        placeOf.set(key, place)
        this.#tables.push(tableId)
        this.#epochs.push(epoch)
        this.#rounds.push(roundId)
      }
      this.#places.push(place)
      this.#bets.push(bet.betId)
      this.#players.push(bet.playerId)
      this.#cents.push(bet.stakeCents)
      this.#selections.push(checkedSelections.get(request) ?? canonicalJson(bet.selection))
    }
  }

  /** Where the account is known, the player's name is left out: it would only be carried along. */
  columns(accounts: readonly (number | null)[] = []): unknown[] {
    const plain = (values: readonly (number | string)[]): string => `{${values.join(',')}}`
    return [
      this.#tables,
      plain(this.#epochs),
      this.#rounds,
      plain(this.#places),
      plain(this.#bets),
      this.#players.map((playerId, i) => (typeof accounts[i] === 'number' ? '' : playerId)),
      plain(this.#cents),
      this.#selections,
    ]
  }

  players(): readonly string[] {
    return this.#players
  }
}

function answerOf(
  kind: StakeKind,
  { bet }: StakeRequest,
  word: string | undefined,
  balances: ReadonlyMap<string, number | null>,
): StakeAnswer {
  assert(word !== undefined, 'LED-8: every request has its answer')
  const { betId } = bet
  const balance = balances.get(bet.playerId) ?? null
  const balanceCents = balance === null ? null : toCents(balance)
  if (word === 'fenced') return { betId, fate: 'fenced', refusal: null, balanceCents: null }
  if (kind === 'reserve') {
    if (word === 'posted') return { betId, fate: 'reserved', refusal: null, balanceCents }
    return { betId, fate: 'refused', refusal: word as Refusal, balanceCents }
  }
  if (word === 'released' || word === 'withdrawn') return { betId, fate: 'released', refusal: null, balanceCents }
  if (word === 'held') return { betId, fate: 'reserved', refusal: 'bets-closed', balanceCents }
  return { betId, fate: 'released', refusal: word as Refusal, balanceCents }
}
