import { Seat, type SeatListener } from '../../../chaos/seat.ts'
import { Visitor } from '../../../chaos/visitor.ts'
import { until } from '../../support/until.ts'

const SEATED_WITHIN_MS = 20_000
const QUIET: SeatListener = {
  public: () => undefined,
  private: () => undefined,
  state: () => undefined,
  dropped: () => undefined,
  back: () => undefined,
  left: () => undefined,
}

/** Somebody new registers, gets a ticket and sits down. Answers how long the last two took, in milliseconds. */
export async function joinsNow(url: string, tableId: string): Promise<number> {
  const visitor = new Visitor(url)
  await visitor.signUp('Recién Llegada', 1_000)
  const startedMs = performance.now()
  let shown = false
  const listener = { ...QUIET, state: () => (shown = true) }
  // Asked to try again he does, like every page.
  const sits = () =>
    visitor
      .ticket(tableId)
      .then((ticket) => Seat.take(url, tableId, ticket, listener as SeatListener))
      .catch(() => null)
  const seat = await until('the newcomer sits', sits, SEATED_WITHIN_MS)
  await until('the newcomer sees the table', () => shown, SEATED_WITHIN_MS)
  const tookMs = performance.now() - startedMs
  seat.leave()
  return tookMs
}
