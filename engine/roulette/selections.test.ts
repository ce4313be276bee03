import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json } from '../game.ts'
import { toCents } from '../money.ts'
import { allSelections, betKinds, offeredBet, parts, readSelection } from './bets.ts'
import { ROULETTE_VARIANTS, readRules, variantOf } from './rules.ts'

const { european, american } = ROULETTE_VARIANTS
const variants = Object.values(ROULETTE_VARIANTS)
const anyRules = fc.constantFrom(...variants)
const kinds = [...new Set(variants.flatMap((rules) => allSelections(rules).map(({ kind }) => kind)))]

/** Values near a real selection: right kinds, right fields, wrong contents now and then. */
const pocket = fc.oneof(fc.integer({ min: -1, max: 38 }), fc.constantFrom('00', '0', -0, 1.5, 1e21, null))
const nearSelection = fc
  .record(
    {
      kind: fc.oneof(fc.constantFrom(...kinds), fc.constantFrom('__proto__', 'constructor', 'even-chance', '')),
      numbers: fc.oneof(fc.array(pocket, { maxLength: 8 }), pocket),
      index: pocket,
      of: pocket,
      reach: pocket,
      digit: pocket,
      extra: fc.jsonValue(),
    },
    { requiredKeys: ['kind'] },
  )
  .map((value) => value as unknown)

describe('selections', () => {
  test('[ROU-15] every selection of every table reads as itself, to the byte, and each is listed once', () => {
    for (const rules of variants) {
      const texts = allSelections(rules).map((selection) => JSON.stringify(selection))
      expect(new Set(texts).size).toBe(texts.length)
      for (const text of texts) expect(JSON.stringify(readSelection(rules, JSON.parse(text)))).toBe(text)
    }
    // 157 places + 4 announced + 37 * 5 neighbours + 10 finales; 161 places + 38 * 5 neighbours.
    expect(allSelections(european)).toHaveLength(157 + 4 + 185 + 10)
    expect(allSelections(american)).toHaveLength(161 + 190)
  })

  test('[ROU-15] numbers in any order and keys in any order read as the one canonical form', () => {
    const canonical = '{"kind":"corner","numbers":[1,2,4,5]}'
    for (const numbers of [
      [5, 4, 2, 1],
      [2, 5, 1, 4],
    ])
      expect(JSON.stringify(readSelection(european, { numbers, kind: 'corner' }))).toBe(canonical)
    expect(readSelection(american, { kind: 'trio', numbers: [3, '00', 2] })).toEqual({
      kind: 'trio',
      numbers: ['00', 2, 3],
    })
    expect(Object.is((readSelection(european, { kind: 'finale', digit: -0 }) as { digit: number }).digit, 0)).toBe(true)
  })

  const refused: readonly (readonly [string, unknown])[] = [
    ['no object', 'red'],
    ['null', null],
    ['a list', ['red']],
    ['an unknown kind', { kind: 'green' }],
    ['a kind that is no text', { kind: ['red'] }],
    ['a name of every object', { kind: 'constructor' }],
    ['no kind', { numbers: [1] }],
    ['a further key', { kind: 'red', stakeCents: 100 }],
    ['a missing key', { kind: 'split' }],
    ['a key of another kind', { kind: 'dozen', numbers: [1] }],
    ['a split of strangers', { kind: 'split', numbers: [1, 5] }],
    ['a split across rows', { kind: 'split', numbers: [3, 4] }],
    ['a repeated number', { kind: 'split', numbers: [1, 1] }],
    ['a number too many', { kind: 'split', numbers: [1, 2, 2] }],
    ['numbers as text', { kind: 'split', numbers: ['1', '2'] }],
    ['one text of numbers', { kind: 'split', numbers: '1-2' }],
    ['a text that joins to a name', { kind: 'split', numbers: ['1-2'] }],
    ['no numbers', { kind: 'straight', numbers: [] }],
    ['the double zero on one zero', { kind: 'straight', numbers: ['00'] }],
    ['37', { kind: 'straight', numbers: [37] }],
    ['a fraction', { kind: 'straight', numbers: [1.5] }],
    ['dozen 0', { kind: 'dozen', index: 0 }],
    ['dozen 4', { kind: 'dozen', index: 4 }],
    ['a dozen as text', { kind: 'dozen', index: '1' }],
    ['no reach', { kind: 'neighbours', of: 17, reach: 0 }],
    ['reach 6', { kind: 'neighbours', of: 17, reach: 6 }],
    ['neighbours of nobody', { kind: 'neighbours', of: 37, reach: 2 }],
    ['finale 10', { kind: 'finale', digit: 10 }],
    ['an even chance by its limit', { kind: 'even-chance' }],
  ]
  test.each(refused)('[ROU-15] %s is refused', (_, value) => {
    expect(readSelection(european, value)).toBeNull()
  })

  test('[ROU-15] no JSON at all makes reading throw, and what is read is canonical and playable', () => {
    const check = (rules: (typeof variants)[number], value: unknown) => {
      const selection = readSelection(rules, JSON.parse(JSON.stringify(value)) as unknown)
      if (selection === null) return
      expect(readSelection(rules, selection)).toBe(selection)
      const { chipCount } = offeredBet(rules, selection)
      expect(parts(rules, selection, toCents(chipCount))).not.toBeNull()
    }
    fc.assert(fc.property(anyRules, fc.jsonValue(), check), { numRuns: 2_000 })
    fc.assert(fc.property(anyRules, nearSelection, check), { numRuns: 5_000 })
  })

  test('[ROU-15] objects that are no JSON are refused too', () => {
    for (const value of [new Map([['kind', 'red']]), () => 'red', Symbol('red'), Object.create({ kind: 'red' }), 1n])
      expect(readSelection(european, value)).toBeNull()
  })

  test('[ROU-18] the kinds of a table are those of its wheel, in reading order', () => {
    const inside = ['straight', 'split', 'street', 'trio', 'corner']
    const outside = ['line', 'dozen', 'column', 'even-chance']
    expect(betKinds(european)).toEqual([
      ...inside,
      'first-four',
      ...outside,
      ...['voisins', 'tiers', 'orphelins', 'jeu-zero', 'neighbours', 'finale'],
    ])
    expect(betKinds(american)).toEqual([...inside, 'basket', ...outside, 'neighbours'])
  })
})

describe('rules of a table', () => {
  test('[ROU-20] the three variants read as themselves and are told apart', () => {
    for (const [variant, rules] of Object.entries(ROULETTE_VARIANTS)) {
      expect(readRules(JSON.parse(JSON.stringify(rules)))).toEqual(rules)
      expect(variantOf(rules)).toBe(variant)
    }
  })

  const refused: readonly Json[] = [
    { wheel: 'double-zero', laPartage: true },
    { wheel: 'triple-zero', laPartage: false },
    { wheel: 'single-zero' },
    { wheel: 'single-zero', laPartage: 'false' },
    { wheel: 'single-zero', laPartage: false, enPrison: true },
    ['single-zero', false],
    'european',
    null,
    7,
  ]
  test.each(refused.map((value) => [value]))('[ROU-20] %j is refused', (value) => {
    expect(readRules(value)).toBeNull()
  })

  test('[ROU-20] no JSON makes reading rules throw', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const rules = readRules(value)
        expect(rules === null || variants.includes(rules as (typeof variants)[number])).toBe(true)
      }),
    )
  })
})
