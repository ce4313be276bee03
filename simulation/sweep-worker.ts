import { parentPort, workerData } from 'node:worker_threads'
import { sweep } from './sweep.ts'
import type { SweepOrder } from './sweep-in-worker.ts'

const { from, stride, count, rounds, mostFailures } = workerData as SweepOrder
const seeds = Array.from({ length: count }, (_, i) => from + i * stride)
parentPort?.postMessage(await sweep(seeds, rounds, mostFailures))
