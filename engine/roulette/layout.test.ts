import { describe, expect, test } from 'vitest'
import { readSelection } from './bets.ts'
import { placeOf } from './felt-places.ts'
import { EVEN_CHANCES, FELT, FELT_KINDS } from './layout.ts'
import { colourOf, POCKETS, type Pocket, type Wheel } from './pockets.ts'
import { ROULETTE_VARIANTS } from './rules.ts'

const WHEELS: readonly Wheel[] = ['single-zero', 'double-zero']
const { european, american } = ROULETTE_VARIANTS

/** A second way to say what is adjacent: by row and column of the felt, the zeros apart. */
const row = (n: number) => Math.floor((n - 1) / 3)
const column = (n: number) => (n - 1) % 3
const distance = (a: number, b: number) => Math.abs(row(a) - row(b)) + Math.abs(column(a) - column(b))

const covered = (wheel: Wheel, name: string): Pocket[] => [...(FELT[wheel].get(name)?.covers ?? [])]
const countKinds = (wheel: Wheel) =>
  FELT_KINDS.map((kind) => [...FELT[wheel].values()].filter((position) => position.kind === kind).length)

describe('inside bets', () => {
  test('[ROU-5] each felt has as many places of each kind as the published layouts', () => {
    // In the order straight, split, street, trio, corner, first four, basket, line, dozen, column, even chance.
    expect(countKinds('single-zero')).toEqual([37, 60, 12, 2, 22, 1, 0, 11, 3, 3, 6])
    expect(countKinds('double-zero')).toEqual([38, 62, 12, 3, 22, 0, 1, 11, 3, 3, 6])
  })

  test('[ROU-5] of all pairs from 1 to 36, exactly the neighbours on the felt are splits', () => {
    for (let a = 1; a <= 36; a++)
      for (let b = 1; b <= 36; b++) {
        const split = readSelection(european, { kind: 'split', numbers: [a, b] })
        expect(split !== null, `${a}-${b}`).toBe(distance(a, b) === 1)
        expect(readSelection(american, { kind: 'split', numbers: [a, b] })).toEqual(split)
      }
  })

  test('[ROU-5] of all sets of four from 1 to 36, exactly the numbers that meet are corners', () => {
    let corners = 0
    for (let a = 1; a <= 33; a++)
      for (let b = a + 1; b <= 34; b++)
        for (let c = b + 1; c <= 35; c++)
          for (let d = c + 1; d <= 36; d++) {
            const meet = distance(a, b) === 1 && distance(a, c) === 1 && distance(b, d) === 1 && distance(c, d) === 1
            if (meet) corners += 1
            const found = readSelection(european, { kind: 'corner', numbers: [a, b, c, d] }) !== null
            if (found !== meet) expect.fail(`corner ${a}-${b}-${c}-${d}: ${found}`)
          }
    expect(corners).toBe(22)
  })

  test('[ROU-5] of all runs of three and six, exactly rows and pairs of rows are streets and lines', () => {
    for (let from = 1; from <= 36; from++)
      for (const [kind, length] of [['street', 3] as const, ['line', 6] as const]) {
        const numbers = Array.from({ length }, (_, n) => from + n)
        const isRow = from % 3 === 1 && from + length - 1 <= 36
        expect(readSelection(european, { kind, numbers }) !== null, `${kind} ${numbers}`).toBe(isRow)
      }
  })

  test('[ROU-6] of all pairs and triples with a zero, exactly the published ones are bets', () => {
    const found = (wheel: Wheel, kind: string) =>
      [...FELT[wheel].values()]
        .filter((position) => position.kind === kind && (position.covers.has(0) || position.covers.has('00')))
        .map(({ name }) => name)
    expect(found('single-zero', 'split')).toEqual(['split:0-1', 'split:0-2', 'split:0-3'])
    expect(found('double-zero', 'split')).toEqual(['split:0-00', 'split:0-1', 'split:0-2', 'split:00-2', 'split:00-3'])
    expect(found('single-zero', 'trio')).toEqual(['trio:0-1-2', 'trio:0-2-3'])
    expect(found('double-zero', 'trio')).toEqual(['trio:0-00-2', 'trio:0-1-2', 'trio:00-2-3'])
    for (const kind of ['street', 'corner', 'line']) expect(found('double-zero', kind)).toEqual([])
  })

  test('[ROU-6] the first four is a bet on one zero only, the basket on two only', () => {
    expect(covered('single-zero', 'first-four')).toEqual([0, 1, 2, 3])
    expect(covered('double-zero', 'basket')).toEqual([0, '00', 1, 2, 3])
    expect(readSelection(european, { kind: 'basket' })).toBeNull()
    expect(readSelection(american, { kind: 'first-four' })).toBeNull()
  })
})

describe('outside bets', () => {
  test.each(
    WHEELS,
  )('[ROU-7] dozens, columns and even chances of the %s felt cover what they say, and no zero', (wheel) => {
    const numbers = POCKETS[wheel].filter((pocket): pocket is number => pocket !== 0 && pocket !== '00')
    for (const index of [1, 2, 3]) {
      expect(covered(wheel, `dozen:${index}`)).toEqual(numbers.filter((n) => n > 12 * (index - 1) && n <= 12 * index))
      expect(covered(wheel, `column:${index}`)).toEqual(numbers.filter((n) => n % 3 === index % 3))
    }
    expect(covered(wheel, 'red')).toEqual(numbers.filter((n) => colourOf(n) === 'red'))
    expect(covered(wheel, 'black')).toEqual(numbers.filter((n) => colourOf(n) === 'black'))
    expect(covered(wheel, 'odd')).toEqual(numbers.filter((n) => n % 2 === 1))
    expect(covered(wheel, 'even')).toEqual(numbers.filter((n) => n % 2 === 0))
    expect(covered(wheel, 'low')).toEqual(numbers.slice(0, 18))
    expect(covered(wheel, 'high')).toEqual(numbers.slice(18))
    expect(EVEN_CHANCES.every((chance) => covered(wheel, chance).length === 18)).toBe(true)
  })
})

describe('the drawn felt', () => {
  test.each(WHEELS)('[ROU-21] no two positions of the %s felt share a place', (wheel) => {
    const positions = [...FELT[wheel].values()]
    const places = new Set(positions.map((position) => JSON.stringify(placeOf(wheel, position))))
    expect(places.size).toBe(positions.length)
  })

  test('[ROU-21] chips lie where a croupier expects them', () => {
    const at = (wheel: Wheel, name: string) => {
      const position = FELT[wheel].get(name)
      return position === undefined ? null : placeOf(wheel, position)
    }
    expect(at('single-zero', 'straight:1')).toEqual({ x: 0.5, y: 2.5 })
    expect(at('single-zero', 'straight:36')).toEqual({ x: 11.5, y: 0.5 })
    expect(at('single-zero', 'corner:1-2-4-5')).toEqual({ x: 1, y: 2 })
    expect(at('single-zero', 'street:4-5-6')).toEqual({ x: 1.5, y: 3 })
    expect(at('single-zero', 'line:31-32-33-34-35-36')).toEqual({ x: 11, y: 3 })
    expect(at('single-zero', 'trio:0-2-3')).toEqual({ x: 0, y: 1 })
    expect(at('single-zero', 'dozen:2')).toEqual({ x: 6, y: 3.5 })
    expect(at('single-zero', 'column:3')).toEqual({ x: 12.5, y: 0.5 })
    expect(at('double-zero', 'split:0-00')).toEqual({ x: -0.5, y: 1.5 })
    expect(at('double-zero', 'split:00-3')).toEqual({ x: 0, y: 0.5 })
    expect(at('double-zero', 'basket')).toEqual({ x: 0, y: 3 })
  })
})
