import { matchMaker, Room } from '@colyseus/core'
import { Encoder, type SchemaType, schema, t } from '@colyseus/schema'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SLOW_CLIENT_BYTES } from './shared-frames.ts'
import { openTestRooms, type TestRooms, until } from './testing.ts'
import { RawClient } from './testing-client.ts'

const BlobState = schema({ blob: t.string().default('') }, 'Blob')
/** A room whose state is as large as a test wants. */
class BlobRoom extends Room<{ state: SchemaType<typeof BlobState> }> {
  override state = new BlobState()
  override autoDispose = false
  override patchRate: number | null = null
}

let rooms: TestRooms

beforeAll(async () => {
  rooms = await openTestRooms()
  matchMaker.defineRoomType('blob', BlobRoom)
  Encoder.BUFFER_SIZE = 128 * 1024
})
afterAll(() => rooms.close())

/** Large patches to two clients, one of which does not read until it is told to. */
async function pump() {
  const { roomId } = await matchMaker.createRoom('blob', {})
  const room = matchMaker.getLocalRoomById(roomId) as BlobRoom
  const slow = await RawClient.join(rooms.url, roomId)
  const quick = await RawClient.join(rooms.url, roomId)
  await until('both are in', () => [slow, quick].every(({ frames }) => frames.some((frame) => frame[0] === 14)))
  const socket = (ws: unknown) => (ws as { _socket: import('node:net').Socket })._socket
  socket(slow.ws).pause()
  const server = room.clients.find(({ sessionId }) => slow.ws.url.includes(sessionId))?.ref
  let patches = 0
  return {
    room,
    slow,
    quick,
    waiting: () => (server === undefined ? 0 : (socket(server)?.writableLength ?? 0)),
    resume: () => socket(slow.ws).resume(),
    patch: async () => {
      room.state.blob = String.fromCharCode(97 + (patches++ % 26)).repeat(90_000)
      room.broadcastPatch()
      await until('the quick one has it', () => blobs(quick).length === patches)
    },
    patches: () => patches,
  }
}
const blobs = ({ frames }: RawClient) => frames.filter((frame) => frame[0] === 15 && frame.length > 80_000)
const letterOf = (n: number) => 97 + (n % 26)
const whole = (frame: Buffer, n: number) => [1_000, 45_000, 89_000].every((at) => frame[at] === letterOf(n))

test('[ROM-16] patches that waited for a slow client come whole and in order', async () => {
  const { room, slow, waiting, patch, patches, resume } = await pump()
  while (waiting() < 350_000) await patch()
  resume()
  await until('all have come', () => blobs(slow).length === patches())
  expect(blobs(slow).filter((frame, n) => !whole(frame, n))).toEqual([])
  await room.disconnect()
})

test('[ROM-16] a client that does not read is cut off, holds little memory and slows nobody', async () => {
  const { room, slow, quick, waiting, patch, patches, resume } = await pump()
  const told = rooms.slow.length
  let most = 0
  while (rooms.slow.length === told && patches() < 2_000) {
    await patch()
    most = Math.max(most, waiting())
  }
  expect(rooms.slow.length).toBe(told + 1)
  expect(most).toBeLessThan(SLOW_CLIENT_BYTES + 100_000)
  await until('it is gone', () => room.clients.length === 1)
  await patch()
  expect(blobs(quick).every(whole)).toBe(true)
  resume()
  expect(await slow.closed).toBe(1006)
  expect(blobs(slow).every(whole)).toBe(true)
  await room.disconnect()
})
