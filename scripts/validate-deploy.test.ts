import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type ComposeProject, composeProblems } from '../deploy/validate/compose-promises.ts'
import { buildContext, copiedFiles, isIgnored, missingSources, readDockerfile } from '../deploy/validate/dockerfile.ts'
import { type KubernetesObject, kubernetesProblems } from '../deploy/validate/kubernetes-promises.ts'
import { goodManifests, goodProject, IMAGE } from '../deploy/validate/testing.ts'
import { settings } from '../server/config.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const deploy = join(root, 'deploy')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

describe('the image', () => {
  const dockerfile = readDockerfile(read('deploy/Dockerfile'))
  const context = buildContext(root)
  const last = dockerfile.stages.at(-1)
  const files = last === undefined ? [] : [...copiedFiles(last, context).keys()]

  test('[DEP-1] its Node is that of package.json', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: { node: string } }
    expect(dockerfile.args.NODE_VERSION).toBe(dependencies.node)
    for (const { base } of dockerfile.stages) expect(base).toBe(`node:${dependencies.node}-trixie-slim`)
  })

  test('[DEP-1] everything that is copied is in the build context', () => {
    expect(missingSources(dockerfile, context)).toEqual([])
    expect(files).toEqual(expect.arrayContaining(['server/main.ts', 'web/index.html', 'package-lock.json']))
  })

  test('[DEP-1] a source that is gone is noticed', () => {
    const without = context.filter((file) => !file.startsWith('workers/'))
    expect(missingSources(dockerfile, without)).toEqual(['workers'])
  })

  test('[DEP-1] no test, data, history or document gets in', () => {
    const unwanted = /\.test\.tsx?$|(^|\/)testing|\.md$|^(docs|deploy|var|dist|artifacts|e2e|\.git)\//
    expect(context.filter((file) => unwanted.test(file))).toEqual([])
  })

  test('[DEP-1] the last pattern that fits a path or a folder above it decides', () => {
    const patterns = ['*', '!server', '**/*.test.ts', 'server/data']
    expect(isIgnored('server/main.ts', patterns)).toBe(false)
    expect(isIgnored('server/http/page.test.ts', patterns)).toBe(true)
    expect(isIgnored('server/data/x/y.ts', patterns)).toBe(true)
    expect(isIgnored('docs/a.md', patterns)).toBe(true)
  })

  test('[DEP-1] it runs without rights, as process 1, and says how it is', () => {
    expect(last?.user).toBe('1000:1000')
    expect(last?.command).toEqual(['node', 'server/main.ts'])
    expect(last?.healthcheck.join(' ')).toContain('/healthz')
  })

  test('[DEP-1] an instruction that nobody looks at is refused', () => {
    expect(() => readDockerfile('FROM a\nADD x y')).toThrow('ADD')
    expect(() => readDockerfile('RUN x')).toThrow('FROM')
    expect(() => readDockerfile('FROM a\nCMD node x')).toThrow()
  })
})

describe('secrets', () => {
  test('[DEP-2] no file under deploy/ gives one a value', () => {
    const secret = Object.entries(settings).flatMap(([name, { secret: is }]) => (is ? [name] : []))
    const names = [...secret, 'POSTGRES_PASSWORD', 'REPLICATION_PASSWORD', 'REDIS_PASSWORD'].join('|')
    const found = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'deploy'], {
      cwd: root,
    })
    const files = found
      .toString()
      .split('\n')
      .filter((file) => /\.(ya?ml|example|tpl)$|Dockerfile$/.test(file))
    expect(files.length).toBeGreaterThan(10)
    // A value after the name that is neither empty, nor taken from elsewhere, nor an address without a password.
    const elsewhere = '$|\\$\\{\\w+(:\\?|:-\\})|\\w[\\w-]*://[^ ]*\\$\\{|[{?]|-\\}'
    const given = new RegExp(`\\b(${names})[ \\t]*[:=][ \\t]*(?!${elsewhere})[^\\s#]+`, 'm')
    expect(files.filter((file) => given.test(read(file)))).toEqual([])
    expect(given.test('SECRETS_KEY: abc')).toBe(true)
    expect(given.test(['OPERATOR_TOKEN=$', '{OPERATOR_TOKEN:-secret}'].join(''))).toBe(true)
  })
})

describe('a Compose project', () => {
  const spoilt = (change: (project: ReturnType<typeof goodProject>) => void): string => {
    const project = goodProject()
    change(project)
    return composeProblems(project as ComposeProject, deploy, IMAGE).join('\n')
  }

  test('[DEP-3] one that is right is not complained of', () => expect(spoilt(() => {})).toBe(''))

  test.each<[string, RegExp, (project: ReturnType<typeof goodProject>) => void]>([
    [
      '[DEP-3] a short grace period',
      /is killed after 20 s/,
      (p) => Object.assign(p.services['node-1'], { stop_grace_period: '20s' }),
    ],
    [
      '[DEP-3] a setting that is refused',
      /would not start: LEASE_MS/,
      (p) => Object.assign(p.services['node-1'].environment, { LEASE_MS: '1' }),
    ],
    [
      '[DEP-3] a setting that does not exist',
      /NODE_NAME/,
      (p) => Object.assign(p.services['node-1'].environment, { NODE_NAME: 'x' }),
    ],
    [
      '[DEP-3] two nodes of one name',
      /2 nodes are called node-1/,
      (p) => Object.assign(p.services['node-2'].environment, { NODE_ID: 'node-1' }),
    ],
    [
      '[DEP-3] an address under which nobody is',
      /is not node-9-peer/,
      (p) => Object.assign(p.services['node-1'].environment, { PEER_ADDRESS: 'node-9-peer:2568' }),
    ],
    [
      '[DEP-3] another port than is listened on',
      /listens for nodes on 2568/,
      (p) => Object.assign(p.services['node-1'].environment, { PEER_ADDRESS: 'node-1-peer:2569' }),
    ],
    [
      '[DEP-3] a node without books',
      /has no DATABASE_URL/,
      (p) => Object.assign(p.services['node-1'].environment, { DATABASE_URL: '', MODE: 'production' }),
    ],
    [
      '[DEP-3] Sentinels that are elsewhere',
      /looks for Sentinels/,
      (p) => Object.assign(p.services['node-1'].environment, { REDIS_URL: 'redis-sentinel://:p@10.9.9.9:26379/house' }),
    ],
    [
      '[DEP-3] no question whether it is ready',
      /is ready/,
      (p) => Object.assign(p.services['node-1'], { healthcheck: { test: ['CMD', 'true'] } }),
    ],
    ['[DEP-3] no restart', /stays away/, (p) => Object.assign(p.services['redis-1'], { restart: 'no' })],
    ['[DEP-3] no limit of memory', /all memory/, (p) => Object.assign(p.services['redis-1'], { deploy: {} })],
    [
      '[DEP-3] a script that is not there',
      /not there/,
      (p) =>
        Object.assign(p.services['redis-1'], { volumes: [{ type: 'bind', source: './redis/other.sh', target: '/x' }] }),
    ],
    [
      '[DEP-3] an address of another network',
      /is not of stores/,
      (p) => Object.assign(p.services['redis-1'].networks.stores, { ipv4_address: '172.30.40.9' }),
    ],
    [
      '[DEP-3] an address that Docker may give away',
      /somebody else/,
      (p) => Object.assign(p.services['redis-1'].networks.stores, { ipv4_address: '172.30.40.100' }),
    ],
    [
      '[DEP-3] a server for which no commit waits',
      /no commit would wait for books/,
      (p) => Object.assign(p.services, { books: p.services['postgres-1'] }),
    ],
    [
      '[DEP-4] a node that the balancer does not know',
      /does not know node-3/,
      (p) => Object.assign(p.services.balancer.environment, { NODE_3_ID: 'node-9' }),
    ],
    [
      '[DEP-4] a balancer whose word is not believed',
      /does not trust the balancer/,
      (p) => Object.assign(p.services['node-1'].environment, { TRUSTED_PROXIES: '172.30.40.11' }),
    ],
    [
      '[DEP-4] a store that is open to the outside',
      /open to the outside/,
      (p) => Object.assign(p.services['redis-1'], { ports: [{ target: 6379 }] }),
    ],
  ])('%s is noticed', (_title, words, change) => expect(spoilt(change)).toMatch(words))
})

describe('Kubernetes manifests', () => {
  const spoilt = (change: (objects: ReturnType<typeof goodManifests>) => void): string => {
    const objects = goodManifests()
    change(objects)
    return kubernetesProblems(Object.values(objects) as KubernetesObject[]).join('\n')
  }
  type Manifests = ReturnType<typeof goodManifests>
  const pod = (objects: Manifests) => objects.set.spec.template.spec
  const node = (objects: Manifests) => pod(objects).containers[0]

  test('[DEP-3] manifests that are right are not complained of', () => expect(spoilt(() => {})).toBe(''))

  test.each<[string, RegExp, (objects: Manifests) => void]>([
    [
      '[DEP-2] a Secret',
      /a secret is in/,
      (o) => Object.assign(o, { secret: { kind: 'Secret', metadata: { name: 'x' } } }),
    ],
    [
      '[DEP-2] a secret among the settings',
      /SECRETS_KEY is in a ConfigMap/,
      (o) => Object.assign(o.map.data, { SECRETS_KEY: 'ab'.repeat(32) }),
    ],
    [
      '[DEP-2] a password in an address',
      /password in DATABASE_URL/,
      (o) => node(o).env.push({ name: 'DATABASE_URL', value: 'postgres://a:b@c/d' }),
    ],
    [
      '[DEP-3] a short grace period',
      /is killed after 30 s/,
      (o) => Object.assign(pod(o), { terminationGracePeriodSeconds: 30 }),
    ],
    ['[DEP-3] no pause before SIGTERM', /still sent players/, (o) => Object.assign(node(o), { lifecycle: {} })],
    [
      '[DEP-3] a setting that is refused',
      /would not start: PUBLIC_URL/,
      (o) => Object.assign(o.map.data, { PUBLIC_URL: 'http://x' }),
    ],
    ['[DEP-3] settings that are nowhere', /no ConfigMap/, (o) => Object.assign(o.map.metadata, { name: 'other' })],
    ['[DEP-3] a variable that comes too late', /not set before/, (o) => node(o).env.reverse()],
    [
      '[DEP-3] a probe of the wrong kind',
      /livenessProbe/,
      (o) => Object.assign(node(o).livenessProbe.httpGet, { path: '/readyz' }),
    ],
    [
      '[DEP-3] a probe of no port',
      /readinessProbe/,
      (o) => Object.assign(node(o).readinessProbe.httpGet, { port: 'web' }),
    ],
    [
      '[DEP-3] nodes without names',
      /no names among themselves/,
      (o) => Object.assign(o.peers.spec, { publishNotReadyAddresses: false }),
    ],
    [
      '[DEP-3] all nodes on one machine',
      /one machine/,
      (o) => Object.assign(pod(o), { topologySpreadConstraints: [] }),
    ],
    ['[DEP-3] a limit of CPU', /throttled/, (o) => Object.assign(node(o).resources.limits, { cpu: '1' })],
    [
      '[DEP-4] a Service that leads nowhere',
      /leads to no node/,
      (o) => Object.assign(o.service.spec, { selector: { app: 'x' } }),
    ],
    [
      '[DEP-4] an Ingress that leads nowhere',
      /Ingress house leads/,
      (o) => Object.assign(o.service.metadata, { name: 'other' }),
    ],
    [
      '[DEP-4] a port for nodes that is open',
      /others than nodes/,
      (o) => o.policy.spec.ingress[1]?.ports.push({ port: 'peer' }),
    ],
    [
      '[DEP-4] a policy for everybody',
      /lets everybody in/,
      (o) => o.policy.spec.ingress.push({ from: [], ports: [{ port: 'http' }] }),
    ],
    ['[DEP-5] a budget of two', /more than one/, (o) => Object.assign(o.budget.spec, { maxUnavailable: 2 })],
    [
      '[DEP-5] a budget of other pods',
      /more than one/,
      (o) => Object.assign(o.budget.spec, { selector: { matchLabels: { app: 'x' } } }),
    ],
    [
      '[DEP-5] an upgrade of all at once',
      /node by node/,
      (o) => Object.assign(o.set.spec.updateStrategy, { type: 'OnDelete' }),
    ],
  ])('%s is noticed', (_title, words, change) => expect(spoilt(change)).toMatch(words))
})

describe('the chart', () => {
  test('[DEP-6] takes every setting that has no place of its own, and no other', () => {
    const schema = JSON.parse(read('deploy/helm/crupier/values.schema.json')) as {
      properties: { settings: { propertyNames: { enum: string[] } } }
    }
    // They have values of their own, are secret, or are for tests.
    const elsewhere = [
      ...['HOST', 'PORT', 'PEER_HOST', 'PEER_PORT', 'PEER_ADDRESS', 'NODE_ID', 'LEASE_MS', 'DRAIN_SECONDS'],
      ...[
        'DATABASE_URL',
        'REDIS_URL',
        'SECRETS_KEY',
        'AUTH_SECRET',
        'OPERATOR_TOKEN',
        'DATA_DIR',
        'BACKUP_DIR',
        'CRASH_AT',
      ],
    ]
    const expected = Object.keys(settings).filter((name) => !elsewhere.includes(name))
    expect(schema.properties.settings.propertyNames.enum.toSorted()).toEqual(expected.toSorted())
  })

  test('[DEP-6] its release is that of package.json', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string }
    expect(read('deploy/helm/crupier/Chart.yaml')).toContain(`\nappVersion: ${version}\n`)
  })
})

describe('runbooks', () => {
  const folder = 'docs/runbooks'
  const books = [...readdirSync(join(root, folder)).map((name) => `${folder}/${name}`), 'docs/deploy.md']
  const metrics = readdirSync(join(root, 'monitoring'))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => read(`monitoring/${name}`))
    .join('\n')
  const usage = read('server/cli/casino.ts')
  const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts)

  test('[DEP-9] there are some, and the list of them is whole', () => {
    const list = read(`${folder}/README.md`)
    expect(books.length).toBeGreaterThan(10)
    const missing = books.filter((book) => book.startsWith(folder) && !book.endsWith('README.md'))
    expect(missing.filter((book) => !list.includes(`(${book.slice(folder.length + 1)})`))).toEqual([])
  })

  test.each(books)('[DEP-9] %s names only what exists', (book) => {
    const text = read(book)
    const all = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map((found) => found[1] ?? '')
    const metric = (name: string) => metrics.includes(`'${name.replace(/_(bucket|sum|count)$/, '')}'`)
    expect(all(/\b(crupier_[a-z_]+[a-z])\b(?!-)/g).filter((name) => !metric(name))).toEqual([])
    expect(all(/npm run ([a-z:-]+)/g).filter((name) => !scripts.includes(name))).toEqual([])
    const verbs = all(/casino(?:\.ts|\/main\.ts)? (?:-- )?((?:table|round|books|audit|limits|maintenance) [a-z]+)/g)
    const known = (phrase: string) => usage.includes(`case '${phrase}'`)
    expect(verbs.filter((phrase) => !known(phrase))).toEqual([])
    const links = all(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)
    expect(links.filter((link) => !exists(join(root, book, '..', link)))).toEqual([])
    const files = all(/`((?:deploy|docs|scripts|server|monitoring)\/[\w./-]+\.\w+)`/g)
    expect(files.filter((file) => !exists(join(root, file)))).toEqual([])
    const named = all(/`([A-Z][A-Z]+_[A-Z_]+)`/g).filter((name) => !/^(POSTGRES|REDIS|REPLICATION)_/.test(name))
    const outside = [
      ...read('deploy/compose.yaml').matchAll(/\$\{(\w+)/g),
      ...read('deploy/compose.tls.yaml').matchAll(/\$\{(\w+)/g),
      ...read('deploy/compose.backup.yaml').matchAll(/\$\{(\w+)/g),
    ]
    const settable = [...Object.keys(settings), ...outside.map((found) => found[1] ?? '')]
    expect(named.filter((name) => !settable.includes(name))).toEqual([])
  })
})

function exists(path: string): boolean {
  try {
    readdirSync(path)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOTDIR'
  }
}
