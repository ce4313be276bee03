import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const MOST_LINES = 400
const MOST_COLUMNS = 120
const MOST_FUNCTION_LINES = 70

/** The folders of the house, and what each may import. `packages: null` allows every package. */
const FOLDERS: Record<string, { readonly folders: readonly string[]; readonly packages: readonly string[] | null }> = {
  engine: { folders: ['engine'], packages: [] },
  workers: { folders: ['workers', 'engine'], packages: ['node:', 'piscina'] },
  rooms: {
    folders: ['rooms', 'engine', 'monitoring/metrics.ts'],
    packages: ['@colyseus/', 'zod', 'ws', 'node:net'],
  },
  server: { folders: ['server', 'engine', 'workers', 'rooms', 'monitoring', 'scripts/build-web.ts'], packages: null },
  // The simulator drives the table's own decision code; what does I/O it replaces.
  simulation: {
    folders: [
      ...['simulation', 'engine', 'server/ledger/books.ts', 'server/tables', 'server/fairness/series-keeper.ts'],
      ...['rooms/ports.ts', 'rooms/protocol.ts', 'rooms/table-actor.ts', 'server/failover'],
    ],
    packages: ['node:'],
  },
  monitoring: { folders: ['monitoring'], packages: ['@prometheus-io/client', 'node:'] },
  web: {
    folders: ['web', 'engine', 'rooms/protocol.ts'],
    packages: ['preact', 'i18next', '@colyseus/', 'vite', '@preact/preset-vite', 'node:'],
  },
}

/** Words of the clock, the dice and the timer, which decision code gets from outside. */
const BANNED: Record<string, readonly RegExp[]> = {
  engine: [/\bDate\.now\b/, /\bnew Date\(\)/, /\bMath\.random\b/, /\bsetTimeout\b/, /\bperformance\.now\b/],
  rooms: [/\bDate\.now\b/, /\bnew Date\(\)/, /\bMath\.random\b/, /\bsetTimeout\b/, /\bperformance\.now\b/],
}

const TOP_LEVEL = [
  ...['.ci', 'bench', 'chaos', 'deploy', 'docs', 'e2e', 'engine', 'loadtest', 'monitoring', 'rooms', 'scripts'],
  ...['server', 'simulation', 'web', 'workers'],
]
const IGNORED = new Set(['node_modules', 'dist', 'var', 'artifacts', '.git'])

function* walk(folder: string): Iterable<string> {
  for (const name of readdirSync(folder)) {
    // Files whose name begins with a dot are an editor's or an engineer's own.
    if (IGNORED.has(name) || (name.startsWith('.') && name !== '.ci')) continue
    const path = join(folder, name)
    if (statSync(path).isDirectory()) yield* walk(path)
    else yield relative(root, path)
  }
}

const files = [...walk(root)]
const sources = files.filter((file) => /\.tsx?$/.test(file))
const textOf = new Map(sources.map((file) => [file, readFileSync(join(root, file), 'utf8')]))
const text = (file: string): string => textOf.get(file) ?? ''
const isTest = (file: string): boolean => /(\.test\.tsx?|\/testing[^/]*\.tsx?|\/testing\/.*)$/.test(file)

function importsOf(file: string): string[] {
  const statement = /(?:^|\n)\s*(?:import|export)\b[^'"\n]*?(?:\{[^}]*\}[^'"\n]*?)?from\s*['"]([^'"]+)['"]/g
  const bare = /(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g
  const dynamic = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g
  return [statement, bare, dynamic].flatMap((pattern) =>
    [...text(file).matchAll(pattern)].map((found) => found[1] ?? ''),
  )
}

function mayImport(file: string, specifier: string): boolean {
  const folder = file.split('/')[0] ?? ''
  const rule = FOLDERS[folder]
  if (rule === undefined) return true
  if (!specifier.startsWith('.'))
    return rule.packages === null || rule.packages.some((name) => specifier === name || specifier.startsWith(name))
  const target = relative(root, resolve(root, dirname(file), specifier))
  return rule.folders.some((allowed) => target === allowed || target.startsWith(`${allowed}/`))
}

/** Lengths of the functions and methods of a formatted file, by the indentation of their first and last line. */
function longFunctions(file: string): string[] {
  const lines = text(file).split('\n')
  const start =
    /^(\s*)(?:export )?(?:async )?(?:function\*? (\w+)|(?:static |override |protected |async |get |\*)*(#?\w+)\(.*\{$)/
  return lines.flatMap((line, i) => {
    const found = start.exec(line)
    const name = found?.[2] ?? found?.[3]
    if (found === null || name === undefined || ['if', 'for', 'while', 'switch', 'test', 'describe'].includes(name))
      return []
    const end = lines.findIndex(
      (later, j) => j > i && later.startsWith(`${found[1]}}`) && !later.startsWith(`${found[1]}} `),
    )
    return end - i + 1 > MOST_FUNCTION_LINES ? [`${file}: ${name} has ${end - i + 1} lines`] : []
  })
}

describe('layout', () => {
  test('every source is in a folder of the house', () => {
    const strays = sources.filter((file) => file.includes('/') && !TOP_LEVEL.includes(file.split('/')[0] ?? ''))
    expect(strays).toEqual([])
  })

  test('every folder imports only what the design allows', () => {
    const wrong = sources
      .filter((file) => !isTest(file))
      .flatMap((file) =>
        importsOf(file)
          .filter((name) => !mayImport(file, name))
          .map((name) => `${file} imports ${name}`),
      )
    expect(wrong).toEqual([])
  })

  test('decision code has no clock, dice or timer of its own', () => {
    const wrong = sources
      .filter((file) => !isTest(file))
      .flatMap((file) =>
        (BANNED[file.split('/')[0] ?? ''] ?? [])
          .filter((word) => word.test(text(file)))
          .map((word) => `${file}: ${word}`),
      )
    expect(wrong).toEqual([])
  })
})

describe('sizes', () => {
  test(`files have at most ${MOST_LINES} lines`, () => {
    const long = sources
      .map((file) => ({ file, lines: text(file).split('\n').length - 1 }))
      .filter(({ lines }) => lines > MOST_LINES)
    expect(long).toEqual([])
  })

  test(`lines have at most ${MOST_COLUMNS} columns`, () => {
    const long = sources.flatMap((file) =>
      text(file)
        .split('\n')
        .flatMap((line, i) => (line.length > MOST_COLUMNS ? [`${file}:${i + 1}`] : [])),
    )
    expect(long).toEqual([])
  })

  test(`functions have at most ${MOST_FUNCTION_LINES} lines`, () => {
    expect(sources.filter((file) => !isTest(file)).flatMap(longFunctions)).toEqual([])
  })
})

describe('style', () => {
  test('nothing is untyped, switched off or left open', () => {
    const marks = [
      /: any\b|\bas any\b|<any>/,
      /@ts-ignore|@ts-nocheck/,
      /\b(?:test|it|describe)\.(?:only|skip|todo)\(/,
      /\b(?:TODO|FIXME|XXX)\b/,
    ]
    const self = 'scripts/tidy.test.ts'
    const wrong = sources
      .filter((file) => file !== self)
      .flatMap((file) => marks.filter((mark) => mark.test(text(file))).map((mark) => `${file}: ${mark}`))
    expect(wrong).toEqual([])
  })

  test('default exports are for tools that want them', () => {
    const allowed = /(\.config\.ts|^loadtest\/|plain-reporter\.ts)/
    const wrong = sources.filter((file) => !allowed.test(file) && /^export default\b/m.test(text(file)))
    expect(wrong).toEqual([])
  })

  test('files are named in kebab-case', () => {
    const wrong = sources.filter(
      (file) => !/^[a-z0-9.-]+$/.test(file.split('/').at(-1) ?? '') && !/\/i18n\/|messages\./.test(file),
    )
    expect(wrong).toEqual([])
  })
})

describe('rules', () => {
  const tested = new Set(
    sources
      .filter((file) => /\.test\.tsx?$/.test(file) || /contract[^/]*\.ts$/.test(file))
      .flatMap((file) =>
        [...text(file).matchAll(/\[([A-Z0-9 -]+)\]/g)].flatMap((found) => (found[1] ?? '').split(' ')),
      ),
  )
  for (const file of files.filter((name) => name.endsWith('RULES.md')))
    test(`every rule of ${file} has a test`, () => {
      const rules = [
        ...readFileSync(join(root, file), 'utf8').matchAll(/^(?:\|\s*|#+\s*|[-*]\s*)\**([A-Z]{2,4}-\d+)\b/gm),
      ].map((m) => m[1] ?? '')
      expect(rules.length).toBeGreaterThan(0)
      expect(rules.filter((rule) => !tested.has(rule))).toEqual([])
    })
})
