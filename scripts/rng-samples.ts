import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { DrawPool } from '../workers/draw-pool.ts'

const USAGE = 'usage: npm run rng-samples -- --bytes N --out DIR'
const MOST_BYTES = 4 * 1024 ** 3
const CHUNK_BYTES = 65_536
const SHUFFLED = [52, 416] as const
const WHEELS = [37, 38, 6] as const

/** One collection file: its name, what it holds, and the maker of its next chunk. */
type Collection = { readonly file: string; readonly holds: string; readonly chunk: () => Uint8Array }
type Written = { readonly file: string; readonly holds: string; readonly bytes: number; readonly sha256: string }

/**
 * Writes what a testing laboratory collects: the pool's raw bytes, and the final values of each kind of draw, about
 * `--bytes` in each file, with SHA256SUMS (for `sha256sum -c`) and a manifest. The last line is one line of JSON.
 * Source: GLI-19 3.2.2; rule DRW-18 (G7).
 */
async function main(): Promise<number> {
  const settings = readSettings()
  if (settings === null) {
    console.error(USAGE)
    return 2
  }
  mkdirSync(settings.out, { recursive: true })
  const pool = new DrawPool({ sealKey: randomBytes(32) })
  await pool.start()
  const files: Written[] = []
  for (const collection of collections(pool)) files.push(await write(settings.out, collection, settings.bytes))
  await pool.stop()
  const manifest = { node: process.version, platform: `${process.platform} ${process.arch}`, files }
  writeFileSync(join(settings.out, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  writeFileSync(join(settings.out, 'SHA256SUMS'), files.map(({ sha256, file }) => `${sha256}  ${file}\n`).join(''))
  console.log(JSON.stringify({ ok: true, out: settings.out, files }))
  return 0
}

function readSettings(): { bytes: number; out: string } | null {
  try {
    const { values } = parseArgs({ options: { bytes: { type: 'string' }, out: { type: 'string' } } })
    const bytes = Number(values.bytes)
    if (values.out === undefined || !Number.isSafeInteger(bytes) || bytes < 1 || bytes > MOST_BYTES) return null
    return { bytes, out: values.out }
  } catch {
    return null
  }
}

function collections(pool: DrawPool): Collection[] {
  return [
    { file: 'raw.bin', holds: 'raw bytes of the ring', chunk: () => pool.bytes(CHUNK_BYTES) },
    ...WHEELS.map((n) => ({
      file: `below-${n}.u8`,
      holds: `draws below ${n}, one byte each`,
      chunk: () => Uint8Array.from({ length: CHUNK_BYTES }, () => pool.below(n)),
    })),
    ...SHUFFLED.map((n) => ({
      file: `shuffled-${n}.u16le`,
      holds: `shuffles of ${n} cards, ${n} numbers of 16 bits each, little-endian`,
      chunk: () => littleEndian(pool.permutation(n)),
    })),
  ]
}

function littleEndian(numbers: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(2 * numbers.length)
  for (const [at, value] of numbers.entries()) bytes.writeUInt16LE(value, 2 * at)
  return bytes
}

/** Whole chunks for shuffles (a shuffle is never cut), exactly `bytes` for everything else. */
async function write(out: string, { file, holds, chunk }: Collection, bytes: number): Promise<Written> {
  const path = join(out, file)
  let written = 0
  await pipeline(async function* () {
    while (written < bytes) {
      const next = chunk()
      const kept = file.startsWith('shuffled') ? next : next.subarray(0, bytes - written)
      written += kept.length
      yield kept
    }
  }, createWriteStream(path))
  const sum = createHash('sha256')
  await pipeline(createReadStream(path), sum)
  return { file, holds, bytes: written, sha256: sum.digest('hex') }
}

process.exitCode = await main()
