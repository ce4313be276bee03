import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

test('[CHA-9] the seed of the command line is taken, and one is drawn when it is left out', () => {
  expect(readOptions(['--kills', '20', '--seed', '7'], 5)).toMatchObject({ kills: 20, seed: 7, fault: 'kill' })
  expect(readOptions([], 5)).toMatchObject({ kills: 100, players: 60, nodes: 3, seed: 5, vanilla: false })
})

test('[CHA-11] what cannot be measured is refused with the usage', () => {
  for (const args of [['--fault', 'flood'], ['--kills', '0'], ['--kills', '1e3'], ['--players', '999'], ['--what']])
    expect(readOptions(args, 5)).toMatch(/usage: npm run chaos/)
})
