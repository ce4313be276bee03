import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { LobbyTable } from '../../rooms/protocol.ts'
import type { Api } from '../net/api.ts'
import type { FloorNews } from '../net/floor-watch.ts'
import type { LinkListener, TableLink } from '../net/link.ts'

/** Everything that the app gets from outside; the design harness under `web/dev` brings another one. */
export interface HouseClient {
  readonly api: Api
  /** Starts fetching the code that a connection needs, while the table's own page is still being fetched. */
  prepareTable(): void
  openTable(tableId: string, signedIn: boolean, listener: LinkListener): TableLink
  /** Tells the floor whenever it changes. Answers how to stop watching. */
  watchLobby(shown: (tables: readonly LobbyTable[]) => void, told: (news: FloorNews) => void): () => void
}

const HouseContext = createContext<HouseClient | null>(null)
export const HouseProvider = HouseContext.Provider

export function useHouse(): HouseClient {
  const house = useContext(HouseContext)
  if (house === null) throw new Error('the app is drawn inside a HouseProvider')
  return house
}
