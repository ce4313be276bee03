import type { Dice } from '../simulation/dice.ts'

/**
 * What a step kills: the node of one table; that and then, when the clients are back, the node that took over; the
 * same while it takes over; or every node at once.
 */
export type Step = {
  readonly kind: 'one' | 'again' | 'during-take-over' | 'all'
  /** How many kills the step counts for. */
  readonly kills: number
  /** Into the rounds, which are as long as that or shorter. */
  readonly waitMs: number
}

const EVERY_TENTH = 10
const EVERY_TWENTY_FIFTH = 25
const AGAIN_CHANCE = 0.1
const MOST_WAIT_MS = 3_500

/**
 * The steps of a run (CHA-9). Two nodes in a row need a third to go on with, and without another node there is nobody
 * to take over.
 */
export function planKills(kills: number, nodes: number, dice: Dice): Step[] {
  const steps: Step[] = []
  const count = (kind: Step['kind']) => steps.filter((step) => step.kind === kind).length
  for (let done = 0; done < kills; ) {
    const waitMs = dice.upTo(MOST_WAIT_MS)
    const again = dice.chance(AGAIN_CHANCE)
    const pairs = nodes >= 3 && kills - done >= 2
    let step: Step = { kind: 'one', kills: 1, waitMs }
    if (nodes >= 2 && Math.floor((done + 1) / EVERY_TWENTY_FIFTH) > count('all'))
      step = { kind: 'all', kills: 1, waitMs }
    else if (pairs && Math.floor((done + 2) / EVERY_TENTH) > count('during-take-over'))
      step = { kind: 'during-take-over', kills: 2, waitMs }
    else if (pairs && again) step = { kind: 'again', kills: 2, waitMs }
    steps.push(step)
    done += step.kills
  }
  return steps
}
