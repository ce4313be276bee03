import { existsSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

/** These suites of e2e/ drive a browser. Without one they are left out, and `npm test` says so. */
const NO_BROWSER = existsSync(process.env.CHROMIUM ?? '/usr/bin/chromium')
  ? []
  : ['e2e/!(hostile*|*.cluster).test.ts', 'e2e/cluster/**']
/** Suites that start a Redis of their own, likewise. */
const NO_REDIS = existsSync('/usr/bin/redis-server') ? [] : ['**/*.redis.test.ts']
/** Suites that start several parts of a cluster, likewise. */
const CLUSTER = ['/usr/sbin/haproxy', '/usr/bin/redis-server', '/usr/lib/postgresql/15/bin/postgres']
const NO_CLUSTER = CLUSTER.every((file) => existsSync(file)) ? [] : ['**/*.cluster.test.ts']
/** Whole clusters under every fault, each crash point and an upgrade take long: `npm run faults` runs them. */
const NO_FAULTS = process.env.FAULTS === 'all' ? [] : ['**/*.faults.test.ts']

export default defineConfig({
  test: {
    include: ['**/*.test.ts', '**/*.test.tsx'],
    exclude: ['node_modules/**', 'dist/**', ...NO_BROWSER, ...NO_REDIS, ...NO_CLUSTER, ...NO_FAULTS],
    // Worker threads, native addons and PGlite's WebAssembly memory want a process of their own per file.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', './scripts/plain-reporter.ts'],
  },
})
