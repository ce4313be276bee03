import pg from 'pg'

const INT8 = 20
const INT8_ARRAY = 1016

/** A Postgres bigint as a number. Errors: throws beyond 2^53 - 1, where a number would silently be another amount. */
export function readInt8(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new Error(`bigint ${text} does not fit a safe integer`)
  return value
}

function readInt8Array(text: string): (number | null)[] {
  if (text === '{}') return []
  return text
    .slice(1, -1)
    .split(',')
    .map((item) => (item === 'NULL' ? null : readInt8(item)))
}

/** The value parsers of every pool, on either database: bigint is a checked number, all else as `pg` has it. */
export const valueParsers: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8) return readInt8
    if (oid === INT8_ARRAY) return readInt8Array
    return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text')
  }) as typeof pg.types.getTypeParser,
}
