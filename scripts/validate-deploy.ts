/**
 * `node scripts/validate-deploy.ts [--only step,…]`: looks at everything under deploy/ as the programs that read it
 * would, with none of them running. Prints one line of JSON last; exit code 1 when anything is wrong.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type ComposeProject, composeProblems } from '../deploy/validate/compose-promises.ts'
import { buildContext, missingSources, readDockerfile } from '../deploy/validate/dockerfile.ts'
import { tryImage } from '../deploy/validate/image.ts'
import { type KubernetesObject, kubernetesProblems } from '../deploy/validate/kubernetes-promises.ts'
import { ensureTools, type Tools } from '../deploy/validate/tools.ts'
import { freePort } from './cluster/ports.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const deploy = join(root, 'deploy')
const chart = join(deploy, 'helm/crupier')
const EXAMPLES = ['least', 'full'] as const
/** What compose.yaml does not start without; each is left out once. */
const COMPOSE_SECRETS = ['SECRETS_KEY', 'OPERATOR_TOKEN', 'POSTGRES_PASSWORD', 'REPLICATION_PASSWORD', 'REDIS_PASSWORD']
/** Values that the chart must refuse, and a word of the reason. */
const REFUSED: readonly (readonly [string, string])[] = [
  ['secretName=', 'secretName'],
  ['image.repository=', 'repository'],
  ['settings.SECRETS_KEY=x', 'SECRETS_KEY'],
  ['settings.DATABASE_URL=postgres://x', 'DATABASE_URL'],
  ['settings.CRASH_AT=draw.made', 'CRASH_AT'],
  ['settings.PUBLIC_URL=http://casino.example.pe', 'PUBLIC_URL'],
  ['settings.TRUSTED_PROXIES=', 'TRUSTED_PROXIES'],
  ['ingress.host=other.example.pe', 'ingress.host'],
  ['redis.url=redis://:password@redis', 'redis/url'],
  ['leaseMs=100', 'leaseMs'],
  ['drainSeconds=0', 'drainSeconds'],
  ['replica=4', 'replica'],
]

/** Throws with what the program said when it ends with another code than 0. */
function run(program: string, args: readonly string[], more: { input?: string; env?: NodeJS.ProcessEnv } = {}): string {
  try {
    const options = { cwd: deploy, encoding: 'utf8', stdio: 'pipe', maxBuffer: 64 << 20, ...more } as const
    return execFileSync(program, args, options)
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string }
    throw new Error(`${stdout}${stderr}`.trim() || String(cause), { cause })
  }
}

/** The reason why it fails. Errors: throws when it does not. */
function refusal(what: string, attempt: () => unknown): string {
  try {
    attempt()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  throw new Error(`${what} was not refused`)
}

function demand(problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(problems.join('\n'))
}

const dockerfileText = (): string => readFileSync(join(deploy, 'Dockerfile'), 'utf8')

function checkDockerfile({ hadolint }: Tools): string {
  for (const name of ['Dockerfile', 'Dockerfile.backup']) run(hadolint, [join(deploy, name)])
  const context = buildContext(root)
  demand(
    missingSources(readDockerfile(dockerfileText()), context).map(
      (source) => `COPY takes ${source}, which is not there`,
    ),
  )
  return `${context.length} files in the context`
}

async function checkImage(): Promise<string> {
  const { files, readyMs, rssMb, stopMs } = await tryImage(root, readDockerfile(dockerfileText()), await freePort())
  return `${files} files, ready after ${readyMs} ms with ${rssMb} MB, ended ${stopMs} ms after SIGTERM`
}

/** Settings as an operator would fill them in. */
function composeEnvironment(): NodeJS.ProcessEnv {
  const hex = 'ab'.repeat(32)
  const secrets = Object.fromEntries(COMPOSE_SECRETS.map((name) => [name, hex]))
  return {
    PATH: process.env.PATH,
    PUBLIC_URL: 'https://casino.example.pe',
    TLS_CERTIFICATE_FILE: '/dev/null',
    BACKUP_PLACE: '/second/place',
    ...secrets,
  }
}

function loadCompose({ deployCheck }: Tools, files: readonly string[], env = composeEnvironment()): ComposeProject {
  return JSON.parse(run(deployCheck, ['compose', ...files], { env })) as ComposeProject
}

function checkCompose(tools: Tools): string {
  const image = readDockerfile(dockerfileText()).stages.at(-1)?.env ?? {}
  const plain = loadCompose(tools, ['compose.yaml'])
  const withTls = loadCompose(tools, ['compose.yaml', 'compose.tls.yaml'])
  const withBackup = loadCompose(tools, ['compose.yaml', 'compose.backup.yaml'])
  for (const project of [plain, withTls, withBackup]) demand(composeProblems(project, deploy, image))
  if (withTls.services.balancer?.ports?.length !== 1) throw new Error('with TLS there is another door beside that one')
  for (const name of [...COMPOSE_SECRETS, 'PUBLIC_URL']) {
    const { [name]: _, ...env } = composeEnvironment()
    const reason = refusal(`a house without ${name}`, () => loadCompose(tools, ['compose.yaml'], env))
    if (!reason.includes(name)) throw new Error(`without ${name} it is refused, but because of: ${reason}`)
  }
  return `${Object.keys(plain.services).length} services`
}

function checkHelm(tools: Tools): string {
  const { helm, deployCheck } = tools
  let count = 0
  for (const example of EXAMPLES) {
    const values = ['--values', join(deploy, `helm/examples/${example}.yaml`)]
    run(helm, ['lint', '--strict', '--quiet', chart, ...values])
    const manifests = run(helm, ['template', 'house', chart, '--namespace', 'casino', ...values])
    const objects = JSON.parse(run(deployCheck, ['kubernetes'], { input: manifests })) as KubernetesObject[]
    demand(kubernetesProblems(objects).map((problem) => `${example}.yaml: ${problem}`))
    count += objects.length
  }
  const least = ['--values', join(deploy, 'helm/examples/least.yaml')]
  for (const [value, word] of REFUSED) {
    const reason = refusal(value, () => run(helm, ['template', 'house', chart, ...least, '--set', value]))
    if (!reason.includes(word)) throw new Error(`${value} is refused, but because of: ${reason}`)
  }
  return `${count} objects of ${EXAMPLES.length} houses, ${REFUSED.length} values refused`
}

/** HAProxy's own check of its file, under the environment that each Compose project gives it. */
function checkProxy(tools: Tools): string {
  const folder = mkdtempSync(join(tmpdir(), 'crupier-proxy-'))
  try {
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
    const subject = ['-subj', '/CN=casino.example.pe', '-days', '1']
    run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, ...subject])
    writeFileSync(certificate, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'))
    for (const files of [['compose.yaml'], ['compose.yaml', 'compose.tls.yaml']]) {
      const told = loadCompose(tools, files).services.balancer?.environment ?? {}
      const env = { ...told, ...(told.TLS_CERTIFICATE === undefined ? {} : { TLS_CERTIFICATE: certificate }) }
      run(tools.haproxy, ['-c', '-f', join(deploy, 'haproxy/haproxy.cfg')], { env })
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return 'with and without TLS'
}

const STEPS: Readonly<Record<string, (tools: Tools) => string | Promise<string>>> = {
  dockerfile: checkDockerfile,
  compose: checkCompose,
  helm: checkHelm,
  proxy: checkProxy,
  image: checkImage,
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { only: { type: 'string' } } })
  const chosen = values.only?.split(',') ?? Object.keys(STEPS)
  const unknown = chosen.filter((name) => !Object.hasOwn(STEPS, name))
  if (unknown.length > 0) {
    console.error(`usage: node scripts/validate-deploy.ts [--only ${Object.keys(STEPS).join(',')}]`)
    return 2
  }
  const seconds: Record<string, number> = {}
  const wrong: string[] = []
  const timed = async <T>(name: string, work: () => T | Promise<T>): Promise<T> => {
    const startedAt = performance.now()
    try {
      return await work()
    } finally {
      seconds[name] = Math.round((performance.now() - startedAt) / 100) / 10
    }
  }
  const tools = await timed('tools', () => ensureTools(root))
  for (const name of chosen) {
    try {
      console.log(`${name}: ${await timed(name, () => STEPS[name]?.(tools))}`)
    } catch (error) {
      wrong.push(name)
      console.error(`${name}: ${error instanceof Error ? error.message : error}`)
    }
  }
  console.log(JSON.stringify({ ok: wrong.length === 0, wrong, seconds }))
  return wrong.length === 0 ? 0 : 1
}

process.exitCode = await main()
