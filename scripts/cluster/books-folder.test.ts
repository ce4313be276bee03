import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { booksFolderFor } from './books-folder.ts'

let top: string
let folder: string
let apart: string
const options = () => ({ otherUser: true, elsewhere: join(top, 'elsewhere') })
const begin = (place: string) => {
  mkdirSync(join(place, 'one'), { recursive: true })
  writeFileSync(join(place, 'one/PG_VERSION'), '15')
}

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'crupier-books-folder-'))
  chmodSync(top, 0o755)
  folder = join(top, 'var/cluster')
  mkdirSync(folder, { recursive: true })
  chmodSync(join(top, 'var'), 0o700)
  apart = booksFolderFor(folder, options())
})
afterEach(() => rmSync(top, { recursive: true, force: true }))

test('[CLU-15] books lie below the folder, or elsewhere when their user could not come by', () => {
  expect(apart.startsWith(join(top, 'elsewhere/crupier-cluster-'))).toBe(true)
  expect(booksFolderFor(folder, { otherUser: false })).toBe(join(folder, 'postgres'))
  chmodSync(join(top, 'var'), 0o711)
  expect(booksFolderFor(folder, options())).toBe(join(folder, 'postgres'))
})

test('[CLU-15] books that were begun in one place go on there, whatever mode a folder has since', () => {
  begin(apart)
  chmodSync(join(top, 'var'), 0o755)
  expect(booksFolderFor(folder, options())).toBe(apart)
  begin(join(folder, 'postgres'))
  expect(booksFolderFor(folder, options())).toBe(join(folder, 'postgres'))
})

test('[CLU-15] books that their user can no longer reach are not taken for none: the start says which folder', () => {
  begin(join(folder, 'postgres'))
  expect(() => booksFolderFor(folder, options())).toThrow(`chmod o+x ${join(top, 'var')}`)
})
