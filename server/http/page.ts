import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Express, Request, Response } from 'express'

type Encoding = 'br' | 'gzip' | 'identity'
type PageFile = {
  readonly type: string
  readonly cacheControl: string
  readonly etag: string
  readonly bodies: ReadonlyMap<Encoding, Buffer>
}
/** The built page in memory, by address. Nothing else can be asked for, so no path leads out of the folder. */
export type Page = ReadonlyMap<string, PageFile>

const SMALLEST_FIRST = ['br', 'gzip'] as const
const MOST_FILES = 2_000
const MOST_BYTES = 64 * 1024 * 1024
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
  '.wav': 'audio/wav',
}
const COMPRESSED = /^(text\/|application\/|image\/svg)/
/** Names that carry a hash of their content never change it. */
const HASHED_NAME = /^\/assets\/.+-[\w-]{8,}\.\w+$/
/** Addresses that belong to programs; a mistake there is answered with a code, not with the page. */
const NOT_THE_PAGE = /^\/(api|operator|matchmake|metrics|healthz|readyz|assets)(\/|$)/

/** Reads the built page. Errors: throws when the folder is missing, or is no page that fits in memory. */
export function readPage(dir: string): Page {
  const page = new Map<string, PageFile>()
  let bytes = 0
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.startsWith('.') || /\.(br|gz|map)$/.test(entry.name)) continue
    const path = join(entry.parentPath, entry.name)
    bytes += statSync(path).size
    if (page.size >= MOST_FILES || bytes > MOST_BYTES) throw new Error(`${dir} is no page: it is too large`)
    page.set(`/${relative(dir, path).split(sep).join('/')}`, readPageFile(path, `/${relative(dir, path)}`))
  }
  if (!page.has('/index.html')) throw new Error(`${dir} has no index.html: build the page first`)
  return page
}

/** The page's files, and `index.html` for every other address that a person may open (`/verify`, `/mesa/lima`). */
export function pageRoutes(app: Express, page: Page): void {
  app.get('/{*path}', (request, response, next) => {
    const file = fileFor(page, request)
    if (file === null) return next()
    sendFile(request, response, file)
  })
}

function fileFor(page: Page, request: Request): PageFile | null {
  const { path } = request
  const exact = page.get(path) ?? page.get(`${path}.html`) ?? page.get(`${path.replace(/\/$/, '')}/index.html`)
  if (exact !== undefined) return exact
  if (NOT_THE_PAGE.test(path) || /\.[^/]*$/.test(path) || !request.accepts('html')) return null
  return page.get('/index.html') ?? null
}

function readPageFile(path: string, address: string): PageFile {
  const plain = readFileSync(path)
  const type = TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream'
  const bodies = new Map<Encoding, Buffer>([['identity', plain]])
  if (COMPRESSED.test(type) && plain.length > 500) {
    bodies.set('br', brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }))
    bodies.set('gzip', gzipSync(plain, { level: 9 }))
  }
  const hash = createHash('sha256').update(plain).digest('base64url').slice(0, 27)
  const cacheControl = HASHED_NAME.test(address) ? 'public, max-age=31536000, immutable' : 'no-cache'
  return { type, cacheControl, etag: hash, bodies }
}

function sendFile(request: Request, response: Response, file: PageFile): void {
  const chosen = SMALLEST_FIRST.find((name) => file.bodies.has(name) && request.acceptsEncodings(name)) ?? 'identity'
  const etag = `"${file.etag}-${chosen}"`
  response.set({ 'content-type': file.type, 'cache-control': file.cacheControl, etag, vary: 'accept-encoding' })
  if (chosen !== 'identity') response.set('content-encoding', chosen)
  if (request.headers['if-none-match']?.includes(etag) === true) return void response.status(304).end()
  const body = file.bodies.get(chosen) ?? Buffer.alloc(0)
  response.set('content-length', String(body.length))
  response.end(request.method === 'HEAD' ? undefined : body)
}
