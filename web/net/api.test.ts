import { expect, test } from 'vitest'
import { ApiError, httpApi } from './api.ts'

function answering(status: number, body: unknown): { api: ReturnType<typeof httpApi>; asked: string[] } {
  const asked: string[] = []
  const api = httpApi(async (path, init) => {
    asked.push(`${init?.method} ${path} ${init?.body ?? ''}`.trim())
    return new Response(JSON.stringify(body), { status })
  })
  return { api, asked }
}

test('[WEB-15] a refusal of the server keeps its code and status', async () => {
  const { api } = answering(403, { code: 'play-money-off', message: 'no' })
  await expect(api.playMoney('id', 100)).rejects.toMatchObject({ status: 403, code: 'play-money-off' })
})

test('[WEB-15] a server that cannot be reached is an error of its own, not a crash', async () => {
  const api = httpApi(() => Promise.reject(new TypeError('fetch failed')))
  await expect(api.tables()).rejects.toMatchObject({ status: 0, code: 'unreachable' })
})

test('[WEB-15] an answer that is not JSON is a coded error too', async () => {
  const api = httpApi(async () => new Response('<h1>Bad gateway</h1>', { status: 502 }))
  await expect(api.tables()).rejects.toMatchObject({ status: 502, code: 'http-502' })
})

test('[WEB-15] nobody signed in is no error; a broken server is', async () => {
  expect(await answering(401, { code: 'signed-out' }).api.me()).toBeNull()
  await expect(answering(500, {}).api.me()).rejects.toBeInstanceOf(ApiError)
})

test('[WEB-16] a server that does not tell its version or house is tolerated', async () => {
  const { api } = answering(404, {})
  expect([await api.build(), await api.house()]).toEqual([null, null])
})

test('[WEB-15] ids are escaped in addresses', async () => {
  const { api, asked } = answering(200, {})
  await api.round('a/../b?c')
  await api.rounds('x&y', 20)
  expect(asked).toEqual(['GET /api/me/rounds/a%2F..%2Fb%3Fc', 'GET /api/me/rounds?limit=20&before=x%26y'])
})
