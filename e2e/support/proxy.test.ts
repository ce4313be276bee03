import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Network } from './proxy.ts'
import { until } from './until.ts'

let echo: Server
let network: Network
const open: Socket[] = []

beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.pipe(socket)
  })
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  network = await Network.between(0, (echo.address() as AddressInfo).port)
})

afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy()
  await network.close()
  echo.close()
})

/** A client, what it has heard, and how it ended. */
async function client() {
  const socket = connect(network.port, '127.0.0.1')
  open.push(socket)
  const seen = { socket, text: '', error: '' }
  socket.on('data', (bytes) => {
    seen.text += bytes.toString()
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    seen.error = error.code ?? ''
  })
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
  return seen
}

async function says(seen: Awaited<ReturnType<typeof client>>, text: string): Promise<void> {
  seen.text = ''
  seen.socket.write(text)
  await until(`${text} comes back`, () => seen.text === text, 2_000)
}

test('[CLU-8] a cut breaks every connection and refuses new ones, until it is mended', async () => {
  const seen = await client()
  await says(seen, 'before')
  await network.cut()
  await until('the connection breaks', () => seen.socket.destroyed)
  expect((await client()).error).toBe('ECONNREFUSED')
  await network.mend()
  await says(await client(), 'after')
})

test('[CLU-8] a network refuses while its server is gone, and is silent then if it was before', async () => {
  await network.serverGone(true)
  expect((await client()).error).toBe('ECONNREFUSED')
  await network.fallSilent()
  expect((await client()).error).toBe('')
  await network.mend()
  expect((await client()).error).toBe('ECONNREFUSED')
  await network.serverGone(false)
  await says(await client(), 'after')
})

test('[CLU-8] in silence connections stand and nothing comes through; mended, they break', async () => {
  const seen = await client()
  await says(seen, 'before')
  await network.fallSilent()
  seen.text = ''
  seen.socket.write('lost')
  const late = await client()
  late.socket.write('lost')
  network.delay(0)
  // A connection beside the proxy shows that there was time enough for an echo.
  const beside = connect((echo.address() as AddressInfo).port, '127.0.0.1')
  open.push(beside)
  for (let i = 0; i < 20; i += 1) {
    beside.write('x')
    await once(beside, 'data')
  }
  expect([seen.text, seen.error, late.text, late.error]).toEqual(['', '', '', ''])
  await network.mend()
  await until('both break', () => seen.socket.destroyed && late.socket.destroyed)
  expect(seen.text).toBe('')
  await says(await client(), 'after')
})

test('[CLU-8] a delay holds in each direction and keeps the order', async () => {
  const seen = await client()
  network.delay(40)
  const before = performance.now()
  const words = Array.from({ length: 50 }, (_, i) => `word ${i};`)
  for (const word of words) seen.socket.write(word)
  await until('all came back', () => seen.text === words.join(''), 2_000)
  expect(performance.now() - before).toBeGreaterThan(79)
  await network.mend()
  await says(seen, 'quick')
})

test('[CLU-8] more than anybody holds goes through whole, slowly or not', async () => {
  for (const delayMs of [0, 5]) {
    const seen = await client()
    network.delay(delayMs)
    const text = 'abcdefgh'.repeat(1_000_000)
    seen.socket.write(text)
    await until('all came back', () => seen.text.length === text.length, 10_000)
    expect(seen.text === text).toBe(true)
  }
})

test('[CLU-8] a hindrance is felt by those whom it concerns alone', async () => {
  const [one, other] = [await client(), await client()]
  network.hinder('some', 'silent', 0, (near) => near.remotePort === one.socket.localPort)
  one.socket.write('lost')
  await says(other, 'heard')
  expect(one.text).toBe('')
  network.hinder('some', 'cut', 0, (near) => near.remotePort === other.socket.localPort)
  await until('both are broken now', () => one.socket.destroyed && other.socket.destroyed)
  network.release('some')
  await says(await client(), 'after')
})
