import { render } from 'preact'
import { App } from '../app/app.tsx'
import { startI18n, storedLanguage } from '../i18n/i18n.ts'
import { type FakeControls, fakeHouse } from './fake-house.ts'
import '../styles/app.css'

declare global {
  /** For whoever drives the harness: `house.table.drop(3000)` breaks the connection for three seconds. */
  var house: FakeControls
}

const asked = new URLSearchParams(window.location.search)
const script = (asked.get('numbers') ?? '17,0,32').split(',').map(Number)
globalThis.house = { table: null }
const root = document.getElementById('app')
if (root !== null) {
  await startI18n(storedLanguage())
  render(<App house={fakeHouse({ signedIn: !asked.has('out'), script }, globalThis.house)} build="" />, root)
}
