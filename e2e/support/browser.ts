import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import type { TestContext } from 'vitest'

const ARTIFACTS = fileURLToPath(new URL('../../artifacts/e2e', import.meta.url))
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
export const DESKTOP = { width: 1440, height: 900 }
export const PHONE = { width: 390, height: 844 }
const ACTION_MS = 15_000

/** Chromium without a GPU and without anything that speaks to the network by itself. */
export function openChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync'],
    ],
  })
}

export type Visit = {
  readonly context: BrowserContext
  readonly page: Page
  /** Console errors and warnings, violations of the page's policy, exceptions: what no page of the house may have. */
  readonly problems: readonly string[]
}
export type VisitOptions = { readonly viewport?: { width: number; height: number }; readonly phone?: boolean }

/** A browser of somebody's own, far from Lima, so that a time that is shown in the device's zone is seen at once. */
export async function visit(browser: Browser, options: VisitOptions = {}): Promise<Visit> {
  const phone = options.phone ?? false
  const context = await browser.newContext({
    viewport: options.viewport ?? (phone ? PHONE : DESKTOP),
    hasTouch: phone,
    isMobile: phone,
    locale: 'es-PE',
    timezoneId: 'Asia/Tokyo',
    acceptDownloads: true,
  })
  context.setDefaultTimeout(ACTION_MS)
  const page = await context.newPage()
  const problems: string[] = []
  page.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type())) return
    // The browser itself writes a line for every answer of 401, which is how the API says that nobody is signed in.
    if (/status of 401/.test(message.text()) && /\/api\/me$/.test(message.location().url)) return
    problems.push(`${message.type()}: ${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', (error) => problems.push(`exception: ${error.stack ?? error.message}`))
  return { context, page, problems }
}

/** Keeps what the page looks like, under `artifacts/e2e`. */
export async function keep(page: Page, name: string): Promise<void> {
  mkdirSync(ARTIFACTS, { recursive: true })
  await page.screenshot({ path: join(ARTIFACTS, `${name}.png`) })
}

/** Closes every page after a test, and keeps what they look like when it failed. */
export async function closePages(browser: Browser, { task }: TestContext): Promise<void> {
  const failed = task.result?.state === 'fail'
  for (const [i, context] of browser.contexts().entries()) {
    const [page] = context.pages()
    if (failed && page !== undefined) await keep(page, `failed-${task.id}-${i}`)
    await context.close()
  }
}
