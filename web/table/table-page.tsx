import { useEffect } from 'preact/hooks'
import { useHouse } from '../app/house.ts'
import { me } from '../app/session.ts'
import { useStore } from '../app/store.ts'
import { loadView } from '../games/views.ts'
import { Failure, Loading, useLoaded } from '../ui/loaded.tsx'
import '../styles/table.css'
import { LiveTable } from './live-table.tsx'

/** One table: what it is and how its game looks are fetched first, then the page sits down at it. */
export function TablePage({ tableId }: { tableId: string }) {
  const house = useHouse()
  const { api } = house
  const player = useStore(me)
  useEffect(() => house.prepareTable(), [house])
  const [loaded, again] = useLoaded(tableId, async () => {
    const info = await api.table(tableId)
    return { info, view: await loadView(info.gameId) }
  })
  if (loaded.state === 'failed') return <Failure error={loaded.error} again={again} />
  if (loaded.state === 'loading' || player === undefined) return <Loading />
  const { info, view } = loaded.value
  // Another player at the same page is another session.
  return <LiveTable key={player?.playerId ?? ''} info={info} view={view} player={player} />
}
