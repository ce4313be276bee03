import type { Page } from 'playwright-core'

/** The number printed nearest to the ball, as an eye would read it off the wheel. */
export function numberAtBall(page: Page): Promise<string> {
  return page.evaluate(() => {
    const middle = (element: Element) => {
      const { left, top, width, height } = element.getBoundingClientRect()
      return { x: left + width / 2, y: top + height / 2 }
    }
    const ball = document.querySelector('.rw-ball')
    if (ball === null) return ''
    const at = middle(ball)
    let nearest = ''
    let least = Number.POSITIVE_INFINITY
    for (const number of document.querySelectorAll('.rw-number')) {
      const { x, y } = middle(number)
      const away = Math.hypot(x - at.x, y - at.y)
      if (away < least) [nearest, least] = [number.textContent?.trim() ?? '', away]
    }
    return nearest
  })
}

/** Where the ball is on the screen. */
export function ballPlace(page: Page): Promise<{ x: number; y: number }> {
  return page.locator('.rw-ball').evaluate((ball) => {
    const { x, y } = ball.getBoundingClientRect()
    return { x, y }
  })
}

export type Frames = { readonly fps: number; readonly p95Ms: number; readonly p99Ms: number; readonly worstMs: number }

/** Counts the frames that the page draws in `forMs` from now, and the time between them. */
export async function framesDrawn(page: Page, forMs: number): Promise<Frames> {
  const times = await page.evaluate(
    (lastsMs) =>
      new Promise<number[]>((resolve) => {
        const seen: number[] = []
        const frame = (atMs: number): void => {
          seen.push(atMs)
          if (atMs - (seen[0] ?? atMs) < lastsMs) requestAnimationFrame(frame)
          else resolve(seen)
        }
        requestAnimationFrame(frame)
      }),
    forMs,
  )
  const gaps = times.slice(1).map((atMs, i) => atMs - (times[i] ?? atMs))
  const sorted = gaps.toSorted((a, b) => a - b)
  const share = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
  const lasted = (times.at(-1) ?? 0) - (times[0] ?? 0)
  const rounded = (value: number) => Math.round(value * 10) / 10
  return {
    fps: rounded((gaps.length * 1000) / lasted),
    p95Ms: rounded(share(0.95)),
    p99Ms: rounded(share(0.99)),
    worstMs: rounded(sorted.at(-1) ?? 0),
  }
}
