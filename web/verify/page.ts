import { saveCopy } from './save.ts'
import { type Language, TEXTS, type Texts } from './texts.ts'
import type { Transcript } from './transcript.ts'
import { type Check, type Verdict, verify } from './verify.ts'

const RED = new Set([1, 3, 5, 7, 9, 12, 14, 16, 18, 19, 21, 23, 25, 27, 30, 32, 34, 36])
const SIGNS = { good: '✓', bad: '✗', unknown: '?' } as const
const MOST_BYTES = 1_000_000

/** What is on the page: the language, and the last thing that was checked (`null`: nothing; `'not-json'`: no JSON). */
let language: Language = navigator.language.startsWith('en') ? 'en' : 'es'
let shown: Verdict | 'not-json' | null = null

const form = part<HTMLFormElement>('form')
const paste = part<HTMLTextAreaElement>('paste')
const file = part<HTMLInputElement>('file')
const drop = part('drop')
const result = part('result')
const save = part<HTMLButtonElement>('save')

form.addEventListener('submit', (event) => {
  event.preventDefault()
  void check(paste.value)
})
file.addEventListener('change', () => void checkFile(file.files?.[0]))
for (const type of ['dragover', 'dragleave', 'drop'] as const) {
  drop.addEventListener(type, (event) => {
    event.preventDefault()
    drop.classList.toggle('over', type === 'dragover')
    if (type === 'drop') void checkFile(event.dataTransfer?.files[0])
  })
}
for (const button of document.querySelectorAll<HTMLButtonElement>('[data-language]')) {
  button.addEventListener('click', () => {
    language = button.dataset.language === 'en' ? 'en' : 'es'
    show()
  })
}
save.addEventListener('click', () => {
  void saveCopy(document).then(
    () => {
      part('saved').textContent = TEXTS[language].saved
    },
    (error: unknown) => {
      part('saved').textContent = String(error)
    },
  )
})
// A copy that runs from a file is saved already.
save.hidden = location.protocol === 'file:'
show()

async function checkFile(chosen: File | undefined): Promise<void> {
  if (chosen === undefined) return
  part('chosen').textContent = chosen.name
  await check(chosen.size > MOST_BYTES ? '' : await chosen.text())
}

async function check(text: string): Promise<void> {
  let value: unknown
  try {
    value = JSON.parse(text)
    shown = await verify(value)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    shown = 'not-json'
  }
  show()
  result.focus()
}

function show(): void {
  const texts = TEXTS[language]
  document.documentElement.lang = texts.locale
  document.title = texts.title
  for (const element of document.querySelectorAll<HTMLElement>('[data-text]')) {
    const text = texts[element.dataset.text as keyof Texts]
    if (typeof text === 'string') element.textContent = text
  }
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-language]')) {
    button.setAttribute('aria-pressed', String(button.dataset.language === language))
  }
  if (shown === 'not-json') result.replaceChildren(make('p', 'verdict bad', texts.notJson))
  else if (shown !== null) result.replaceChildren(...verdictOf(shown, texts))
}

function verdictOf({ state, checks, transcript }: Verdict, texts: Texts): Element[] {
  const head = make('div', `verdict ${state}`)
  head.append(make('h2', '', `${SIGNS[state]} ${texts.verdict[state]}`), make('p', '', texts.meaning[state]))
  const list = make('ol', 'checks')
  list.append(...checks.map((one) => checkOf(one, texts)))
  return transcript === null ? [head, list] : [head, summaryOf(transcript, texts), list, ...moreOf(transcript, texts)]
}

function checkOf({ id, state, found }: Check, texts: Texts): Element {
  const { name, why } = texts.checks[id]
  const item = make('li', state)
  const sign = make('span', 'sign', SIGNS[state])
  sign.setAttribute('aria-hidden', 'true')
  const words = make('div', '')
  const title = make('h3', '', name)
  title.append(make('span', 'state', texts.state[state]))
  words.append(title, make('p', '', why))
  if (found !== '') {
    const details = make('p', 'found')
    details.append(`${texts.found}: `, make('code', '', found))
    words.append(details)
  }
  item.append(sign, words)
  return item
}

function summaryOf({ ended }: Transcript, texts: Texts): Element {
  const when = new Intl.DateTimeFormat(texts.locale, {
    dateStyle: 'long',
    timeStyle: 'medium',
    timeZone: 'America/Lima',
  })
  const panel = make('div', 'panel summary')
  const facts = make('dl', '')
  const rows: readonly (readonly [string, string])[] = [
    [texts.round, ended.roundId],
    [texts.table, ended.tableId],
    [texts.series, ended.seriesId],
    [texts.opened, when.format(ended.openedAtMs)],
    [texts.ended, when.format(ended.endedAtMs)],
  ]
  for (const [term, fact] of rows) facts.append(make('dt', '', term), make('dd', '', fact))
  panel.append(pocketOf(ended, texts), facts)
  return panel
}

/** The pocket as it looks on the wheel; of other games, the outcome as it is written. */
function pocketOf({ outcome, how }: Transcript['ended'], texts: Texts): Element {
  const figure = make('figure', 'pocket')
  const caption = make('figcaption', '', how === 'void' ? texts.voided : texts.result)
  const pocket = typeof outcome === 'object' && outcome !== null && 'pocket' in outcome ? outcome.pocket : null
  if (pocket === null) {
    figure.append(make('code', '', JSON.stringify(outcome)), caption)
    return figure
  }
  const colour = pocket === 0 || pocket === '00' ? 'green' : RED.has(Number(pocket)) ? 'red' : 'black'
  const ball = make('span', `ball ${colour}`, String(pocket))
  ball.setAttribute('role', 'img')
  ball.setAttribute('aria-label', `${texts.pocket} ${pocket}, ${texts[colour]}`)
  figure.append(ball, caption)
  return figure
}

function moreOf({ committed, salted, contributions, log }: Transcript, texts: Texts): Element[] {
  const panel = make('div', 'panel')
  if (committed.beacon === null) panel.append(make('p', 'trust', texts.trusted))
  else {
    const beacon = make('p', '', `${texts.beacon} `)
    beacon.append(
      make('code', '', `${committed.beacon.source} ${committed.beacon.round}: ${salted.beacon?.randomnessHex}`),
    )
    panel.append(beacon)
  }
  panel.append(make('h2', '', texts.seeds))
  if (contributions.length === 0) panel.append(make('p', '', texts.noSeeds))
  else panel.append(seedsOf(contributions, texts))
  const key = make('p', '')
  key.append(make('code', '', log.key))
  panel.append(make('h2', '', texts.key), key, make('p', 'hint', texts.keyWhy), make('p', 'hint', texts.limits))
  return [panel]
}

function seedsOf(contributions: Transcript['contributions'], texts: Texts): Element {
  const table = make('table', '')
  const head = make('tr', '')
  for (const name of [texts.contributor, texts.seed]) {
    const cell = make('th', '', name)
    cell.setAttribute('scope', 'col')
    head.append(cell)
  }
  table.append(head)
  for (const { contributor, seed } of contributions) {
    const row = make('tr', '')
    const mark = make('td', '')
    mark.append(make('code', '', contributor))
    row.append(mark, make('td', '', seed))
    table.append(row)
  }
  return table
}

/** Text goes in as text, never as markup: a transcript may come from anybody. */
function make(tag: string, className: string, text = ''): HTMLElement {
  const element = document.createElement(tag)
  if (className !== '') element.className = className
  element.textContent = text
  return element
}

function part<E extends HTMLElement = HTMLElement>(id: string): E {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`the page has no ${id}`)
  return element as E
}
