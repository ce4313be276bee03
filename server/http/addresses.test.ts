import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { addressKey, clientAddress, clientKey } from './addresses.ts'

function from(remoteAddress: string, forwardedFor?: string): IncomingMessage {
  const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage
}

test('[HTTP-6 FOV-119] a socket comes from its connection, or from where listed proxies say, the nearest first', () => {
  const ofNobody = clientAddress([])
  expect(ofNobody(from('127.0.0.1', '192.0.2.1'))).toBe('127.0.0.1')
  const addressOf = clientAddress(['127.0.0.1', '10.0.0.0/8'])
  expect(addressOf(from('198.51.100.1', '192.0.2.1'))).toBe('198.51.100.1')
  expect(addressOf(from('127.0.0.1', '192.0.2.1'))).toBe('192.0.2.1')
  expect(addressOf(from('::ffff:127.0.0.1', 'forged, 192.0.2.1 , 10.1.2.3'))).toBe('192.0.2.1')
  expect(addressOf(from('127.0.0.1'))).toBe('127.0.0.1')
  expect(addressOf(from('127.0.0.1', '10.0.0.1, 10.0.0.2'))).toBe('10.0.0.1')
})

test('[FOV-119] the addresses of one IPv6 customer count as one', () => {
  expect(addressKey('2001:db8::1')).toBe(addressKey('2001:db8:0:0:ffff::9'))
  expect(clientKey(['::1'])(from('::1', '2001:db8::7'))).toBe(addressKey('2001:db8::1'))
  expect(addressKey('2001:db8::1')).not.toBe(addressKey('2001:db8:0:1::1'))
})
