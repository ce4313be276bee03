/** What the image of a node sets by itself. */
export const IMAGE = { HOST: '0.0.0.0', PORT: '2567', PEER_HOST: '0.0.0.0', PEER_PORT: '2568' }

const SETTINGS = {
  MODE: 'production',
  PUBLIC_URL: 'https://casino.example.pe',
  DRAIN_SECONDS: '20',
  TRUSTED_PROXIES: '172.30.40.10',
}
const SECRETS = { SECRETS_KEY: 'ab'.repeat(32), OPERATOR_TOKEN: 'o'.repeat(40) }
const USUAL = {
  restart: 'unless-stopped',
  read_only: true,
  cap_drop: ['ALL'],
  image: 'some:1',
  deploy: { resources: { limits: { memory: '1' } } },
}

/** A small house without fault, as compose-go would write it; every call makes another one, for a test to spoil. */
export function goodProject() {
  const node = (i: number) => ({
    ...structuredClone(USUAL),
    stop_grace_period: '40s',
    healthcheck: { test: ['CMD', 'ask', 'http://127.0.0.1:2567/readyz'] },
    networks: { front: {}, peers: { aliases: [`node-${i}-peer`] }, stores: {} },
    environment: {
      ...SETTINGS,
      ...SECRETS,
      NODE_ID: `node-${i}`,
      PEER_ADDRESS: `node-${i}-peer:2568`,
      DATABASE_URL: 'postgres://crupier:p@postgres-1:5432,postgres-2:5432/crupier',
      REDIS_URL: 'redis-sentinel://:p@172.30.40.81:26379/house',
    },
  })
  const postgres = (own: number, other: number) => ({
    ...structuredClone(USUAL),
    stop_signal: 'SIGINT',
    networks: { stores: {} },
    environment: { SERVER_NAME: `postgres-${own}`, OTHER_SERVER: `postgres-${other}` },
  })
  const redis = (role: string, address: string) => ({
    ...structuredClone(USUAL),
    entrypoint: ['/start.sh', role],
    networks: { stores: { ipv4_address: address } },
    volumes: [{ type: 'bind', source: './redis/start.sh', target: '/start.sh' }],
  })
  const places = [1, 2, 3].flatMap((i) => [
    [`NODE_${i}_ID`, `node-${i}`],
    [`NODE_${i}_ADDRESS`, `node-${i}:2567`],
  ])
  return {
    services: {
      balancer: {
        ...structuredClone(USUAL),
        networks: { front: { ipv4_address: '172.30.40.10' } },
        ports: [{ target: 8080 }],
        environment: Object.fromEntries(places) as Record<string, string>,
      },
      ...{ 'node-1': node(1), 'node-2': node(2), 'node-3': node(3) },
      ...{ 'postgres-1': postgres(1, 2), 'postgres-2': postgres(2, 1) },
      ...{ 'redis-1': redis('server', '172.30.40.71'), 'sentinel-1': redis('sentinel', '172.30.40.81') },
    },
    networks: {
      front: { ipam: { config: [{ subnet: '172.30.40.0/26', ip_range: '172.30.40.32/27' }] } },
      stores: { ipam: { config: [{ subnet: '172.30.40.64/26', ip_range: '172.30.40.96/27' }] } },
      peers: {},
    },
  }
}

/** Manifests of a small house without fault; every call makes others, for a test to spoil. */
export function goodManifests() {
  const labels = { app: 'house' }
  const secret = (name: string) => ({ name, valueFrom: { secretKeyRef: { name: 'house', key: name } } })
  const env: { name: string; value?: string; valueFrom?: object }[] = [
    { name: 'NODE_ID', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    { name: 'PEER_ADDRESS', value: '$(POD_IP):2568' },
    ...['SECRETS_KEY', 'OPERATOR_TOKEN', 'DATABASE_USER', 'DATABASE_PASSWORD'].map(secret),
    { name: 'DATABASE_URL', value: 'postgres://$(DATABASE_USER):$(DATABASE_PASSWORD)@books/crupier' },
  ]
  const container = {
    env,
    envFrom: [{ configMapRef: { name: 'house' } }],
    ports: [
      { name: 'http', containerPort: 2567 },
      { name: 'peer', containerPort: 2568 },
    ],
    lifecycle: { preStop: { sleep: { seconds: 3 } } },
    startupProbe: { httpGet: { path: '/healthz', port: 'http' } },
    readinessProbe: { httpGet: { path: '/readyz', port: 'http' } },
    livenessProbe: { httpGet: { path: '/healthz', port: 'http' } },
    securityContext: { readOnlyRootFilesystem: true },
    resources: { limits: { memory: '1Gi' } },
  }
  const spec = {
    containers: [container] as [typeof container],
    terminationGracePeriodSeconds: 38,
    automountServiceAccountToken: false,
    topologySpreadConstraints: [{ topologyKey: 'kubernetes.io/hostname' }],
  }
  const named = (kind: string, name = 'house') => ({ kind, metadata: { name } })
  const http = { paths: [{ backend: { service: { name: 'house', port: { name: 'http' } } } }] }
  return {
    map: { ...named('ConfigMap'), data: { ...IMAGE, ...SETTINGS } },
    set: {
      ...named('StatefulSet'),
      spec: {
        serviceName: 'house-peers',
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: {} },
        template: { metadata: { labels }, spec },
      },
    },
    service: { ...named('Service'), spec: { selector: labels, ports: [{ name: 'http', targetPort: 'http' }] } },
    peers: {
      ...named('Service', 'house-peers'),
      spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector: labels, ports: [{ targetPort: 'peer' }] },
    },
    ingress: { ...named('Ingress'), spec: { rules: [{ http }] } },
    budget: { ...named('PodDisruptionBudget'), spec: { maxUnavailable: 1, selector: { matchLabels: labels } } },
    policy: {
      ...named('NetworkPolicy'),
      spec: {
        podSelector: { matchLabels: labels },
        ingress: [
          { from: [{ podSelector: { matchLabels: labels } }] as object[], ports: [{ port: 'peer' }] },
          { from: [{ namespaceSelector: { matchLabels: { name: 'ingress' } } }], ports: [{ port: 'http' }] },
        ],
      },
    },
  }
}
