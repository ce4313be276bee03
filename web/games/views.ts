import type { GameView } from './view.ts'

const own: { readonly [gameId: string]: () => Promise<GameView> } = {
  roulette: async () => (await import('./roulette-view.tsx')).rouletteView,
}

/** The view of a game; the generic one for a game without its own. */
export async function loadView(gameId: string): Promise<GameView> {
  const load = Object.hasOwn(own, gameId) ? own[gameId] : undefined
  return load === undefined ? (await import('./generic-view.tsx')).genericView : load()
}
