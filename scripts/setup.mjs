// Installs what is missing, so that `npm start` and `npm test` are each enough on a fresh machine. Plain JavaScript on
// purpose: it runs under whatever Node the machine has (20 or newer), before the project's own Node 24 is there.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync, utimesSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const lockfile = `${root}package-lock.json`
const marker = `${root}node_modules/.package-lock.json` // npm writes it at the end of a complete install

function installed() {
  return (
    existsSync(marker) &&
    existsSync(`${root}node_modules/.bin/node`) &&
    statSync(marker).mtimeMs >= statSync(lockfile).mtimeMs
  )
}

if (!installed()) {
  console.log('Installing packages (once, well under a minute on a usual connection) …')
  const { status, stdout, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status !== 0) {
    console.error(`${stdout}${stderr}\nInstalling the packages failed; npm's own message is above.`)
    process.exit(1)
  }
  const now = new Date()
  utimesSync(marker, now, now)
}
