import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lsnOf, segmentName, segmentOf } from './lsn.ts'
import { type Archive, BASE_MANIFEST, type Base, namesIn, Place } from './place.ts'
import { chooseBase } from './restore.ts'
import { expired, prune, spentWal } from './retention.ts'
import { WalAge } from './wal-archive.ts'

const DAY_MS = 86_400_000
const SEGMENT = 16 * 2 ** 20
const NOW_MS = 1_000 * DAY_MS
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'crupier-retention-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const base = (daysAgo: number, startLsn = '0/2000028', archive = { number: 1 } as Archive, timeline = 1): Base => {
  const endedAtMs = NOW_MS - daysAgo * DAY_MS
  const more = { name: `b${daysAgo}`, startedAtMs: endedAtMs, endedAtMs, timeline, startLsn, segmentBytes: SEGMENT }
  return { ...more, archive, dir: '' } as Base
}

test('[BAK-3] the newest are kept however old, and all that are younger than the days', () => {
  const bases = [50, 40, 31, 29, 3, 1].map((daysAgo) => base(daysAgo))
  const gone = (keep: { days: number; bases: number }) => expired(bases, keep, NOW_MS).map(({ name }) => name)
  expect(gone({ days: 30, bases: 2 })).toEqual(['b31', 'b40', 'b50'])
  expect(gone({ days: 30, bases: 5 })).toEqual(['b50'])
  expect(gone({ days: 1, bases: 7 })).toEqual([])
})

test('[BAK-3] WAL is spent when it lies before the oldest base, on whatever timeline', () => {
  const files = [
    '000000010000000000000001.gz',
    '000000010000000000000002.gz',
    '000000010000000000000003',
    '000000020000000000000001.gz',
    '000000020000000000000004.partial',
    '00000002.history',
  ]
  expect(spentWal(files, [base(1, '0/5000000'), base(3, '0/2000028')])).toEqual([files[0], files[3]])
  expect(spentWal(files, [])).toEqual([])
})

test('[BAK-3] a position is found in its segment', () => {
  expect(segmentName(2, lsnOf('16/B374D848'), SEGMENT)).toBe('0000000200000016000000B3')
  expect(segmentName(1, lsnOf('1/40000000'), 2 ** 30)).toBe('000000010000000100000001')
  expect(segmentOf('0000000200000016000000B3.partial')).toEqual({
    name: '0000000200000016000000B3',
    place: '00000016000000B3',
    kind: 'partial',
  })
  expect([segmentOf('00000002.history'), segmentOf('0000000200000016000000B3.new')]).toEqual([null, null])
})

test('[BAK-3 BAK-12] an archive without bases is emptied, but what was once published stays', async () => {
  const place = new Place(folder)
  const first = await place.current({ systemId: '7', logSuffix: '' }, NOW_MS)
  const same = await place.current({ systemId: '7', logSuffix: '' }, NOW_MS)
  const second = await place.current({ systemId: '7', logSuffix: 'restored-1' }, NOW_MS)
  expect([first.number, same.number, second.number]).toEqual([1, 1, 2])
  await expect(place.current({ systemId: '8', logSuffix: 'restored-1' }, NOW_MS)).rejects.toThrow('another PostgreSQL')
  const keep = async (archive: Archive, kept: Base) => {
    const { archive: _, dir: __, ...manifest } = kept
    await mkdir(join(archive.baseDir, kept.name))
    await writeFile(join(archive.baseDir, kept.name, BASE_MANIFEST), JSON.stringify(manifest))
  }
  await keep(first, base(90))
  await keep(second, base(2))
  await mkdir(join(second.baseDir, '.incoming-x'))
  for (const archive of [first, second]) {
    for (const wal of ['000000010000000000000001.gz', '000000010000000000000002.gz'])
      await writeFile(join(archive.walDir, wal), '')
    for (const mark of ['latest.json', '1972-01-01.jsonl', '1972-09-20.jsonl'])
      await writeFile(join(archive.marksDir, mark), '')
  }
  expect(await prune(place, { days: 30, bases: 1 }, NOW_MS)).toBe(1)
  expect((await place.bases()).map(({ name }) => name)).toEqual(['b2'])
  const left = (archive: Archive) =>
    Promise.all([archive.baseDir, archive.walDir, archive.marksDir].map((dir) => namesIn(dir)))
  expect(await left(first)).toEqual([[], [], ['latest.json']])
  expect(await left(second)).toEqual([
    ['.incoming-x', 'b2'],
    ['000000010000000000000002.gz'],
    ['1972-09-20.jsonl', 'latest.json'],
  ])
})

test('[BAK-7] the base for a moment is the newest that was whole by then, in the newest archive that has one', () => {
  const other = { number: 2 } as Archive
  const bases = [base(9), base(5), base(4, '0/0', other), base(1, '0/0', other)]
  expect(chooseBase(bases, null, null).name).toBe('b1')
  expect(chooseBase(bases, null, NOW_MS - 3 * DAY_MS).name).toBe('b4')
  expect(chooseBase(bases, null, NOW_MS - 5 * DAY_MS).name).toBe('b5')
  expect(chooseBase(bases, 'b9', null).name).toBe('b9')
  expect(() => chooseBase(bases, 'b1', NOW_MS - 3 * DAY_MS)).toThrow(/no such base backup.*b9.*b1/)
  expect(() => chooseBase([], null, null)).toThrow('there is none')
})

test('[BAK-2] the age of the WAL is that of the oldest commit that is not in the second place', () => {
  const age = new WalAge()
  age.looked(1_000, 100n, null)
  expect(age.safeAtMs).toBeNull()
  age.looked(2_000, 200n, 150n)
  expect(age.safeAtMs).toBe(1_000)
  age.looked(3_000, 300n, 150n)
  expect(age.safeAtMs).toBe(1_000)
  age.looked(4_000, 300n, 300n)
  expect(age.safeAtMs).toBe(4_000)
  for (let second = 5; second < 20_000; second++) age.looked(second * 1_000, 300n + BigInt(second), null)
  expect(age.safeAtMs).toBe(4_000)
  age.looked(20_000_000, 99_999n, 99_999n)
  expect(age.safeAtMs).toBe(20_000_000)
})
