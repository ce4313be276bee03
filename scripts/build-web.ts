import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
export const WEB_DIR = join(root, 'dist/web')
const STAMP = join(WEB_DIR, '.built')
/** Whatever the page is made of; a change in any of it is another build. */
const SOURCES = ['web', 'engine', 'rooms/protocol.ts', 'package-lock.json', 'scripts/build-web.ts']
const NOT_IN_THE_PAGE = /(\.test\.tsx?|\.md)$|^web\/(dev|games\/[^/]+\/demo)\/|\/testing[^/]*\.tsx?$/

export type BuiltPage = { readonly dir: string; readonly build: string }

/** The id of the page that the present sources make. */
export function sourceBuild(): string {
  const hash = createHash('sha256')
  for (const source of SOURCES) for (const file of filesUnder(join(root, source))) hashFile(hash, file)
  return hash.digest('hex').slice(0, 16)
}

/**
 * The built page; builds it when its sources changed since the last time, which takes some seconds.
 * Errors: throws what the bundler throws.
 */
export async function ensureWebBuilt(): Promise<BuiltPage> {
  const build = sourceBuild()
  if (lastBuilt() !== build) await buildWeb(build)
  return { dir: WEB_DIR, build }
}

async function buildWeb(build: string): Promise<void> {
  // The bundler is loaded only when there is something to build.
  const { build: bundle } = await import('vite')
  // Read by the page as its own version, to be compared with the server's (U7).
  process.env.VITE_BUILD = build
  await bundle({ configFile: join(root, 'web/vite.config.ts'), logLevel: 'warn' })
  // Written last: a build that was interrupted is made again.
  writeFileSync(STAMP, build)
}

function lastBuilt(): string | null {
  try {
    return readFileSync(STAMP, 'utf8')
  } catch {
    return null
  }
}

function filesUnder(path: string): string[] {
  if (statSync(path).isFile()) return [path]
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !NOT_IN_THE_PAGE.test(relative(root, file)))
    .toSorted()
}

function hashFile(hash: ReturnType<typeof createHash>, file: string): void {
  const content = createHash('sha256').update(readFileSync(file)).digest('hex')
  hash.update(`${relative(root, file)}\0${content}\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const build = sourceBuild()
  await buildWeb(build)
  console.log(JSON.stringify({ dir: relative(root, WEB_DIR), build }))
}
