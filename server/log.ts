import { type DestinationStream, type Logger, pino } from 'pino'

export type Log = Pick<Logger, 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'>

const HIDDEN = '[hidden]'
/** Names of fields that may carry a secret or a person, wherever they stand. */
const PRIVATE_FIELD = new RegExp(
  'secret|token|ticket|password|passwd|cookie|authorization|credential|e-?mail|seed|salt|signature|api-?key|keyhex$' +
    '|^(key|body|query|parameters)$',
  'i',
)
const MAX_DEPTH = 6
const MAX_ITEMS = 50
const MAX_TEXT = 4_000

/**
 * The house's log: one JSON object per line, on standard output unless told otherwise. Whatever is logged is cleaned
 * first: fields that may carry a secret are hidden by name, and addresses in texts lose passwords, queries and e-mails
 * (OPS-6).
 */
export function openLog(options: { readonly level: string; readonly destination?: DestinationStream }): Log {
  const log = pino(
    {
      level: options.level,
      base: { service: 'crupier' },
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => clean(fields, 0) as Record<string, unknown>,
      },
      serializers: { err: (error: unknown) => error },
      hooks: {
        logMethod(args, method) {
          const [first, ...rest] = args as unknown[]
          // pino would write a bare error, and the message of one without a text, past the cleaning.
          const fields = first instanceof Error ? { err: first } : typeof first === 'string' ? cleanText(first) : first
          const texts = rest.map((item) => (typeof item === 'string' ? cleanText(item) : clean(item, 0)))
          const error = (fields as { err?: unknown } | null | undefined)?.err
          if (error instanceof Error && texts.length === 0) texts.push(cleanText(error.message))
          method.apply(this, [fields, ...texts] as Parameters<typeof method>)
        },
      },
    },
    options.destination ?? pino.destination({ dest: 1, sync: true }),
  )
  return log
}

/** The value without secrets, at a bounded depth and size. Never throws. */
export function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'function' || typeof value === 'symbol') return undefined
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (depth >= MAX_DEPTH) return '[deep]'
  if (value instanceof Error) return cleanError(value, depth)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => clean(item, depth + 1))
  const entries = value instanceof Map ? [...value.entries()] : Object.entries(value)
  const cleaned: Record<string, unknown> = {}
  for (const [name, item] of entries.slice(0, MAX_ITEMS)) {
    cleaned[String(name)] = PRIVATE_FIELD.test(String(name)) ? HIDDEN : clean(item, depth + 1)
  }
  return cleaned
}

/** An error by the fields that help; the database's `detail` and `where` hold values of rows, so they stay out. */
function cleanError(error: Error, depth: number): Record<string, unknown> {
  const { code, constraint, table } = error as { code?: unknown; constraint?: unknown; table?: unknown }
  return {
    type: error.name,
    message: cleanText(error.message),
    stack: cleanText(error.stack ?? ''),
    ...(code !== undefined && { code: clean(code, depth + 1) }),
    ...(constraint !== undefined && { constraint: clean(constraint, depth + 1) }),
    ...(table !== undefined && { table: clean(table, depth + 1) }),
    ...(error.cause !== undefined && { cause: clean(error.cause, depth + 1) }),
    ...(error instanceof AggregateError && { errors: clean(error.errors, depth + 1) }),
  }
}

function cleanText(text: string): string {
  return text
    .slice(0, MAX_TEXT)
    .replaceAll(/([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@]{1,500}@/gi, `$1${HIDDEN}@`)
    .replaceAll(/\?[^\s"')]{1,2000}=[^\s"')]{0,2000}/g, '?…')
    .replaceAll(/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${HIDDEN}`)
    .replaceAll(/[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63}){1,8}/g, '[e-mail]')
    .replaceAll(
      /\b((?:[\w-]{0,30}(?:token|secret|ticket|password|seed|cookie|key))["']?\s*[=:]\s*["']?)[^\s"',;&]{4,}/gi,
      `$1${HIDDEN}`,
    )
}
