import { Packr, pack } from 'msgpackr'
import { text } from '../../rooms/testing-client.ts'

/** What an attacker knows of the table: its rounds, and bets that are not his. */
export type Target = {
  readonly roundId: string
  readonly foreignBets: readonly { betId: string; stakeCents: number }[]
}
/** A frame of a request, and what is wrong with it. */
export type Hostile = { readonly kind: string; readonly type: string; readonly payload: Uint8Array | null }

const RICH = new Packr({ structuredClone: true, moreTypes: true })
const STRAIGHT = { kind: 'straight', numbers: [17] }
const AMOUNTS: readonly unknown[] = [
  ...[-1, 0, -0, 0.5, 99, 99.99, 10_001, 1e15, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, Number.NaN],
  ...[Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 10n ** 18n, '100', '', null, true, [], [100], {}, undefined],
]
const SELECTIONS: readonly unknown[] = [
  ...[null, 1, 'red', [], {}, { kind: 'red', numbers: [1] }, { kind: 'RED' }, { kind: 'straight', numbers: [99] }],
  ...[{ kind: 'straight', numbers: [1.5] }, { kind: 'straight', numbers: Array(9_000).fill(1) }, { kind: '__proto__' }],
  ...[
    { kind: 'split', numbers: [1, 36] },
    { kind: 'dozen', index: Number.NaN },
    { kind: 'dozen', index: 4 },
  ],
  ...[{ kind: 'neighbours', of: 17, reach: 1e9 }, { kind: 'basket' }, { kind: 'straight', numbers: ['00'] }],
]
const STRANGE: readonly unknown[] = [
  ...[null, 0, -1, '', 'x', [], {}, true, 1e308, 'x'.repeat(5_000), '\0', '\ud800', '../../etc', "' or 1=1 --"],
]
const TYPES = ['steal', '', '*', '__proto__', 'constructor', 'toString', 'i5', 'public', 'private', 'x'.repeat(60)]

/** Random choices that a seed repeats (mulberry32). */
export class Dice {
  #state: number
  constructor(seed: number) {
    this.#state = seed
  }
  below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * n)
  }
  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T
  }
  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)))
  }
  uuid(): string {
    const hex = this.bytes(16).toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
  }
}

function nested(depth: number): Uint8Array {
  return Buffer.concat([Buffer.alloc(depth, 0x91), Buffer.of(1)])
}

function extension(dice: Dice): Uint8Array {
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  return dice.of([
    () => RICH.pack({ roundId: new Date(), bets: [new Set([1])] }),
    () => RICH.pack({ roundId: /(a+)+$/, bets: [new Error('x')] }),
    () => RICH.pack({ roundId: 'x', bets: [cycle, new Float64Array(9)] }),
    () => Buffer.of(0xd6, 0x70, 0, 0, 0, 9),
    () => Buffer.concat([Buffer.of(0xc7, 8, 0xff), dice.bytes(8)]),
    () => Buffer.concat([Buffer.of(0xd4, 0x72, 0x40, 0x9f), dice.bytes(60)]),
  ])()
}

type Make = (dice: Dice, target: Target) => Hostile
const request = (kind: string, type: string, value: unknown): Hostile => ({ kind, type, payload: pack(value) })
const bet = (kind: string, target: Target, over: object, roundId: unknown = target.roundId): Hostile =>
  request(kind, 'bet', { roundId, bets: [{ betId: '', selection: STRAIGHT, stakeCents: 500, ...over }] })

/** Each makes a message that must be refused whoever sends it, however much money he has. */
const MAKERS: readonly Make[] = [
  (dice, target) => bet('amount', target, { betId: dice.uuid(), stakeCents: dice.of(AMOUNTS) }),
  (dice, target) => bet('selection', target, { betId: dice.uuid(), selection: dice.of(SELECTIONS) }),
  (dice, target) =>
    bet('bet id', target, { betId: dice.of([...STRANGE, dice.uuid().toUpperCase(), `${dice.uuid()} `]) }),
  (dice, target) => {
    const rounds = [...STRANGE, 'lima.1.0', `${target.roundId}0`, 'hostile.1.999999', dice.uuid()]
    return bet('round id', target, { betId: dice.uuid() }, dice.of(rounds))
  },
  (dice, target) => {
    const { betId = 'none yet', stakeCents = 1 } = dice.of(target.foreignBets) ?? {}
    return bet("another's bet id", target, {
      betId,
      stakeCents: dice.of([stakeCents, stakeCents + 100]),
    })
  },
  (dice, target) => {
    const bets = Array.from({ length: 64 }, () => ({ betId: dice.uuid(), selection: null, stakeCents: 500 }))
    return request('64 bets', 'bet', { roundId: target.roundId, bets })
  },
  (dice, target) => {
    const betIds = [dice.uuid(), ...target.foreignBets.slice(-3).map(({ betId }) => betId)]
    return request("another's bets", 'withdraw', { roundId: target.roundId, betIds })
  },
  (dice, target) => request('withdraw', 'withdraw', { roundId: target.roundId, betIds: dice.of(STRANGE) }),
  (dice) => request('any value', dice.of(['bet', 'withdraw', 'resume', 'clock', 'contribute']), dice.of(STRANGE)),
  (dice) => request('versions', 'resume', { publicVersion: dice.of(STRANGE), privateVersion: -5 }),
  (dice) =>
    request('seed', 'contribute', {
      seed: dice.of(STRANGE.filter((value) => !/^[\x20-\x7e]{1,64}$/.test(String(value)) || typeof value !== 'string')),
    }),
  (dice) => ({ kind: 'depth', type: dice.of(['bet', 'clock']), payload: nested(1 + dice.below(12_000)) }),
  (dice) => ({ kind: 'extension types', type: dice.of(['bet', 'withdraw', 'clock']), payload: extension(dice) }),
  (dice) => ({ kind: 'random bytes', type: dice.of(['bet', 'resume']), payload: dice.bytes(1 + dice.below(80)) }),
  (dice) => ({ kind: 'nothing', type: dice.of(['bet', 'withdraw', 'clock']), payload: null }),
  (dice) => request('unknown type', dice.of(TYPES), dice.of(STRANGE)),
  (dice, target) => {
    const whole = bet('cut short', target, { betId: dice.uuid() })
    return { ...whole, payload: (whole.payload ?? Buffer.of()).subarray(0, 5 + dice.below(60)) }
  },
]

export function hostile(dice: Dice, target: Target): Hostile {
  return dice.of(MAKERS)(dice, target)
}

/** Only for players without money: bets that are right in everything else. */
export function penniless(dice: Dice, { roundId }: Target): Hostile {
  return request('no money', 'bet', { roundId, bets: [{ betId: dice.uuid(), selection: STRAIGHT, stakeCents: 500 }] })
}

/** A frame that is none, or too long, or has a head that is cut; it closes the connection. */
export function garbage(dice: Dice): Buffer {
  return dice.of([
    () => Buffer.concat([Buffer.of(dice.of([0, 1, 9, 11, 14, 15, 16, 17, 19, 20, 22, 31, 64, 255])), dice.bytes(20)]),
    () => Buffer.of(dice.of([13, 21])),
    () => Buffer.of(21, 0xce, 1),
    () => Buffer.concat([Buffer.of(13 | 0x80), text('bet')]),
    () => Buffer.concat([Buffer.of(13, 0xd9, 250), dice.bytes(30)]),
    () => Buffer.alloc(16 * 1024 + 1 + dice.below(5_000), 13),
    () => Buffer.alloc(0),
  ])()
}

/** The frame of a request with this id, or of a message without one. */
export function frameOf({ type, payload }: Hostile, id: number | null): Buffer {
  const head = id === null ? Buffer.of(13) : Buffer.of(21, 0xcd, id & 255, id >> 8)
  return Buffer.concat([head, text(type), payload ?? Buffer.of()])
}
