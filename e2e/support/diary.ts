import type { Page } from 'playwright-core'

/** What the page said at a moment: what stands between the player and betting, news of the table, and the phase. */
export type Entry = {
  readonly atMs: number
  readonly alert: string
  readonly status: string
  /** As `TablePage.phase` words it. */
  readonly phase: string
}

/**
 * Notes in the page itself what it says of its table, so that words are not missed that stood for a blink only. The
 * notes are lost when the page is loaded anew, and that is how a test knows.
 */
export class Diary {
  readonly #page: Page

  private constructor(page: Page) {
    this.#page = page
  }

  /** Begins on a page that shows its table. */
  static async on(page: Page): Promise<Diary> {
    await page.evaluate(() => {
      const entries: Entry[] = []
      Object.assign(window, { diary: entries })
      const said = (what: string) => document.querySelector(what)?.textContent?.trim() ?? ''
      const look = (): void => {
        const next = {
          alert: said('.link-banners > [role="alert"]'),
          status: said('.link-banners > [role="status"]'),
          phase: /phase-(\S+)/.exec(document.querySelector('.phase')?.className ?? '')?.[1] ?? '',
        }
        const last = entries.at(-1)
        const same = last?.alert === next.alert && last.status === next.status && last.phase === next.phase
        if (!same) entries.push({ atMs: Date.now(), ...next })
      }
      look()
      new MutationObserver(look).observe(document.body, {
        ...{ childList: true, subtree: true, characterData: true },
        attributeFilter: ['class'],
      })
    })
    return new Diary(page)
  }

  /** Everything since `fromMs`, beginning with what stood then. Errors: rejects when the page was loaded anew. */
  async since(fromMs: number): Promise<readonly Entry[]> {
    const entries = await this.#page.evaluate(() => (window as unknown as { diary?: Entry[] }).diary ?? null)
    if (entries === null) throw new Error('the page was loaded anew')
    const before = entries.findLastIndex(({ atMs }) => atMs <= fromMs)
    return entries.slice(Math.max(0, before))
  }
}
