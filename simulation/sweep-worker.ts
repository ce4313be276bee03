import { parentPort, workerData } from 'node:worker_threads'
import { playClusterWorld } from './cluster/world.ts'
import { type Report, sweep } from './sweep.ts'
import type { SweepOrder } from './sweep-in-worker.ts'
import { playWorld } from './world.ts'

const { from, stride, count, rounds, mostFailures, cluster, drill } = workerData as SweepOrder
const seeds = Array.from({ length: count }, (_, i) => from + i * stride)
const play = (seed: number): Promise<Report> =>
  cluster ? playClusterWorld({ seed, drill }) : playWorld({ seed, rounds })
parentPort?.postMessage(await sweep(seeds, play, mostFailures))
