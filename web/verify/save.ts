/**
 * Makes one file of the page, its style and its program, so that it works without a network or a server. The copy
 * forbids itself every connection. Rejects when a part cannot be read.
 */
export async function singleFile(page: Document, read: (address: string) => Promise<string>): Promise<string> {
  const script = page.querySelector<HTMLScriptElement>('script[type="module"][src]')
  const styles = [...page.querySelectorAll<HTMLLinkElement>('link[rel="stylesheet"]')]
  if (script === null) throw new Error('the page has no program of its own')
  const program = await read(script.src)
  const looks = (await Promise.all(styles.map(({ href }) => read(href)))).join('\n')
  return inlined(await read(page.location.href), program, looks)
}

/** The page's text with its program and style inside it instead of beside it. */
export function inlined(html: string, program: string, looks: string): string {
  const allowed = `default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'`
  const policy = `<meta http-equiv="Content-Security-Policy" content="${allowed}">`
  // A closing tag inside the program would end it early; in a string or a comment the backslash changes nothing.
  const safe = program.replaceAll('</script', '<\\/script')
  return html
    .replace(/<script\b[^>]*\bsrc=[^>]*><\/script>/g, '')
    .replace(/<link\b[^>]*>/g, '')
    .replace('<head>', () => `<head>\n${policy}\n<style>${looks}</style>`)
    .replace('</body>', () => `<script type="module">${safe}</script>\n</body>`)
}

/** Offers the single file as a download. */
export async function saveCopy(page: Document): Promise<void> {
  const html = await singleFile(page, async (address) => {
    const answer = await fetch(address)
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`)
    return answer.text()
  })
  const link = page.createElement('a')
  link.href = URL.createObjectURL(new Blob([html], { type: 'text/html' }))
  link.download = 'verify.html'
  link.click()
  URL.revokeObjectURL(link.href)
}
