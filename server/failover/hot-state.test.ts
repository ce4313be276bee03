import { expect, test } from 'vitest'
import { openRound } from '../../engine/round/step.ts'
import { testOpening } from '../../engine/round/testing.ts'
import { encodeHotCopy, HOT_COPY_FORMAT } from './hot-copy-codec.ts'
import { hotStateOf, noHotState } from './hot-state.ts'
import type { HotCopies, HotCopy } from './ports.ts'

const opening = testOpening()
const text = encodeHotCopy(openRound(opening), { release: 'test' })

function stateOver(read: () => Promise<HotCopy | null>) {
  const failures: string[] = []
  const away = (): Promise<never> => Promise.reject(new Error('out of reach'))
  const copies: HotCopies = { read, save: away, seat: away, seats: away, forget: away }
  const state = hotStateOf({
    copies,
    release: 'test',
    failed: (where) => void failures.push(where),
    outdated: () => undefined,
  })
  return { state, failures }
}

test('[FOV-52] a readable copy is the hint of what was asked and not yet answered', async () => {
  const { state, failures } = stateOver(async () => ({ epoch: 3, text }))
  expect((await state.read('lima', opening))?.opening).toEqual(opening)
  expect(failures).toEqual([])
})

test('[FOV-52] a copy that is gone, out of reach, damaged or newer than this program fails no take-over', async () => {
  const newer = JSON.stringify({ ...(JSON.parse(text) as object), format: HOT_COPY_FORMAT + 1 })
  const cases: (() => Promise<HotCopy | null>)[] = [
    () => Promise.reject(new Error('out of reach')),
    async () => ({ epoch: 3, text: 'no copy' }),
    async () => ({ epoch: 3, text: newer }),
  ]
  for (const read of cases) {
    const { state, failures } = stateOver(read)
    expect(await state.read('lima', opening)).toBeNull()
    expect(failures).toHaveLength(1)
  }
  expect(await stateOver(async () => null).state.read('lima', opening)).toBeNull()
  expect(await noHotState.read('lima', opening)).toBeNull()
})

test('[FOV-52] seats that cannot be read are none, and what cannot be remembered is told and forgotten', async () => {
  const { state, failures } = stateOver(async () => null)
  expect(await state.seats('lima')).toEqual(new Map())
  state.seat('lima', 's1', 2)
  state.forget('lima')
  await expect.poll(() => failures).toHaveLength(3)
})
