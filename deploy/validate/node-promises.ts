import { ConfigError, readConfig, settings } from '../../server/config.ts'

/** After the drain, the server gives itself this long to end; `server/main.ts`. */
export const STOP_SECONDS = 8

/** What Compose or Kubernetes says of one node of the house, in the words of neither. */
export type NodePlan = {
  readonly name: string
  /** Every variable of its environment, as the process will see it. */
  readonly environment: Readonly<Record<string, string>>
  readonly graceSeconds: number
  /** What passes after the node is told off until it hears SIGTERM. */
  readonly beforeTermSeconds: number
}

/** What is wrong with how a node would be started and stopped; empty when nothing is. */
export function nodeProblems({ name, environment, graceSeconds, beforeTermSeconds }: NodePlan): string[] {
  const problems: string[] = []
  const drainSeconds = Number(environment.DRAIN_SECONDS ?? settings.DRAIN_SECONDS.fallback)
  const needed = beforeTermSeconds + drainSeconds + STOP_SECONDS
  if (graceSeconds <= needed)
    problems.push(`${name} is killed after ${graceSeconds} s, but may take ${needed} s to hand its tables over and end`)
  try {
    const config = readConfig({ ...environment })
    if (config.databaseUrl === null) problems.push(`${name} has no DATABASE_URL`)
    if (['127.0.0.1', '::1', 'localhost'].includes(config.host)) problems.push(`${name} listens to itself alone`)
    if (['127.0.0.1', '::1', 'localhost'].includes(config.peerHost)) problems.push(`other nodes cannot reach ${name}`)
    if (config.peerAddress === null || !config.peerAddress.endsWith(`:${config.peerPort}`))
      problems.push(`${name} listens for nodes on ${config.peerPort}, but tells them ${config.peerAddress}`)
    if (config.trustedProxies.length === 0) problems.push(`${name} believes no proxy, so all players share one address`)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    problems.push(...error.problems.map((problem) => `${name} would not start: ${problem}`))
  }
  return problems
}

/** Variables of a node that are no settings of the server, and are not in `others` either. */
export function strangers(environment: Readonly<Record<string, string>>, others: readonly string[]): string[] {
  return Object.keys(environment).filter((name) => !Object.hasOwn(settings, name) && !others.includes(name))
}

/** Of the settings that are secret. */
export const SECRET_SETTINGS: readonly string[] = Object.entries(settings)
  .filter(([, { secret }]) => secret)
  .map(([name]) => name)
