import { expect, test } from 'vitest'
import { openLog } from './log.ts'

function recorded() {
  const lines: string[] = []
  const log = openLog({ level: 'trace', destination: { write: (line) => void lines.push(line) } })
  return { log, lines, all: () => lines.join('') }
}

test('[OPS-6] planted secrets do not reach the log, by whatever way they come', () => {
  const { log, lines, all } = recorded()
  const ticket = 'planted-ticket-4f9a'
  log.info(
    { ticket, nested: { headers: { cookie: 'planted-cookie', Authorization: 'Bearer planted-bearer' } } },
    'joined',
  )
  log.info({ user: { email: 'planted@example.pe', name: 'Ana' } }, 'signed up planted@example.pe')
  log.warn({ url: `/lima/room?sessionId=planted-session&_authToken=${ticket}` }, `GET /x?ticket=${ticket} failed`)
  log.error({ err: new Error('connect postgres://casino:planted-password@db:5432/casino') }, 'database')
  log.error(new Error(`no bearer planted-bearer12 for planted@example.pe`, { cause: new Error(`token=${ticket}`) }))
  log.error(Object.assign(new Error('duplicate'), { detail: 'Key (email)=(planted@example.pe) exists', code: '23505' }))
  log.info({
    seedHex: 'planted-seed',
    list: [{ operatorToken: 'planted-token' }],
    map: new Map([['password', 'planted']]),
  })
  log.info('%s and %j', 'password: planted-argument', { apiKey: 'planted-key' })
  log.info({ secretsKey: Buffer.from('planted') }, 'settings')
  expect(lines).toHaveLength(9)
  expect(all()).not.toContain('planted')
  expect(all()).toContain('23505')
  expect(all()).toContain('"name":"Ana"')
})

test('[OPS-6] every line is one JSON object with level, time and message, whatever is logged', () => {
  const { log, lines } = recorded()
  const circle: Record<string, unknown> = { deep: {} }
  circle.self = circle
  log.info(
    { circle, big: 12n, fn: () => 1, long: 'x'.repeat(100_000), many: Array.from({ length: 1_000 }) },
    'odd\nthings',
  )
  log.fatal('plain')
  expect(lines).toHaveLength(2)
  for (const line of lines) expect(line.length).toBeLessThan(12_000)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', service: 'crupier', msg: 'odd\nthings', big: '12' })
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ level: 'fatal', msg: 'plain', time: expect.any(Number) })
})
