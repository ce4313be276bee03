import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureWebBuilt } from '../../../scripts/build-web.ts'
import { HOT_COPY_FORMAT } from '../../../server/failover/hot-copy-codec.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
/** All that a node is made of, or looks at when it starts. */
const PARTS = [
  ...['engine', 'monitoring', 'rooms', 'server', 'web', 'workers'],
  ...['scripts/build-web.ts', 'package.json', 'package-lock.json'],
]
export const NEXT_FORMAT = HOT_COPY_FORMAT + 1
export const NEXT_MIGRATION = '900-remarks-additive'
/** Tables that every claim, every round or every bet reads: what the next release adds to them, this one must bear. */
const WIDENED = ['round', 'house_table', 'table_owner'] as const

/** One place of a file, by what stands there now. */
type Change = { readonly file: string; readonly from: string; readonly to: string }

const CODEC = 'server/failover/hot-copy-codec.ts'
const INDEX = 'server/database/migrations/index.ts'

const named = (release: string): Change => ({
  file: 'server/main.ts',
  from: 'page: await ensureWebBuilt(), outlived',
  to: `page: await ensureWebBuilt(), outlived, release: '${release}'`,
})

/** The next release calls the field of unresolved bets by another name, and has another column in its books. */
const NEXT: readonly Change[] = [
  named('next'),
  { file: CODEC, from: `HOT_COPY_FORMAT = ${HOT_COPY_FORMAT}\n`, to: `HOT_COPY_FORMAT = ${NEXT_FORMAT}\n` },
  { file: CODEC, from: '    bets: z.array(bet.extend(', to: '    asked: z.array(bet.extend(' },
  { file: CODEC, from: "const bets: ThinCopy['bets'] = []", to: "const bets: ThinCopy['asked'] = []" },
  { file: CODEC, from: 'voidReason, rested, bets }\n}', to: 'voidReason, rested, asked: bets }\n}' },
  { file: CODEC, from: 'rested, bets: hot }: ThinCopy', to: 'rested, asked: hot }: ThinCopy' },
  {
    file: CODEC,
    from: 'HOT_COPY_MIGRATIONS: Migrations = {\n',
    to: `HOT_COPY_MIGRATIONS: Migrations = {
  ${HOT_COPY_FORMAT}: (older) => {
    const { bets, ...rest } = older as { bets: unknown }
    return { ...rest, format: ${NEXT_FORMAT}, asked: bets }
  },\n`,
  },
  { file: INDEX, from: '\n/** All', to: `\nimport * as remarks from './${NEXT_MIGRATION}.ts'\n\n/** All` },
  {
    file: INDEX,
    from: 'Record<string, Migration> = {\n',
    to: `Record<string, Migration> = {\n  '${NEXT_MIGRATION}': remarks,\n`,
  },
]

const WIDEN = `import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const name of ${JSON.stringify(WIDENED)})
    await sql.raw(\`alter table \${name} add column remark text\`).execute(db)
}
`

/** Two releases of the program, each in a folder of its own; the page is the same, and was built before. */
export class Releases {
  readonly #folder: string
  readonly before: string
  readonly next: string
  /** The page's build. */
  readonly build: string

  private constructor(folder: string, build: string) {
    this.#folder = folder
    this.before = join(folder, 'before')
    this.next = join(folder, 'next')
    this.build = build
  }

  /** Errors: rejects naming the change for which the present program has no place, or more than one. */
  static async make(): Promise<Releases> {
    const { dir, build } = await ensureWebBuilt()
    const releases = new Releases(mkdtempSync(join(tmpdir(), 'crupier-releases-')), build)
    try {
      layOut(releases.before, dir, [named('before')])
      layOut(releases.next, dir, NEXT)
      writeFileSync(join(releases.next, `server/database/migrations/${NEXT_MIGRATION}.ts`), WIDEN)
      return releases
    } catch (error) {
      releases.remove()
      throw error
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Copies, since what lies behind a link to a folder is loaded from where it really is. Packages are the same. */
function layOut(program: string, page: string, changes: readonly Change[]): void {
  const wanted = (file: string) => !/\.test\.tsx?$/.test(file)
  for (const part of PARTS) cpSync(join(ROOT, part), join(program, part), { recursive: true, filter: wanted })
  cpSync(page, join(program, relative(ROOT, page)), { recursive: true })
  mkdirSync(program, { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(program, 'node_modules'))
  for (const change of changes) apply(program, change)
}

function apply(program: string, { file, from, to }: Change): void {
  const path = join(program, file)
  const text = readFileSync(path, 'utf8')
  const places = text.split(from).length - 1
  if (places !== 1) throw new Error(`${file} has ${places} places for the next release, not 1: ${from}`)
  writeFileSync(
    path,
    text.replace(from, () => to),
  )
}
