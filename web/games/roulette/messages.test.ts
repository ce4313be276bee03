import { expect, test } from 'vitest'
import { rouletteEn } from './messages.en.ts'
import { rouletteEsPe } from './messages.es-PE.ts'

test('[FELT-11] both languages have the same texts with the same places for values', () => {
  expect(Object.keys(rouletteEn).toSorted()).toEqual(Object.keys(rouletteEsPe).toSorted())
  const places = (text: string) => (text.match(/\{\{\w+\}\}/g) ?? []).toSorted()
  const english: Readonly<Record<string, string>> = rouletteEn
  for (const [key, spanish] of Object.entries(rouletteEsPe)) {
    expect(places(english[key] ?? ''), key).toEqual(places(spanish))
    expect(spanish.trim(), key).not.toBe('')
  }
})
