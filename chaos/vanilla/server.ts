/**
 * A table as the documentation of Colyseus 0.18 would build it, with nothing of this house: rooms found by the table's
 * id, RedisDriver and RedisPresence, everything else at its default. It is copied beside its packages and run there.
 * Arguments: port, port of Redis, and the address that players are sent to, empty for one public address.
 */
import {
  type Client,
  defineRoom,
  defineServer,
  type MatchMakerDriver,
  matchMaker,
  type Presence,
  Room,
} from '@colyseus/core'
import { schema, t } from '@colyseus/schema'
import { WebSocketTransport } from '@colyseus/ws-transport'

type Bet = { readonly betId: string; readonly cents: number }
type BetContext = { resolve(value: unknown): unknown }
type RedisAddress = { readonly host: string; readonly port: number }

/** These two packages are not installed with the house, so the compiler is not asked about them. */
const DRIVER: string = '@colyseus/redis-driver'
const PRESENCE: string = '@colyseus/redis-presence'
const EVENT_MS = 250
const SEAT_SECONDS = 60

const TableState = schema(
  {
    tableId: t.string().default(''),
    owner: t.string().default(''),
    round: t.uint32().default(0),
    bets: t.map('number'),
  },
  'VanillaTable',
)

/** Tables whose rooms live in this process. */
const living = new Set<string>()

class VanillaTable extends Room {
  override state = new TableState()
  override autoDispose = false

  override onCreate({ tableId }: { tableId: string }): void {
    living.add(tableId)
    this.state.tableId = tableId
    this.state.owner = matchMaker.processId
    this.onMessage('bet', (_client: Client, { betId, cents }: Bet, context: BetContext) => {
      this.state.bets.set(betId, cents)
      context.resolve({ accepted: betId })
    })
    this.clock.setInterval(() => {
      this.state.round += 1
      this.broadcast('event', { roomId: this.roomId, owner: this.state.owner, round: this.state.round })
    }, EVENT_MS)
  }

  override onDispose(): void {
    living.delete(this.state.tableId)
  }

  override onDrop(client: Client): void {
    this.allowReconnection(client, SEAT_SECONDS).then(undefined, () => undefined)
  }
}

const [port = '', redisPort = '', publicAddress = ''] = process.argv.slice(2)
const redis: RedisAddress = { host: '127.0.0.1', port: Number(redisPort) }
const { RedisDriver } = (await import(DRIVER)) as { RedisDriver: new (at: RedisAddress) => MatchMakerDriver }
const { RedisPresence } = (await import(PRESENCE)) as { RedisPresence: new (at: RedisAddress) => Presence }
const server = defineServer({
  greet: false,
  transport: new WebSocketTransport({}),
  driver: new RedisDriver(redis),
  presence: new RedisPresence(redis),
  ...(publicAddress === '' ? {} : { publicAddress }),
  rooms: { table: defineRoom(VanillaTable).filterBy(['tableId']) },
})
await server.listen(Number(port), '127.0.0.1')
// The harness looks for this line.
process.stdout.write(`up ${matchMaker.processId}\n`)
// Two processes that both say that they run a table are what a stall leaves behind.
setInterval(() => process.stdout.write(`runs ${[...living].join(' ')}\n`), 500).unref()
