import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** A test for addresses within the given addresses and CIDR ranges. */
export function addressList(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const range of ranges) {
    const [net = '', bits] = range.split('/')
    const kind = isIP(net) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(net, kind)
    else list.addSubnet(net, Number(bits), kind)
  }
  return (address) => {
    const plain = plainAddress(address)
    const kind = isIP(plain)
    return kind !== 0 && list.check(plain, kind === 6 ? 'ipv6' : 'ipv4')
  }
}

/** An IPv4 address that came over an IPv6 socket, as IPv4. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
}

/** What a budget is counted by: an IPv4 address, or the /64 that one IPv6 customer has. */
export function addressKey(address: string): string {
  const plain = plainAddress(address)
  if (isIP(plain) !== 6) return plain
  const [head = '', tail = ''] = plain.split('::')
  const start = head === '' ? [] : head.split(':')
  const end = tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - start.length - end.length) }, () => '0')
  return `${[...start, ...zeros, ...end].slice(0, 4).join(':')}::/64`
}

/** Where a request comes from: its connection, or what the proxies say of it that are believed, the nearest first. */
export function clientAddress(trustedProxies: readonly string[]): (request: IncomingMessage) => string {
  const isTrusted = addressList(trustedProxies)
  return ({ socket, headers }) => {
    const said = [headers['x-forwarded-for'] ?? []].flat().join(',')
    const hops = said.split(',').flatMap((hop) => (hop.trim() === '' ? [] : [hop.trim()]))
    let address = socket.remoteAddress ?? ''
    while (isTrusted(address)) {
      const before = hops.pop()
      if (before === undefined) break
      address = before
    }
    return address
  }
}

/** What the requests of a client are counted by. */
export function clientKey(trustedProxies: readonly string[]): (request: IncomingMessage) => string {
  const addressOf = clientAddress(trustedProxies)
  return (request) => addressKey(addressOf(request))
}
