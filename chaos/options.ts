import { parseArgs } from 'node:util'

export const FAULTS = ['kill', 'pause', 'redis', 'postgres', 'partition', 'deploy'] as const
export type Fault = (typeof FAULTS)[number]

export type ChaosOptions = {
  readonly fault: Fault
  /** How many faults; a kill of two nodes in a row counts as two. */
  readonly kills: number
  readonly players: number
  readonly tables: number
  readonly nodes: number
  readonly seed: number
  /** The same measurement of a minimal room of plain Colyseus. */
  readonly vanilla: boolean
  /** Keeps the logs of a run without problems too. */
  readonly keep: boolean
}

export const USAGE = `usage: npm run chaos -- [options]

  --kills 1..2000     how many faults (100)
  --fault ${FAULTS.join('|')}  (kill)
  --players 1..300    players, spread over the tables (60)
  --tables 1..24      tables (6)
  --nodes 1..7        nodes (3); 1 is a node without Redis and without anybody to take over
  --seed <n>          which phases, which nodes; drawn and printed when it is left out
  --vanilla           plain Colyseus instead
  --keep              keeps the logs of a run without problems`

class Misuse extends Error {}

/** What the command line asks for; a text when it is misused. `anySeed` is taken when none is given. */
export function readOptions(args: readonly string[], anySeed: number): ChaosOptions | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      strict: true,
      options: {
        fault: { type: 'string', default: 'kill' },
        kills: { type: 'string', default: '100' },
        players: { type: 'string', default: '60' },
        tables: { type: 'string', default: '6' },
        nodes: { type: 'string', default: '3' },
        seed: { type: 'string', default: String(anySeed) },
        vanilla: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
      },
    })
    const fault = FAULTS.find((name) => name === values.fault)
    if (fault === undefined) throw new Misuse(`--fault is one of ${FAULTS.join(', ')}`)
    return {
      fault,
      kills: whole('kills', values.kills, 1, 2_000),
      players: whole('players', values.players, 1, 300),
      tables: whole('tables', values.tables, 1, 24),
      nodes: whole('nodes', values.nodes, 1, 7),
      seed: whole('seed', values.seed, 0, 2 ** 32 - 1),
      vanilla: values.vanilla,
      keep: values.keep,
    }
  } catch (error) {
    return `${error instanceof Error ? error.message : error}\n\n${USAGE}`
  }
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new Misuse(`--${name} is a whole number from ${least} to ${most}`)
  return value
}
