import { existsSync, readFileSync, statSync } from 'node:fs'
import { BlockList, isIPv4 } from 'node:net'
import { join } from 'node:path'
import { nodeProblems, strangers } from './node-promises.ts'

type Service = {
  readonly image?: string
  readonly build?: object
  readonly restart?: string
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly networks?: Readonly<
    Record<string, { readonly ipv4_address?: string; readonly aliases?: readonly string[] } | null>
  >
  readonly stop_grace_period?: string
  readonly stop_signal?: string
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly deploy?: { readonly resources?: { readonly limits?: { readonly memory?: string } } }
  readonly ports?: readonly { readonly target: number; readonly host_ip?: string }[]
  readonly volumes?: readonly { readonly type: string; readonly source: string; readonly target: string }[]
  readonly entrypoint?: readonly string[] | null
}
type Network = {
  readonly ipam?: { readonly config?: readonly { readonly subnet: string; readonly ip_range?: string }[] }
}

/** As compose-go writes a loaded project. */
export type ComposeProject = {
  readonly services: Readonly<Record<string, Service>>
  readonly networks: Readonly<Record<string, Network>>
}

/**
 * What is wrong with the house that a Compose project would make, beyond what Compose itself refuses. `folder` is where
 * the project's files lie, `image` the environment that the nodes' image sets.
 */
export function composeProblems(
  project: ComposeProject,
  folder: string,
  image: Readonly<Record<string, string>>,
): string[] {
  const services = Object.entries(project.services)
  return [
    ...services.flatMap(([name, service]) => serviceProblems(name, service, folder)),
    ...services.flatMap(([name, service]) => nodeServiceProblems(name, service, project, image)),
    ...balancerProblems(project),
    ...addressProblems(project),
    ...storeProblems(project, folder),
  ]
}

function isNode(service: Service): boolean {
  return service.environment?.NODE_ID !== undefined
}

function serviceProblems(name: string, service: Service, folder: string): string[] {
  const problems: string[] = []
  if (service.restart !== 'unless-stopped') problems.push(`${name} stays away when it has ended`)
  if (service.deploy?.resources?.limits?.memory === undefined) problems.push(`${name} may take all memory`)
  if (service.read_only !== true) problems.push(`${name} may write to its own image`)
  if (service.cap_drop?.[0] !== 'ALL') problems.push(`${name} keeps capabilities`)
  if (/:latest$/.test(service.image ?? '') && service.build === undefined)
    problems.push(`${name} runs whatever is latest`)
  if (name !== 'balancer' && service.ports?.some(({ host_ip }) => host_ip !== '127.0.0.1'))
    problems.push(`${name} is open to the outside`)
  for (const { type, source, target } of service.volumes ?? []) {
    // What is not of this folder is the operator's own.
    if (type !== 'bind' || !source.startsWith('./')) continue
    const file = join(folder, source)
    if (!existsSync(file)) problems.push(`${name} mounts ${source}, which is not there`)
    else if (service.entrypoint?.[0] === target && (statSync(file).mode & 0o111) === 0)
      problems.push(`${name} starts ${source}, which may not be executed`)
  }
  return problems
}

function nodeServiceProblems(
  name: string,
  service: Service,
  { services }: ComposeProject,
  image: Readonly<Record<string, string>>,
): string[] {
  if (!isNode(service)) return []
  const problems: string[] = []
  const written = service.environment ?? {}
  const environment: Readonly<Record<string, string>> = { ...image, ...written }
  const graceSeconds = seconds(service.stop_grace_period)
  problems.push(...nodeProblems({ name, environment, graceSeconds, beforeTermSeconds: 0 }))
  problems.push(...strangers(written, []).map((stranger) => `${name} is given ${stranger}, which is no setting`))
  if (!service.healthcheck?.test.join(' ').includes(`:${environment.PORT}/readyz`))
    problems.push(`${name} is not asked whether it is ready`)
  const [host = ''] = (environment.PEER_ADDRESS ?? '').split(':')
  if (!service.networks?.peers?.aliases?.includes(host))
    problems.push(`${name} is not ${host} on the network of the nodes`)
  const namesakes = Object.values(services).filter(({ environment: other }) => other?.NODE_ID === written.NODE_ID)
  if (namesakes.length !== 1) problems.push(`${namesakes.length} nodes are called ${written.NODE_ID}`)
  return problems
}

/** "1m30s" as Compose writes it; 10 s is its own default. */
function seconds(duration = '10s'): number {
  const [, minutes = '0', rest = '0'] = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration) ?? []
  return Number(minutes) * 60 + Number(rest)
}

function balancerProblems({ services }: ComposeProject): string[] {
  const { balancer, ...others } = services
  const told = balancer?.environment ?? {}
  const places = Object.keys(told).filter((key) => /^NODE_\d_ID$/.test(key))
  const known = places.map((key) => `${told[key]} at ${told[key.replace('_ID', '_ADDRESS')]}`)
  const nodes = Object.entries(others).filter(([, service]) => isNode(service))
  const wanted = nodes.map(([name, { environment }]) => `${environment?.NODE_ID} at ${name}:2567`)
  const problems = wanted.filter((node) => !known.includes(node)).map((node) => `the balancer does not know ${node}`)
  problems.push(
    ...known.filter((node) => !wanted.includes(node)).map((node) => `the balancer knows ${node}, who is none`),
  )
  const own = balancer?.networks?.front?.ipv4_address ?? 'nowhere'
  for (const [name, { environment }] of nodes)
    if (!environment?.TRUSTED_PROXIES?.split(',').includes(own))
      problems.push(`${name} does not trust the balancer at ${own}`)
  return problems
}

/** Fixed addresses are of their network, nobody else's, and not among those that Docker hands out by itself. */
function addressProblems({ services, networks }: ComposeProject): string[] {
  const problems: string[] = []
  const given = new Map<string, string>()
  for (const [name, service] of Object.entries(services))
    for (const [network, membership] of Object.entries(service.networks ?? {})) {
      const address = membership?.ipv4_address
      if (address === undefined) continue
      const range = networks[network]?.ipam?.config?.[0]
      if (range === undefined || !contains(range.subnet, address))
        problems.push(`${address} of ${name} is not of ${network}`)
      if (range?.ip_range === undefined || contains(range.ip_range, address))
        problems.push(`${address} of ${name} may be given to somebody else`)
      const other = given.get(address)
      if (other !== undefined) problems.push(`${name} and ${other} both have ${address}`)
      given.set(address, name)
    }
  return problems
}

function contains(range: string, address: string): boolean {
  const [network = '', bits = ''] = range.split('/')
  if (!isIPv4(network) || !isIPv4(address)) return false
  const list = new BlockList()
  list.addSubnet(network, Number(bits))
  return list.check(address)
}

/** The addresses of the stores that nodes are told are those that the stores have. */
function storeProblems({ services }: ComposeProject, folder: string): string[] {
  const problems: string[] = []
  const stores = Object.entries(services)
  const sentinels = stores.filter(([, { entrypoint }]) => entrypoint?.[1] === 'sentinel')
  const sentinelAddresses = sentinels.map(([, { networks }]) => `${networks?.stores?.ipv4_address}:26379`)
  const postgres = stores.filter(([, { environment }]) => environment?.OTHER_SERVER !== undefined)
  const conf = readFileSync(join(folder, 'postgres/postgresql.conf'), 'utf8')
  const synchronous = /^synchronous_standby_names = '(.*)'$/m.exec(conf)?.[1] ?? ''
  for (const [name, { environment, stop_signal }] of postgres) {
    if (environment?.SERVER_NAME !== name) problems.push(`${name} calls itself ${environment?.SERVER_NAME}`)
    if (!synchronous.includes(`"${name}"`)) problems.push(`no commit would wait for ${name}`)
    if (!postgres.some(([other]) => other === environment?.OTHER_SERVER && other !== name))
      problems.push(`${name} has no other server ${environment?.OTHER_SERVER}`)
    if (stop_signal !== 'SIGINT') problems.push(`${name} waits for every session to end by itself`)
  }
  for (const [name, { environment }] of stores.filter(([, service]) => isNode(service))) {
    const redisHosts = /@([^/]+)\//.exec(environment?.REDIS_URL ?? '')?.[1]?.split(',') ?? []
    const booksHosts = /@([^/]+)\//.exec(environment?.DATABASE_URL ?? '')?.[1]?.split(',') ?? []
    if (!sameMembers(redisHosts, sentinelAddresses)) problems.push(`${name} looks for Sentinels at ${redisHosts}`)
    if (
      !sameMembers(
        booksHosts,
        postgres.map(([other]) => `${other}:5432`),
      )
    )
      problems.push(`${name} looks for the books at ${booksHosts}`)
  }
  return problems
}

function sameMembers(some: readonly string[], others: readonly string[]): boolean {
  return some.length > 0 && some.toSorted().join() === others.toSorted().join()
}
