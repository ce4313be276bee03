import { readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Download, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { closePages, keep, openChromium, visit } from './support/browser.ts'
import { RunningHouse } from './support/house.ts'
import { until } from './support/until.ts'

let house: RunningHouse
let browser: Browser
let roundId: string

beforeAll(async () => {
  house = await RunningHouse.open()
  browser = await openChromium()
  await house.openTable('corta', 'european', { pace: { bettingMs: 5_000, restMs: 5_000 } })
  roundId = await until('a round has ended', async () => {
    const { results } = await house.read<{ results: { roundId: string }[] }>('/api/tables/corta/results?limit=1')
    return results[0]?.roundId
  })
})

afterEach((context) => closePages(browser, context))

afterAll(async () => {
  await browser?.close()
  await house?.stop()
})

async function saved(download: Promise<Download>): Promise<string> {
  return (await download).path()
}

/** Gives the page a file, and answers its verdict. */
async function verdictOn(page: Page, path: string): Promise<string> {
  await page.locator('#file').setInputFiles(path)
  return (await page.locator('#result .verdict h2').textContent()) ?? ''
}

test('[U2 G1] a round that anyone may look up is verified at the table, and offline from its file', async () => {
  const { page, context, problems } = await visit(browser)
  await page.goto(`${house.url}/#/historial/${roundId}`)
  await page.getByRole('button', { name: 'Verificar ahora' }).click()
  await page.getByText('Todo coincide').waitFor()
  expect(await page.locator('.checks .check-bad').count()).toBe(0)
  expect(await page.locator('.checks .check-ok').count()).toBeGreaterThanOrEqual(13)
  const offered = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Descargar transcripción' }).click()
  const transcript = await saved(offered)

  const alone = await context.newPage()
  await alone.goto(`${house.url}/verify/`)
  await context.setOffline(true)
  expect(await verdictOn(alone, transcript)).toContain('Todo coincide')
  await keep(alone, 'desktop-verify-good')
  expect(problems).toEqual([])
})

const TAMPERED: readonly { readonly what: string; readonly change: (told: Told) => Told }[] = [
  {
    what: 'the outcome',
    change: (told) => ({
      ...told,
      ended: { ...told.ended, outcome: { pocket: (told.ended.outcome.pocket + 1) % 37 } },
    }),
  },
  {
    what: 'the seed',
    change: (told) => ({ ...told, ended: { ...told.ended, seedHex: flipped(told.ended.seedHex) } }),
  },
  {
    what: 'the commitment',
    change: (told) => ({ ...told, ended: { ...told.ended, commitmentHex: flipped(told.ended.commitmentHex) } }),
  },
  {
    what: 'the salt',
    change: (told) => ({ ...told, salted: { ...told.salted, saltHex: flipped(told.salted.saltHex) } }),
  },
]

test.each(TAMPERED)('[G1] a transcript in which somebody changed $what fails offline', async ({ change }) => {
  const { page, context } = await visit(browser)
  await page.goto(`${house.url}/verify/`)
  const told = await house.read<Told>(`/api/rounds/${roundId}/transcript`)
  const path = join(tmpdir(), `tampered-${process.pid}.json`)
  writeFileSync(path, JSON.stringify(change(told)))
  await context.setOffline(true)
  expect(await verdictOn(page, path)).toContain('Algo no coincide')
  await keep(page, 'desktop-verify-bad')
})

test('[G1] the verification page is saved as one file, and that file verifies without any server', async () => {
  const { page, context } = await visit(browser)
  await page.goto(`${house.url}/verify/`)
  const offered = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Guardar esta página' }).click()
  const copy = join(tmpdir(), `verify-${process.pid}.html`)
  writeFileSync(copy, readFileSync(await saved(offered)))
  const transcript = join(tmpdir(), `transcript-${process.pid}.json`)
  writeFileSync(transcript, JSON.stringify(await house.read(`/api/rounds/${roundId}/transcript`)))
  await context.setOffline(true)
  await page.goto(`file://${copy}`)
  expect(await verdictOn(page, transcript)).toContain('Todo coincide')
})

/** The parts of a transcript that the test changes. */
type Told = {
  readonly ended: {
    readonly outcome: { readonly pocket: number }
    readonly seedHex: string
    readonly commitmentHex: string
  }
  readonly salted: { readonly saltHex: string }
}

/** Another hexadecimal text of the same length. */
function flipped(hex: string): string {
  return `${hex.startsWith('0') ? '1' : '0'}${hex.slice(1)}`
}
