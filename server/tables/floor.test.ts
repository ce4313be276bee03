import { expect, test } from 'vitest'
import { Floor } from './floor.ts'
import type { HouseTable } from './house-tables.ts'

test('[OPS-10] a table that is changed while the floor looks at it is looked at again', async () => {
  const looks: ((table: HouseTable | null) => void)[] = []
  const floor = new Floor({
    tables: {
      list: async () => [],
      get: () => new Promise((resolve) => looks.push(resolve)),
    },
    books: { latestRound: async () => null },
    shared: false,
    flush: async () => undefined,
    closed: () => undefined,
    abandon: () => undefined,
    failed: (where, error) => {
      throw new Error(where, { cause: error })
    },
  })
  floor.tableChanged('lima')
  floor.tableChanged('lima')
  looks[0]?.(null)
  await expect.poll(() => looks.length).toBe(2)
  looks[1]?.(null)
  floor.tableChanged('cusco')
  await expect.poll(() => looks.length).toBe(3)
  floor.stop()
})
