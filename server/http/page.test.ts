import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import express from 'express'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageRoutes, readPage } from './page.ts'

const SCRIPT = `export const text = ${JSON.stringify('chips '.repeat(500))}`
let dir: string
let port: number
let close: () => void
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'crupier-page-'))
  writeFileSync(join(dir, '..', 'crupier-outside.txt'), 'planted')
  mkdirSync(join(dir, 'assets'))
  writeFileSync(join(dir, 'index.html'), '<!doctype html><title>Crupier</title>')
  writeFileSync(join(dir, 'verify.html'), '<!doctype html><title>Verify</title>')
  writeFileSync(join(dir, '.secret'), 'planted')
  writeFileSync(join(dir, 'assets', 'table-B1c2D3e4.js'), SCRIPT)
  writeFileSync(join(dir, 'assets', 'table-B1c2D3e4.js.map'), 'planted')
  writeFileSync(join(dir, 'favicon.svg'), '<svg/>')
  const app = express()
  pageRoutes(app, readPage(dir))
  app.use((_request, response) => void response.status(404).json({ code: 'not-found' }))
  const server = app.listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  port = (server.address() as { port: number }).port
  close = () => server.close()
})
afterAll(() => {
  close()
  rmSync(dir, { recursive: true, force: true })
  rmSync(join(dir, '..', 'crupier-outside.txt'), { force: true })
})

type Got = { status: number; headers: Record<string, string | string[] | undefined>; body: Buffer }

/** Sends the path as it is written: `fetch` would tidy it first. */
function fetchRaw(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, method, headers, agent: false }, async (response) => {
      const body = Buffer.concat((await response.toArray()) as Buffer[])
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
    })
    request.once('error', reject)
  })
}

test('[HTTP-11] a name with a hash is cached for ever, all else is asked again', async () => {
  const script = await fetchRaw('/assets/table-B1c2D3e4.js')
  expect(script.headers['cache-control']).toBe('public, max-age=31536000, immutable')
  expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8')
  const page = await fetchRaw('/')
  expect(page.headers['cache-control']).toBe('no-cache')
  const again = await fetchRaw('/', { 'if-none-match': String(page.headers.etag) })
  expect([again.status, again.body.length]).toEqual([304, 0])
})

test('[HTTP-11] every text is sent as small as the client can read', async () => {
  const plain = await fetchRaw('/assets/table-B1c2D3e4.js')
  expect(plain.body.toString()).toBe(SCRIPT)
  const br = await fetchRaw('/assets/table-B1c2D3e4.js', { 'accept-encoding': 'gzip, deflate, br, zstd' })
  expect(br.headers['content-encoding']).toBe('br')
  expect(brotliDecompressSync(br.body).toString()).toBe(SCRIPT)
  const gzip = await fetchRaw('/assets/table-B1c2D3e4.js', { 'accept-encoding': 'gzip' })
  expect(gzip.headers['content-encoding']).toBe('gzip')
  expect(gunzipSync(gzip.body).toString()).toBe(SCRIPT)
  expect(new Set([plain, br, gzip].map(({ headers }) => headers.etag)).size).toBe(3)
  const head = await fetchRaw('/assets/table-B1c2D3e4.js', { 'accept-encoding': 'br' }, 'HEAD')
  expect([head.body.length, head.headers['content-length']]).toEqual([0, String(br.body.length)])
})

test('[HTTP-11] an address that a person may open shows the page; /verify shows its own', async () => {
  for (const path of ['/', '/mesa/lima', '/historial', '/mesa/lima/']) {
    expect([path, (await fetchRaw(path)).body.toString()]).toEqual([path, expect.stringContaining('Crupier')])
  }
  expect((await fetchRaw('/verify')).body.toString()).toContain('Verify')
})

test('[HTTP-11] nothing but the built page is ever sent', async () => {
  for (const path of [
    '/../crupier-outside.txt',
    '/..%2fcrupier-outside.txt',
    '/%2e%2e/crupier-outside.txt',
    '/assets/../../crupier-outside.txt',
    '//etc/passwd',
    '/.secret',
    '/assets/table-B1c2D3e4.js.map',
    '/assets/old-AAAAAAAA.js',
    '/api/nothing',
    '/operator/api/nothing',
    '/missing.png',
    '/__proto__',
    '/constructor',
  ]) {
    const { body } = await fetchRaw(path)
    expect([path, body.includes('planted')]).toEqual([path, false])
  }
  for (const path of ['/assets/old-AAAAAAAA.js', '/api/nothing', '/operator/api/nothing', '/missing.png', '/.secret']) {
    expect([path, (await fetchRaw(path)).status]).toEqual([path, 404])
  }
})

test('[HTTP-11] a folder without a page is refused at start', () => {
  expect(() => readPage(join(dir, 'assets'))).toThrow('build the page first')
  expect(() => readPage(join(dir, 'nowhere'))).toThrow()
})
