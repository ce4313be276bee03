import { describe, expect, test } from 'vitest'
import { colourOf, comparePockets, isPocket, POCKETS, WHEEL_ORDER } from './pockets.ts'

describe('the wheels', () => {
  test('[ROU-1] the single-zero wheel has each of its 37 pockets once, in the published order', () => {
    expect(WHEEL_ORDER['single-zero'].join('-')).toBe(
      '0-32-15-19-4-21-2-25-17-34-6-27-13-36-11-30-8-23-10-5-24-16-33-1-20-14-31-9-22-18-29-7-28-12-35-3-26',
    )
    expect(WHEEL_ORDER['single-zero'].toSorted(comparePockets)).toEqual(Array.from({ length: 37 }, (_, n) => n))
  })

  test('[ROU-2] the double-zero wheel has each of its 38 pockets once, in the published order', () => {
    expect(WHEEL_ORDER['double-zero'].join('-')).toBe(
      '0-28-9-26-30-11-7-20-32-17-5-22-34-15-3-24-36-13-1-00-27-10-25-29-12-8-19-31-18-6-21-33-16-4-23-35-14-2',
    )
    expect(new Set(WHEEL_ORDER['double-zero'])).toEqual(new Set([...Array.from({ length: 37 }, (_, n) => n), '00']))
    expect(WHEEL_ORDER['double-zero'].indexOf('00')).toBe(38 / 2)
  })

  test('[ROU-1] eighteen numbers are red, eighteen black, and they alternate around the single-zero wheel', () => {
    const colours = WHEEL_ORDER['single-zero'].map(colourOf)
    expect(colours[0]).toBe('green')
    expect(colours.slice(1)).toEqual(Array.from({ length: 18 }, () => ['red', 'black']).flat())
  })

  test('[ROU-2] on the double-zero wheel each half alternates, and facing pockets are of opposite colours', () => {
    const colours = WHEEL_ORDER['double-zero'].map(colourOf)
    expect(colours.slice(1, 19)).toEqual(Array.from({ length: 9 }, () => ['black', 'red']).flat())
    expect(colours.slice(20)).toEqual(Array.from({ length: 9 }, () => ['red', 'black']).flat())
    expect([colours[0], colours[19]]).toEqual(['green', 'green'])
  })

  test('[ROU-3] the double zero is the text 00, stands after 0 on the felt and last in the draw', () => {
    expect(POCKETS['double-zero'].at(-1)).toBe('00')
    expect(POCKETS['single-zero']).not.toContain('00')
    expect([2, '00', 1, 0].toSorted((a, b) => comparePockets(a as number, b as number))).toEqual([0, '00', 1, 2])
    for (const no of [37, -1, 1.5, Number.NaN, '0', '000', '17', null, undefined, true, [], {}])
      expect(isPocket(no), String(no)).toBe(false)
    for (const yes of [0, 36, '00']) expect(isPocket(yes)).toBe(true)
  })
})
