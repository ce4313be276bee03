import { z } from 'zod'
import { VOID_REASONS } from '../../engine/round/types.ts'
import { problemsOf } from '../problems.ts'

/** Players are told at least this long before a window begins, and at most this long. */
const NOTICE_MS = 60_000
const MOST_AHEAD_MS = 31 * 24 * 3_600_000
const MOST_REASON = 200

const text = (error: string) => z.string({ error })
const tableId = text('must name a table').regex(
  /^[a-z][a-z0-9-]{0,31}$/,
  'must be the id of a table: 1 to 32 small letters, digits and hyphens, a letter first',
)
const span = (() => {
  const error = 'must be from 1 minute (60000 ms) to 31 days'
  return z.int({ error }).min(NOTICE_MS, { error }).max(MOST_AHEAD_MS, { error })
})()
const limit = (() => {
  const error = 'must be a whole number from 1 to 1000'
  return z.int({ error }).min(1, { error }).max(1_000, { error })
})()
const reason = (() => {
  const error = `must be words for the players, at most ${MOST_REASON} characters`
  return text(error).trim().min(1, error).max(MOST_REASON, error)
})()
const orders = z.enum(['table.open', 'table.pause', 'table.resume', 'table.drain', 'table.close'])

const variants = [
  z.strictObject({ command: z.literal('table.list') }),
  z.strictObject({ command: orders, tableId }),
  z.strictObject({
    command: z.literal('table.create'),
    tableId,
    name: text('must be a text').max(40, 'must have at most 40 characters'),
    gameId: text('must name a game').max(40, 'must have at most 40 characters'),
    rules: z.json('must be JSON'),
    limits: z.json('must be JSON'),
    pace: z.json('must be JSON'),
  }),
  z.strictObject({ command: z.literal('limits.set'), tableId, limits: z.json('must be JSON') }),
  z.strictObject({
    command: z.literal('round.void'),
    target: text('must name a round or a table').regex(
      /^[a-z][a-z0-9-]{0,31}(\.[a-z0-9.-]{1,60})?$/,
      'must be the id of a round or of a table',
    ),
    reason: z.enum(VOID_REASONS, { error: `must be one of ${VOID_REASONS.join(', ')}` }),
  }),
  z.strictObject({ command: z.literal('maintenance.plan'), inMs: span, forMs: span, reason }),
  z.strictObject({ command: z.enum(['maintenance.show', 'maintenance.cancel', 'maintenance.end']) }),
  z.strictObject({ command: z.literal('books.audit') }),
  z.strictObject({ command: z.literal('audit.list'), limit }),
  z.strictObject({
    command: z.literal('audit.verify'),
    known: z
      .strictObject({
        seq: z.int().positive(),
        hash: text('must be 64 hex digits').regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits'),
      })
      .nullable(),
  }),
] as const
const names = variants.flatMap(({ shape: { command: name } }): string[] =>
  'options' in name ? name.options : [...name.values],
)
const command = z.discriminatedUnion('command', variants, {
  error: (issue) => (issue.code === 'invalid_union' ? `must be one of ${names.join(', ')}` : 'must be a JSON object'),
})
export type Command = z.output<typeof command>

/** The command that the value is, or which of its fields do not fit and why. */
export function readCommand(value: unknown): Command | { readonly why: string } {
  const read = command.safeParse(value)
  return read.success ? read.data : { why: problemsOf(read.error) }
}

/** What a name of who asks must be; the audit record keeps it as it is. */
export const ACTOR_RULE = 'must be 1 to 64 letters, digits, spaces and . _ @ -, a letter or digit first'
const actorName = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}._@ -]{0,63}$/u)

/** Who stands behind the shared token, as he says himself; null when that is no name. */
export function readActor(value: string): string | null {
  const read = actorName.safeParse(value.normalize('NFC'))
  return read.success ? read.data : null
}
