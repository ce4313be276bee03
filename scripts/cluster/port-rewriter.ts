/**
 * Exchanges ports in what a Redis Sentinel says, so that whoever asks it comes by way of the proxies. A port takes as
 * many digits as the one that stands for it, so no length in the protocol changes.
 * Errors: throws on ports of different lengths.
 */
export function portRewriter(ports: ReadonlyMap<number, number>): (answer: Buffer) => Buffer {
  const pairs = [...ports].map(([from, to]) => [String(from), String(to)] as const)
  for (const [from, to] of pairs) {
    if (from.length !== to.length) throw new Error(`port ${to} cannot stand for ${from}: it has other digits`)
  }
  const names = new Map(pairs)
  const anyPort = new RegExp(`(?<!\\d)(?:${pairs.map(([from]) => from).join('|')})(?!\\d)`, 'g')
  let held = ''
  return (answer) => {
    // latin1 keeps every byte as one character.
    const text = held + answer.toString('latin1')
    // A number at the end may go on in the next piece; a whole answer ends with a line break.
    const tail = /\d{1,5}$/.exec(text)?.[0] ?? ''
    held = tail
    const whole = text.slice(0, text.length - tail.length)
    return Buffer.from(
      whole.replace(anyPort, (port) => names.get(port) ?? port),
      'latin1',
    )
  }
}
