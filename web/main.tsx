import { render } from 'preact'
import { App } from './app/app.tsx'
import { realHouse } from './app/real-house.ts'
import { startI18n, storedLanguage } from './i18n/i18n.ts'
import './styles/app.css'

const root = document.getElementById('app')
if (root !== null) {
  await startI18n(storedLanguage())
  root.replaceChildren()
  render(<App house={realHouse()} build={import.meta.env.VITE_BUILD ?? ''} />, root)
}
