import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { sequenceTests } from '../workers/battery/sequence-tests.ts'

const script = fileURLToPath(new URL('./rng-samples.ts', import.meta.url))
const out = mkdtempSync(join(tmpdir(), 'rng-samples-'))
afterAll(() => rmSync(out, { recursive: true }))

test('[DRW-18 G7] collection files of raw and final values, with sums that match, and no two runs alike', () => {
  const runs = ['a', 'b'].map((name) => {
    const folder = join(out, name)
    const lines = execFileSync(process.execPath, [script, '--bytes', '200000', '--out', folder], { encoding: 'utf8' })
    return {
      folder,
      said: JSON.parse(lines.trim().split('\n').at(-1) ?? '') as { ok: boolean; files: { sha256: string }[] },
    }
  })
  for (const { folder, said } of runs) {
    expect(said.ok).toBe(true)
    const sums = readFileSync(join(folder, 'SHA256SUMS'), 'utf8').trim().split('\n')
    expect(sums).toHaveLength(6)
    for (const line of sums) {
      const [sum, file] = line.split('  ')
      expect(
        createHash('sha256')
          .update(readFileSync(join(folder, file ?? '')))
          .digest('hex'),
      ).toBe(sum)
    }
    expect(readdirSync(folder).sort()).toEqual([
      'SHA256SUMS',
      'below-37.u8',
      'below-38.u8',
      'below-6.u8',
      'manifest.json',
      'raw.bin',
      'shuffled-416.u16le',
      'shuffled-52.u16le',
    ])
    expect(readFileSync(join(folder, 'raw.bin'))).toHaveLength(200_000)
    const wheel = readFileSync(join(folder, 'below-37.u8'))
    expect(wheel).toHaveLength(200_000)
    expect(sequenceTests(wheel, 37).filter(({ p }) => p < 1e-9)).toEqual([])
    expect(readFileSync(join(folder, 'shuffled-416.u16le')).length % 832).toBe(0)
  }
  const sums = runs.flatMap(({ said }) => said.files.map(({ sha256 }) => sha256))
  expect(new Set(sums).size).toBe(12)
})

test('[DRW-18] arguments that make no sense end in the usage and code 2', () => {
  for (const args of [
    [],
    ['--bytes', '0', '--out', out],
    ['--bytes', 'many', '--out', out],
    ['--bytes', '10'],
    ['--what'],
  ]) {
    const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' })
    expect(status).toBe(2)
    expect(stderr).toContain('usage:')
  }
})
