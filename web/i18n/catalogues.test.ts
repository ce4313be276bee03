import { expect, test } from 'vitest'
import { rouletteEsPe } from '../games/roulette/messages.es-PE.ts'
import { en } from './en.ts'
import { esPE } from './es-PE.ts'

/** Every text with its key path. */
function texts(catalogue: object, path = ''): [string, string][] {
  return Object.entries(catalogue).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${path}${key}`, value] as [string, string]] : texts(value, `${path}${key}.`),
  )
}

const spanish = new Map(texts(esPE))
const english = new Map(texts(en))

test('[WEB-17] both languages have the same keys', () => {
  expect([...english.keys()].toSorted()).toEqual([...spanish.keys()].toSorted())
})

test('[WEB-17] no text is empty, and each has the same places to fill in both languages', () => {
  const places = (text: string | undefined) => (text ?? '').match(/\{\{\w+\}\}/g)?.toSorted() ?? []
  for (const [key, text] of spanish) {
    expect(text.trim(), key).not.toBe('')
    expect(places(english.get(key)), key).toEqual(places(text))
  }
})

test('[WEB-17] every plural has the three forms of Peruvian Spanish', () => {
  for (const key of spanish.keys()) {
    const stem = /^(.*)_(?:one|many|other)$/.exec(key)?.[1]
    if (stem === undefined) continue
    for (const form of new Intl.PluralRules('es-PE').resolvedOptions().pluralCategories)
      expect(spanish.has(`${stem}_${form}`), `${stem}_${form}`).toBe(true)
  }
})

test('[WEB-17] the player is addressed as tú', () => {
  const formal = /\b(usted|su cuenta|ingrese|verifique|recargue|espere|muévase|apueste)\b/i
  for (const [key, text] of [...spanish, ...texts(rouletteEsPe)])
    expect(formal.test(text), `${key}: ${text}`).toBe(false)
})
