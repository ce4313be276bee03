import { parentPort } from 'node:worker_threads'
import { Generator } from '../generator.ts'

/** Run as a process or as a thread: sends the first two kilobytes of a generator just started, in 16-byte blocks. */
const words = new Uint32Array(256)
const generator = new Generator({ label: 'test' })
generator.fill(words)
const text = Buffer.concat([Buffer.from(words.buffer), generator.secret(1024)]).toString('hex')
const blocks = text.match(/.{32}/g)
if (parentPort === null) process.send?.(blocks, () => process.disconnect())
else parentPort.postMessage(blocks)
