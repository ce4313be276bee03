import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM, keep, openChromium, PHONE, type VisitOptions, visit } from '../../e2e/support/browser.ts'
import { inlined } from './save.ts'

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }
/** As strict as the server's own policy. */
const POLICY = `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'`
const vectors = JSON.parse(readFileSync(new URL('../../docs/fairness-vectors.json', import.meta.url), 'utf8')) as {
  transcripts: Record<string, { ended: { outcome: unknown } }>
}

test('[FAI-24] a saved copy is whole: nothing in it points outside, and its program cannot end early', () => {
  const html =
    '<html><head><link rel="x" href="y"></head><body><script type="module" src="/a.js"></script></body></html>'
  const copy = inlined(html, "const s = '</script>$&'", 'a { color: red }')
  expect(copy).not.toMatch(/src=|href=/)
  expect(copy.match(/<\/script/g)).toHaveLength(1)
  expect(copy).toContain("const s = '<\\/script>$&'")
  expect(copy).toContain('<style>a { color: red }</style>')
})

describe.runIf(existsSync(CHROMIUM))('in Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'verify-page-'))
  let server: Server
  let browser: Browser
  let address: string
  const transcriptFile = (name: string, change: (text: string) => string = (text) => text) => {
    const path = join(folder, `${name}.json`)
    writeFileSync(path, change(JSON.stringify(vectors.transcripts[name])))
    return path
  }

  beforeAll(async () => {
    const root = fileURLToPath(new URL('..', import.meta.url))
    await build({
      configFile: false,
      logLevel: 'error',
      root,
      build: {
        outDir: join(folder, 'web'),
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        rolldownOptions: { input: join(root, 'verify/index.html') },
      },
    })
    server = createServer(({ url = '/' }, response) => {
      const file = join(folder, 'web', url.endsWith('/') ? `${url}index.html` : url)
      const found = existsSync(file)
      const type = TYPES[extname(file)] ?? 'text/plain'
      response.writeHead(found ? 200 : 404, { 'content-type': type, 'content-security-policy': POLICY })
      response.end(found ? readFileSync(file) : '')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/verify/`
    browser = await openChromium()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await new Promise((resolve) => server.close(resolve))
    rmSync(folder, { recursive: true })
  })

  async function open(options: VisitOptions = {}) {
    const visitor = await visit(browser, options)
    await visitor.page.goto(address)
    return visitor
  }

  async function seriousFaults(page: Page): Promise<string[]> {
    await page.evaluate(readFileSync('node_modules/axe-core/axe.min.js', 'utf8'))
    return page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; help: string }[] }> }
      }
      return (await axe.run()).violations.map(({ id, help }) => `${id}: ${help}`)
    })
  }

  test('[FAI-24] a chosen file is verified and its pocket shown, in Spanish and in English', async () => {
    const { page, problems, context } = await open()
    await page.setInputFiles('#file', transcriptFile('settled'))
    await page.getByRole('heading', { name: 'Todo coincide' }).waitFor()
    const { pocket } = vectors.transcripts.settled?.ended.outcome as { pocket: number }
    expect(await page.getByRole('img').getAttribute('aria-label')).toMatch(
      new RegExp(`^Casilla ${pocket}, (rojo|negro|verde)$`),
    )
    expect(await page.locator('.checks li.good').count()).toBe(13)
    expect(await page.locator('.checks li').count()).toBe(13)
    expect(await page.locator('.trust').count()).toBe(1)
    await keep(page, 'verify-desktop-es')
    expect(await seriousFaults(page)).toEqual([])
    await page.getByRole('button', { name: 'English' }).click()
    await page.getByRole('heading', { name: 'Everything matches' }).waitFor()
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('en')
    expect(await page.locator('body').innerText()).not.toContain('Coincide')
    expect(problems).toEqual([])
    await context.close()
  })

  test('[FAI-7] a changed transcript is told apart, with the checks that failed, by keyboard on a phone', async () => {
    const { page, problems, context } = await open({ phone: true })
    const text = readFileSync(transcriptFile('doubleZero'), 'utf8').replace(
      /"outcome":\{"pocket":[^}]*\}/,
      '"outcome":{"pocket":"00"}',
    )
    await page.locator('#paste').fill(text)
    await page.getByRole('button', { name: 'Verificar' }).press('Enter')
    await page.getByRole('heading', { name: 'Algo no coincide' }).waitFor()
    expect(await page.locator('.checks li.bad h3').allInnerTexts()).toHaveLength(2)
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('result')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(PHONE.width)
    await keep(page, 'verify-phone-bad')
    expect(await seriousFaults(page)).toEqual([])
    expect(problems).toEqual([])
    await context.close()
  })

  test('[FAI-7] a void round, a beacon and nonsense each say what they are', async () => {
    const { page, problems, context } = await open()
    await page.setInputFiles('#file', transcriptFile('void'))
    await page.getByText('Ronda anulada; esto habría salido').waitFor()
    await page.setInputFiles('#file', transcriptFile('beacon'))
    await page.getByText('Esta serie usó un faro público').waitFor()
    expect(await page.locator('.trust').count()).toBe(0)
    await page.getByText('Nadie aportó una semilla').waitFor()
    await page.locator('#paste').fill('not JSON')
    await page.getByRole('button', { name: 'Verificar' }).click()
    await page.getByText('Esto no es una transcripción').waitFor()
    await page.locator('#paste').fill('{}')
    await page.getByRole('button', { name: 'Verificar' }).click()
    await page.getByRole('heading', { name: 'Algo no coincide' }).waitFor()
    expect(problems).toEqual([])
    await context.close()
  })

  test('[FAI-24] the saved copy verifies from a file, offline, and asks nobody', async () => {
    const { page, problems, context } = await open()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Guardar esta página' }).click(),
    ])
    const copy = join(folder, 'verify.html')
    await download.saveAs(copy)
    await context.close()
    const alone = await visit(browser)
    const asked: string[] = []
    alone.page.on('request', (request) => asked.push(request.url()))
    await alone.context.setOffline(true)
    await alone.page.goto(pathToFileURL(copy).href)
    await alone.page.setInputFiles('#file', transcriptFile('oneRound'))
    await alone.page.getByRole('heading', { name: 'Todo coincide' }).waitFor()
    expect(await alone.page.getByRole('button', { name: 'Guardar esta página' }).isVisible()).toBe(false)
    expect(asked.filter((url) => !url.startsWith('file:') && !url.startsWith('data:'))).toEqual([])
    expect([...problems, ...alone.problems]).toEqual([])
    await alone.context.close()
  })
})
