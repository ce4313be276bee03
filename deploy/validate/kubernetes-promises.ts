import { nodeProblems, SECRET_SETTINGS, strangers } from './node-promises.ts'

type Labels = Readonly<Record<string, string>>
type Port = {
  readonly name?: string
  readonly port?: number | string
  readonly targetPort?: number | string
  readonly containerPort?: number
}
type Variable = {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string; readonly optional?: boolean }
    readonly fieldRef?: { readonly fieldPath: string }
  }
}
type Probe = { readonly httpGet?: { readonly path: string; readonly port: string | number } }
type Container = {
  readonly env?: readonly Variable[]
  readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string } }[]
  readonly ports?: readonly Port[]
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } }
  readonly startupProbe?: Probe
  readonly readinessProbe?: Probe
  readonly livenessProbe?: Probe
  readonly securityContext?: { readonly readOnlyRootFilesystem?: boolean }
  readonly resources?: { readonly limits?: Labels; readonly requests?: Labels }
}
type PodSpec = {
  readonly containers: readonly Container[]
  readonly terminationGracePeriodSeconds?: number
  readonly automountServiceAccountToken?: boolean
  readonly topologySpreadConstraints?: readonly { readonly topologyKey: string }[]
}
type Peer = { readonly podSelector?: { readonly matchLabels?: Labels }; readonly namespaceSelector?: object }

/** As `deploy-check kubernetes` writes the objects, which an API server would take; only what is looked at here. */
export type KubernetesObject = {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly data?: Labels
  readonly spec?: {
    readonly serviceName?: string
    readonly template?: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec }
    readonly updateStrategy?: {
      readonly type?: string
      readonly rollingUpdate?: { readonly maxUnavailable?: number | string }
    }
    readonly selector?: Labels | { readonly matchLabels: Labels }
    readonly clusterIP?: string
    readonly publishNotReadyAddresses?: boolean
    readonly ports?: readonly Port[]
    readonly maxUnavailable?: number | string
    readonly podSelector?: { readonly matchLabels?: Labels }
    readonly ingress?: readonly { readonly from?: readonly Peer[]; readonly ports?: readonly Port[] }[]
    readonly rules?: readonly {
      readonly http: {
        readonly paths: readonly {
          readonly backend: { readonly service: { readonly name: string; readonly port: { readonly name: string } } }
        }[]
      }
    }[]
  }
}

/** What is wrong with the house that these objects would make, beyond what an API server refuses. */
export function kubernetesProblems(objects: readonly KubernetesObject[]): string[] {
  const set = objects.find(({ kind }) => kind === 'StatefulSet')
  const template = set?.spec?.template
  const container = template?.spec.containers[0]
  if (set === undefined || template === undefined || container === undefined) return ['there are no nodes']
  const pod = { labels: template.metadata.labels, ports: (container.ports ?? []).map(({ name }) => name ?? '') }
  return [
    ...(objects.some(({ kind }) => kind === 'Secret') ? ['a secret is in the manifests'] : []),
    ...podProblems(set, template.spec, container, objects),
    ...probeProblems(container, pod.ports),
    ...serviceProblems(set, pod, objects),
    ...budgetProblems(set, pod, objects),
    ...policyProblems(pod, objects),
  ]
}

/** What stands in a manifest for a password is put in by the kubelet; any will do here. */
const SAMPLE: Labels = { SECRETS_KEY: 'ab'.repeat(32), OPERATOR_TOKEN: 'o'.repeat(40), AUTH_SECRET: 'a'.repeat(40) }
const FIELDS: Labels = { 'metadata.name': 'house-0', 'status.podIP': '10.0.0.7' }
const HELPERS = ['POD_IP', 'DATABASE_USER', 'DATABASE_PASSWORD', 'REDIS_PASSWORD']

function podProblems(
  set: KubernetesObject,
  spec: PodSpec,
  container: Container,
  objects: readonly KubernetesObject[],
): string[] {
  const problems: string[] = []
  const environment = environmentOf(container, objects, problems)
  const graceSeconds = spec.terminationGracePeriodSeconds ?? 30
  const beforeTermSeconds = container.lifecycle?.preStop?.sleep?.seconds ?? 0
  if (beforeTermSeconds === 0) problems.push('a node stops while it is still sent players')
  problems.push(...nodeProblems({ name: set.metadata.name, environment, graceSeconds, beforeTermSeconds }))
  problems.push(...strangers(environment, HELPERS).map((name) => `${name} is no setting`))
  if (spec.automountServiceAccountToken !== false) problems.push('a node may speak to the API server')
  if (container.securityContext?.readOnlyRootFilesystem !== true) problems.push('a node may write to its own image')
  if (container.resources?.limits?.memory === undefined) problems.push('a node may take all memory')
  if (container.resources?.limits?.cpu !== undefined) problems.push('a node that is throttled looks dead to the others')
  const spread = spec.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey) ?? []
  if (!spread.includes('kubernetes.io/hostname')) problems.push('one machine may carry all nodes')
  return problems
}

/** The environment that the kubelet would make, with samples for what it takes from elsewhere. */
function environmentOf(container: Container, objects: readonly KubernetesObject[], problems: string[]): Labels {
  const environment: Record<string, string> = {}
  for (const { configMapRef } of container.envFrom ?? []) {
    const map = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMapRef?.name)
    if (map === undefined) problems.push(`there is no ConfigMap ${configMapRef?.name}`)
    for (const [name, value] of Object.entries(map?.data ?? {})) {
      if (SECRET_SETTINGS.includes(name)) problems.push(`${name} is in a ConfigMap`)
      environment[name] = value
    }
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    if (valueFrom?.secretKeyRef !== undefined) environment[name] = SAMPLE[name] ?? 'sample'
    else if (valueFrom?.fieldRef !== undefined) environment[name] = FIELDS[valueFrom.fieldRef.fieldPath] ?? ''
    else {
      if (SECRET_SETTINGS.includes(name) && /:\/\/[^@/$]*:[^@/$]+@/.test(value ?? ''))
        problems.push(`the password in ${name} is in the manifests`)
      environment[name] = (value ?? '').replace(/\$\((\w+)\)/g, (all, other: string) => environment[other] ?? all)
    }
  }
  for (const [name, value] of Object.entries(environment))
    if (value.includes('$(')) problems.push(`${name} refers to a variable that is not set before it`)
  return environment
}

function probeProblems(container: Container, ports: readonly string[]): string[] {
  const wanted = { startupProbe: '/healthz', readinessProbe: '/readyz', livenessProbe: '/healthz' } as const
  return Object.entries(wanted).flatMap(([name, path]) => {
    const asked = container[name as keyof typeof wanted]?.httpGet
    return asked?.path === path && ports.includes(String(asked.port))
      ? []
      : [`${name} does not ask ${path} at a port there is`]
  })
}

type Pod = { readonly labels: Labels; readonly ports: readonly string[] }

function serviceProblems(set: KubernetesObject, pod: Pod, objects: readonly KubernetesObject[]): string[] {
  const problems: string[] = []
  const services = objects.filter(({ kind }) => kind === 'Service')
  for (const { metadata, spec } of services) {
    if (!fits(spec?.selector as Labels | undefined, pod.labels)) problems.push(`${metadata.name} leads to no node`)
    for (const { targetPort } of spec?.ports ?? [])
      if (!pod.ports.includes(String(targetPort))) problems.push(`${metadata.name} leads to no port ${targetPort}`)
  }
  const peers = services.find(({ metadata }) => metadata.name === set.spec?.serviceName)
  if (peers?.spec?.clusterIP !== 'None' || peers.spec.publishNotReadyAddresses !== true)
    problems.push('nodes have no names among themselves before they are ready')
  for (const { metadata, spec } of objects.filter(({ kind }) => kind === 'Ingress'))
    for (const { service } of (spec?.rules ?? []).flatMap(({ http }) => http.paths.map(({ backend }) => backend))) {
      const target = services.find(({ metadata: { name } }) => name === service.name)
      const known = target?.spec?.ports?.some(({ name }) => name === service.port.name) ?? false
      if (!known || target?.spec?.clusterIP === 'None')
        problems.push(`the Ingress ${metadata.name} leads to no Service`)
    }
  return problems
}

function budgetProblems(set: KubernetesObject, pod: Pod, objects: readonly KubernetesObject[]): string[] {
  const problems: string[] = []
  const budget = objects.find(({ kind }) => kind === 'PodDisruptionBudget')?.spec
  const selector = budget?.selector as { readonly matchLabels: Labels } | undefined
  if (budget?.maxUnavailable !== 1 || !fits(selector?.matchLabels, pod.labels))
    problems.push('more than one node at a time may be taken away')
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {}
  if (type !== 'RollingUpdate' || ![undefined, 1].includes(rollingUpdate?.maxUnavailable as number | undefined))
    problems.push('an upgrade does not go node by node')
  return problems
}

/** Where there is a NetworkPolicy, it lets nobody but nodes to the port for nodes. */
function policyProblems(pod: Pod, objects: readonly KubernetesObject[]): string[] {
  const problems: string[] = []
  for (const { spec } of objects.filter(({ kind }) => kind === 'NetworkPolicy')) {
    if (!fits(spec?.podSelector?.matchLabels, pod.labels)) problems.push('the NetworkPolicy is about no node')
    for (const { from = [], ports = [] } of spec?.ingress ?? []) {
      if (from.length === 0) problems.push('the NetworkPolicy lets everybody in')
      if (ports.length === 0) problems.push('the NetworkPolicy opens every port')
      const nodesOnly = from.every(
        ({ podSelector, namespaceSelector }) =>
          namespaceSelector === undefined && fits(podSelector?.matchLabels, pod.labels),
      )
      if (ports.some(({ port }) => port === 'peer') && !nodesOnly)
        problems.push('others than nodes reach the port for nodes')
    }
  }
  return problems
}

function fits(selector: Labels | undefined, labels: Labels): boolean {
  const wanted = Object.entries(selector ?? {})
  return wanted.length > 0 && wanted.every(([name, value]) => labels[name] === value)
}
