import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

/** What some test suites need from the machine, and where Debian 12 puts it. */
const PACKAGES = [
  { name: 'chromium', file: '/usr/bin/chromium' },
  { name: 'postgresql-15', file: '/usr/lib/postgresql/15/bin/postgres' },
  { name: 'redis-server', file: '/usr/bin/redis-server' },
  { name: 'openssl', file: '/usr/bin/openssl' },
] as const

/**
 * Installs the Debian packages that tests need where that is possible (Debian, as root), and answers what is still
 * missing. Never starts a service: Debian's own policy hook is told not to.
 */
export function installDebianPackages(): readonly string[] {
  const missing = PACKAGES.filter(({ file }) => !existsSync(file))
  if (missing.length > 0 && isDebianRoot()) {
    const names = missing.map(({ name }) => name)
    console.log(`Installing Debian packages for the tests: ${names.join(', ')} …`)
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
    const run = (args: string[]) =>
      execFileSync('apt-get', args, { env: environment, stdio: ['ignore', 'ignore', 'inherit'] })
    run(['update', '-qq'])
    run(['install', '-y', '-qq', '--no-install-recommends', ...names])
  }
  return PACKAGES.filter(({ file }) => !existsSync(file)).map(({ name }) => name)
}

function isDebianRoot(): boolean {
  return (
    process.getuid?.() === 0 &&
    existsSync('/etc/os-release') &&
    /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))
  )
}
