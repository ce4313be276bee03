/** A position in the WAL as PostgreSQL writes it (`16/B374D848`), as a number that can be compared. */
export function lsnOf(text: string): bigint {
  const [high = '', low = ''] = text.split('/')
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
}

const SEGMENT = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(\.gz|\.partial)?$/

/** A file of the WAL: `name` without what is added to it. Null for anything else, such as a timeline's history. */
export function segmentOf(file: string): { name: string; place: string; kind: 'whole' | 'packed' | 'partial' } | null {
  const found = SEGMENT.exec(file)
  if (found === null) return null
  const [, timeline = '', high = '', low = '', tail] = found
  const kind = tail === '.gz' ? 'packed' : tail === '.partial' ? 'partial' : 'whole'
  // Which timeline it is of says nothing of how old it is.
  return { name: `${timeline}${high}${low}`, place: `${high}${low}`, kind }
}

/** Name of the segment in which the position lies, for segments of `segmentBytes`. */
export function segmentName(timeline: number, lsn: bigint, segmentBytes: number): string {
  const hex = (n: bigint): string => n.toString(16).toUpperCase().padStart(8, '0')
  const number = lsn / BigInt(segmentBytes)
  const perFile = 0x1_0000_0000n / BigInt(segmentBytes)
  return `${hex(BigInt(timeline))}${hex(number / perFile)}${hex(number % perFile)}`
}
