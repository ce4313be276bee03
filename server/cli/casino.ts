import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { VOID_REASONS } from '../../engine/round/types.ts'
import { settings } from '../config.ts'
import { ACTOR_RULE, readActor, readCommand } from '../operator/commands.ts'
import { OPERATOR_TOKEN_FILE } from '../secrets.ts'
import { inWords } from './in-words.ts'

/** Where the command line meets the world, so that tests can stand in for it. */
export type Terminal = {
  readonly env: NodeJS.ProcessEnv
  readonly out: (line: string) => void
  readonly err: (line: string) => void
}

/** What the process ends with (OPS-16). */
export const EXIT = { done: 0, refused: 1, misused: 2, unreachable: 3 } as const

export const USAGE = `Usage: npm run casino -- <command> [options]

  table list                          every table with its status, limits and the node that runs it
  table open|pause|resume|drain|close <table>
                                      pause: no next round until resumed; drain: close after the running round
  table create <file.json>            {tableId, name, gameId, rules, limits, pace}; the table begins closed
  limits set <table> <file.json>      new limits, from the next round on; - reads standard input
  round void <round or table> --reason <code>
                                      ${VOID_REASONS.join(', ')}
  maintenance plan --in 30m --for 2h --reason <text>
                                      announces a pause of the whole house; running rounds end and are paid
  maintenance show|cancel|end         end: before its time; it ends by itself otherwise
  books audit                         sums of the ledger; what must be zero
  audit list [--limit n]              latest entries of the audit record
  audit verify [--known seq:hash]     recomputes the whole record

  --as <name>    who asks, for the audit record (default: the system's user)
  --json         one JSON line instead of words
  --url <url>    the running server, or the balancer of several (default: this machine at PORT)

The operator token comes from OPERATOR_TOKEN, or from operator.token in DATA_DIR. Of a cluster on this machine:
DATA_DIR=var/cluster npm run casino -- table list --url http://localhost:8080`

const OPTIONS = {
  as: { type: 'string' },
  json: { type: 'boolean' },
  url: { type: 'string' },
  reason: { type: 'string' },
  in: { type: 'string' },
  for: { type: 'string' },
  limit: { type: 'string' },
  known: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const
type Options = { [N in keyof typeof OPTIONS]?: (typeof OPTIONS)[N]['type'] extends 'boolean' ? boolean : string }
type Answer = { readonly code: string | null; readonly message?: string; readonly result?: unknown }

class Misuse extends Error {}

const ANSWER_LIMIT_MS = 30_000

/** Runs one command against the running server and answers the exit code. */
export async function casino(args: readonly string[], terminal: Terminal): Promise<number> {
  const { env, out, err } = terminal
  try {
    const { values, positionals } = readArgs(args)
    if (values.help === true || positionals.length === 0) {
      out(USAGE)
      return values.help === true ? EXIT.done : EXIT.misused
    }
    const command = commandOf(positionals, values)
    assertFits(command)
    const answer = await send(command, values, env)
    const ok = answer.code === null && !isTrouble(answer.result)
    if (values.json === true) out(JSON.stringify({ ok, ...answer }))
    else if (answer.code === null) out(inWords(String(command.command), answer.result))
    else err(`refused: ${answer.code}${answer.message ? `: ${answer.message}` : ''}`)
    return ok ? EXIT.done : EXIT.refused
  } catch (error) {
    if (!(error instanceof Misuse)) {
      err(`cannot reach the casino: ${why(error)}`)
      return EXIT.unreachable
    }
    err(`${error.message}\nnpm run casino -- --help shows every command`)
    return EXIT.misused
  }
}

/** A check that was done and found the record changed, or the books out of balance. */
function isTrouble(result: unknown): boolean {
  const { ok, linesSumCents, accountsOff, negativePlayers } = (result ?? {}) as Record<string, unknown>
  return (
    ok === false || [linesSumCents, accountsOff, negativePlayers].some((found) => found !== undefined && found !== 0)
  )
}

function why(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error ? `${error.message} (${'code' in cause ? cause.code : cause.message})` : error.message
}

function readArgs(args: readonly string[]): { values: Options; positionals: string[] } {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true })
  } catch (error) {
    throw new Misuse(error instanceof Error ? error.message : String(error))
  }
}

/** The desk's command that the words ask for. Errors: `Misuse`. */
function commandOf(words: readonly string[], options: Options): Record<string, unknown> {
  const [noun, verb, first, second, ...rest] = words
  const phrase = `${noun} ${verb}`
  const takes = (count: number) => {
    const given = [first, second, ...rest].filter((word) => word !== undefined).length
    if (given !== count) throw new Misuse(`"${phrase}" takes ${count} argument${count === 1 ? '' : 's'}, not ${given}`)
  }
  switch (phrase) {
    case 'table list':
    case 'books audit':
      takes(0)
      return { command: `${noun}.${verb}` }
    case 'table open':
    case 'table pause':
    case 'table resume':
    case 'table drain':
    case 'table close':
      takes(1)
      return { command: `${noun}.${verb}`, tableId: first }
    case 'table create':
      takes(1)
      return { ...readJson(first), command: 'table.create' }
    case 'limits set':
      takes(2)
      return { command: 'limits.set', tableId: first, limits: readJson(second) }
    case 'maintenance plan':
      takes(0)
      if (options.reason === undefined) throw new Misuse('a window needs --reason, in words for the players')
      return {
        command: 'maintenance.plan',
        inMs: durationMs('--in', options.in),
        forMs: durationMs('--for', options.for),
        reason: options.reason,
      }
    case 'maintenance show':
    case 'maintenance cancel':
    case 'maintenance end':
      takes(0)
      return { command: `${noun}.${verb}` }
    case 'round void':
      takes(1)
      if (options.reason === undefined) throw new Misuse(`a void needs --reason: ${VOID_REASONS.join(', ')}`)
      return { command: 'round.void', target: first, reason: options.reason }
    case 'audit list':
      takes(0)
      return { command: 'audit.list', limit: Number(options.limit ?? 50) }
    case 'audit verify':
      takes(0)
      return { command: 'audit.verify', known: headOf(options.known) }
    default:
      throw new Misuse(`unknown command "${words.join(' ')}"`)
  }
}

/** How the command line calls a field of a command. */
const FIELDS: Readonly<Record<string, string>> = {
  inMs: '--in',
  forMs: '--for',
  reason: '--reason',
  limit: '--limit',
  tableId: '<table>',
  target: '<round or table>',
}

/** The server would refuse it too, in the words of its own fields. Errors: `Misuse`. */
function assertFits(command: Record<string, unknown>): void {
  const read = readCommand(command)
  if (!('why' in read)) return
  // A file's own fields keep their names.
  const named = command.command === 'table.create' ? {} : FIELDS
  const told = read.why.split('; ').map((one) => one.replace(/^\w+(?=:)/, (field) => named[field] ?? field))
  throw new Misuse(told.join('; '))
}

/** `90s`, `30m`, `2h` or `1d`, in milliseconds. Errors: `Misuse`. */
function durationMs(name: string, text = ''): number {
  const [, count, unit = ''] = /^(\d{1,5})([smhd])$/.exec(text) ?? []
  const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit]
  if (unitMs === undefined) throw new Misuse(`${name} is a time such as 30m or 2h`)
  return Number(count) * unitMs
}

function headOf(text: string | undefined): { seq: number; hash: string } | null {
  if (text === undefined) return null
  const [seq = '', hash = ''] = text.split(':')
  if (!/^\d{1,15}$/.test(seq) || !/^[0-9a-f]{64}$/.test(hash))
    throw new Misuse('--known is seq:hash, as the log shows it')
  return { seq: Number(seq), hash }
}

function readJson(file = ''): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch (error) {
    throw new Misuse(`${file}: ${error instanceof Error ? error.message : error}`)
  }
  throw new Misuse(`${file} holds no JSON object`)
}

async function send(command: Record<string, unknown>, options: Options, env: NodeJS.ProcessEnv): Promise<Answer> {
  const actor = actorOf(options.as)
  const server = options.url ?? serverUrl(env)
  const response = await fetch(commandUrl(server), {
    method: 'POST',
    redirect: 'error',
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${operatorToken(env)}`,
      'x-operator': encodeURIComponent(actor),
    },
    body: JSON.stringify(command),
  }).catch((cause: unknown) => {
    throw new Error(`${server}: ${why(cause)}`, { cause: null })
  })
  const answer = (await response.json().catch(() => null)) as Partial<Answer> | null
  if (answer === null)
    throw new Error(`${response.status}, and no answer of a house: is --url right, and a node ready?`)
  if (response.status >= 500) throw new Error(`${response.status} ${answer.code ?? ''} ${answer.message ?? ''}`.trim())
  return { code: null, ...answer }
}

/** Errors: `Misuse`. */
function actorOf(given: string | undefined): string {
  const name = given ?? userInfo().username
  if (readActor(name) !== null) return name
  const which =
    given === undefined ? `the system's user name ${JSON.stringify(name)} does not do, so give --as: it` : '--as'
  throw new Misuse(`${which} ${ACTOR_RULE}`)
}

/** Errors: `Misuse`. */
function commandUrl(server: string): string {
  if (!/^https?:$/.test(URL.parse(server)?.protocol ?? ''))
    throw new Misuse('--url must begin with http:// or https://')
  return `${server.replace(/\/+$/, '')}/operator/api/command`
}

function serverUrl(env: NodeJS.ProcessEnv): string {
  const port = env.PORT || settings.PORT.fallback
  const host = env.HOST || settings.HOST.fallback
  const reached = ['0.0.0.0', '::', 'localhost'].includes(host) ? '127.0.0.1' : host
  return `http://${isIP(reached) === 6 ? `[${reached}]` : reached}:${port}`
}

function operatorToken(env: NodeJS.ProcessEnv): string {
  if (env.OPERATOR_TOKEN) return env.OPERATOR_TOKEN
  const file = join(env.DATA_DIR || settings.DATA_DIR.fallback, OPERATOR_TOKEN_FILE)
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    const other = 'set one of them (of npm run cluster: DATA_DIR=var/cluster)'
    throw new Misuse(`no operator token: OPERATOR_TOKEN is not set and ${file} cannot be read; ${other}`)
  }
}
