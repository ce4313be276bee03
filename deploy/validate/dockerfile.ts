import { readdirSync, readFileSync } from 'node:fs'
import { join, matchesGlob } from 'node:path'

export type Copy = { readonly from: string | null; readonly sources: readonly string[]; readonly to: string }
export type Stage = {
  readonly name: string
  readonly base: string
  readonly workdir: string
  readonly copies: readonly Copy[]
  readonly runs: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly user: string | null
  /** As process 1 gets it, without a shell. */
  readonly command: readonly string[]
  readonly healthcheck: readonly string[]
}
export type Dockerfile = { readonly args: Readonly<Record<string, string>>; readonly stages: readonly Stage[] }

type Instruction = { readonly word: string; readonly rest: string }
type Growing = { -readonly [K in keyof Stage]: Stage[K] } & {
  copies: Copy[]
  runs: string[]
  env: Record<string, string>
}

/**
 * Reads as much of the language as deploy/Dockerfile uses. Errors: throws on any instruction that it does not know, so
 * that nothing in the file goes unlooked at.
 */
export function readDockerfile(text: string): Dockerfile {
  const args: Record<string, string> = {}
  const stages: Growing[] = []
  for (const { word, rest } of instructionsOf(text)) {
    const stage = stages.at(-1)
    if (word === 'FROM') stages.push(newStage(fill(rest, args), stages.length))
    else if (word === 'ARG' && stage === undefined) Object.assign(args, assignments(rest))
    else if (stage === undefined) throw new Error(`${word} stands before the first FROM`)
    else readInto(stage, word, rest)
  }
  if (stages.length === 0) throw new Error('there is no FROM')
  return { args, stages }
}

function readInto(stage: Growing, word: string, rest: string): void {
  switch (word) {
    case 'WORKDIR':
      stage.workdir = rest
      return
    case 'COPY':
      stage.copies.push(readCopy(rest))
      return
    case 'RUN':
      stage.runs.push(rest)
      return
    case 'ENV':
      Object.assign(stage.env, assignments(rest))
      return
    case 'USER':
      stage.user = rest
      return
    case 'CMD':
      stage.command = words(rest)
      return
    case 'HEALTHCHECK':
      stage.healthcheck = words(rest.replace(/^(--\S+\s+)*CMD\s+/, ''))
      return
    case 'EXPOSE':
    case 'ENTRYPOINT':
    case 'STOPSIGNAL':
      return
    default:
      throw new Error(`nobody looks at ${word} ${rest}`)
  }
}

function newStage(rest: string, index: number): Growing {
  const [base = '', , name = String(index)] = rest.split(/\s+/)
  return { name, base, workdir: '/', copies: [], runs: [], env: {}, user: null, command: [], healthcheck: [] }
}

function instructionsOf(text: string): Instruction[] {
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line))
  return lines
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => {
      const [, word = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line.trim()) ?? []
      return { word: word.toUpperCase(), rest }
    })
}

function readCopy(rest: string): Copy {
  const [, from = null, paths = ''] = /^(?:--from=(\S+)\s+)?(.*)$/.exec(rest) ?? []
  const all = paths.split(/\s+/)
  return { from, sources: all.slice(0, -1), to: all.at(-1) ?? '' }
}

function assignments(rest: string): Record<string, string> {
  return Object.fromEntries(
    rest.split(/\s+/).map((pair) => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

/** The JSON form, which starts the program itself. Errors: throws on the form that starts a shell. */
function words(rest: string): string[] {
  const list: unknown = JSON.parse(rest)
  if (!Array.isArray(list)) throw new Error(`${rest} is no list of words`)
  return list.map(String)
}

function fill(text: string, args: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{(\w+)\}/g, (_, name: string) => args[name] ?? '')
}

/** What `docker build` sends to its engine: every file under `root` that .dockerignore lets through. */
export function buildContext(root: string): string[] {
  const patterns = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  const found: string[] = []
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      // Of these two nothing is ever let through, and they are large.
      if (path === 'node_modules' || path === '.git') continue
      if (entry.isDirectory()) walk(path)
      else if (!isIgnored(path, patterns)) found.push(path)
    }
  }
  walk('')
  return found
}

/** The last pattern that fits a path, or a folder above it, decides. */
export function isIgnored(path: string, patterns: readonly string[]): boolean {
  const parts = path.split('/')
  const above = parts.map((_, i) => parts.slice(0, i + 1).join('/'))
  return patterns.reduce((ignored, pattern) => {
    const lets = pattern.startsWith('!')
    const glob = lets ? pattern.slice(1) : pattern
    return above.some((candidate) => matchesGlob(candidate, glob)) ? !lets : ignored
  }, false)
}

/** Files that a stage's COPY takes from the context, by where they come to lie under its WORKDIR. */
export function copiedFiles(stage: Stage, context: readonly string[]): Map<string, string> {
  const placed = new Map<string, string>()
  for (const { from, sources, to } of stage.copies) {
    if (from !== null) continue
    const target = to.replace(/^\.\/?/, '').replace(/\/$/, '')
    const below = (name: string): string => (target === '' ? name : `${target}/${name}`)
    for (const source of sources) {
      if (context.includes(source)) {
        const name = source.split('/').at(-1) ?? ''
        placed.set(below(name), source)
      }
      for (const file of context)
        if (file.startsWith(`${source}/`)) placed.set(below(file.slice(source.length + 1)), file)
    }
  }
  return placed
}

/** What COPY names and the context does not have. */
export function missingSources({ stages }: Dockerfile, context: readonly string[]): string[] {
  return stages
    .flatMap(({ copies }) => copies)
    .filter(({ from }) => from === null)
    .flatMap(({ sources }) => sources)
    .filter((source) => !context.some((file) => file === source || file.startsWith(`${source}/`)))
}
