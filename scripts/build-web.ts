import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Holds one folder for each build, named by its id; a name that starts with a dot is still being made. */
const BUILDS = join(root, 'dist/web')
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
  const dir = join(BUILDS, build)
  if (!existsSync(dir)) await buildWeb(build, dir)
  return { dir, build }
}

async function buildWeb(build: string, dir: string): Promise<void> {
  // The bundler is loaded only when there is something to build.
  const { build: bundle } = await import('vite')
  // Read by the page as its own version, to be compared with the server's (U7).
  process.env.VITE_BUILD = build
  const making = join(BUILDS, `.${build}.${process.pid}`)
  await bundle({ configFile: join(root, 'web/vite.config.ts'), logLevel: 'warn', build: { outDir: making } })
  // A build appears whole or not at all, also when it was interrupted or two processes make it at the same time.
  try {
    renameSync(making, dir)
  } catch (cause) {
    if (!existsSync(dir)) throw cause
    rmSync(making, { recursive: true, force: true })
  }
  for (const name of readdirSync(BUILDS)) {
    if (name !== build && !name.startsWith('.')) rmSync(join(BUILDS, name), { recursive: true, force: true })
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
  const { dir, build } = await ensureWebBuilt()
  console.log(JSON.stringify({ dir: relative(root, dir), build }))
}
