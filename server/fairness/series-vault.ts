import type { Json } from '../../engine/game.ts'
import type { Draw } from '../../engine/round/types.ts'

export type SeriesRef = { readonly tableId: string; readonly seriesId: string }
type RoundRef = SeriesRef & { readonly sealedSecret: string; readonly roundNo: number }

/** What opens the secrets of series: the draw pool. The same sealed secret gives the same answers for ever. */
export interface SeriesVault {
  /** Makes a fresh secret; `root` is the Merkle root of all its commitments, hex. */
  newSeries(
    request: SeriesRef & { readonly rounds: number },
  ): Promise<{ readonly sealedSecret: string; readonly root: string }>
  commitment(
    request: RoundRef & { readonly rounds: number },
  ): Promise<{ readonly commitment: string; readonly path: readonly string[] }>
  draw(request: RoundRef & { readonly saltHex: string; readonly gameId: string; readonly rules: Json }): Promise<Draw>
}
