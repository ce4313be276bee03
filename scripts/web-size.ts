import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import { ensureWebBuilt } from './build-web.ts'

/** The most JavaScript that a player's browser loads at the table, compressed as the server compresses it. */
const TABLE_BUDGET_BYTES = 130 * 1024
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }

type Chunk = { readonly file: string; readonly imports?: readonly string[]; readonly css?: readonly string[] }

/** What is loaded on the way to each page, by source; whatever those import comes with them. */
const PAGES = {
  lobby: ['index.html', 'i18n/es-PE.ts', 'net/colyseus.ts'],
  table: ['index.html', 'i18n/es-PE.ts', 'net/colyseus.ts', 'table/table-page.tsx', 'games/roulette-view.tsx'],
  tableInEnglish: ['index.html', 'i18n/en.ts', 'net/colyseus.ts', 'table/table-page.tsx', 'games/roulette-view.tsx'],
} as const

const { dir } = await ensureWebBuilt()
const manifest = JSON.parse(readFileSync(join(dir, '.manifest.json'), 'utf8')) as Record<string, Chunk>

function chunkOf(source: string): Chunk {
  const chunk = manifest[source]
  if (chunk === undefined) throw new Error(`the build has no chunk ${source}`)
  return chunk
}

/** The chunks of these sources and all that they import, each once. */
function closure(sources: readonly string[]): Chunk[] {
  const seen = new Set<string>()
  const visit = (source: string): void => {
    if (seen.has(source)) return
    seen.add(source)
    for (const imported of chunkOf(source).imports ?? []) visit(imported)
  }
  for (const source of sources) visit(source)
  return [...seen].map(chunkOf)
}

function brotliBytes(file: string): number {
  return brotliCompressSync(readFileSync(join(dir, file)), BROTLI).length
}

const kib = (bytes: number): number => Math.round((bytes / 1024) * 10) / 10

let largest = 0
for (const [page, sources] of Object.entries(PAGES)) {
  const chunks = closure(sources)
  const scripts = new Set(chunks.map((chunk) => chunk.file))
  const styles = new Set(chunks.flatMap((chunk) => chunk.css ?? []))
  const jsBytes = [...scripts].reduce((sum, file) => sum + brotliBytes(file), 0)
  const cssBytes = [...styles].reduce((sum, file) => sum + brotliBytes(file), 0)
  if (page.startsWith('table')) largest = Math.max(largest, jsBytes)
  for (const file of scripts) console.log(`  ${page}: ${file} ${kib(brotliBytes(file))} KiB`)
  console.log(JSON.stringify({ page, jsKiB: kib(jsBytes), cssKiB: kib(cssBytes), files: scripts.size }))
}
const ok = largest <= TABLE_BUDGET_BYTES
console.log(JSON.stringify({ ok, tableJsKiB: kib(largest), budgetKiB: kib(TABLE_BUDGET_BYTES) }))
if (!ok) process.exitCode = 1
