import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

/** What some test suites and the cluster need from the machine, and where Debian 12 puts it. */
const PACKAGES = [
  { name: 'chromium', file: '/usr/bin/chromium' },
  { name: 'postgresql-15', file: '/usr/lib/postgresql/15/bin/postgres' },
  { name: 'redis-server', file: '/usr/bin/redis-server' },
  { name: 'haproxy', file: '/usr/sbin/haproxy' },
  { name: 'openssl', file: '/usr/bin/openssl' },
] as const
export type DebianPackage = (typeof PACKAGES)[number]['name']

/**
 * Installs those of the Debian packages that are missing, where that is possible (Debian, as root), and answers which
 * still are. Never starts a service: Debian's own policy hook is told not to.
 */
export function installDebianPackages(
  wanted: readonly DebianPackage[] = PACKAGES.map(({ name }) => name),
): readonly DebianPackage[] {
  const missing = () =>
    PACKAGES.filter(({ name, file }) => wanted.includes(name) && !existsSync(file)).map(({ name }) => name)
  const names = missing()
  if (names.length > 0 && isDebianRoot()) {
    console.log(`Installing Debian packages: ${names.join(', ')} …`)
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
    const run = (args: string[]) =>
      execFileSync('apt-get', args, { env: environment, stdio: ['ignore', 'ignore', 'inherit'] })
    run(['update', '-qq'])
    run(['install', '-y', '-qq', '--no-install-recommends', ...names])
  }
  return missing()
}

function isDebianRoot(): boolean {
  return (
    process.getuid?.() === 0 &&
    existsSync('/etc/os-release') &&
    /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))
  )
}
