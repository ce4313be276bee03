import type { Reporter, TestModule } from 'vitest/node'

/** Ends every run with one plain line that a person or a script can read: `N passed, N failed`. */
export default class PlainReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0
    let failed = unhandledErrors.length
    for (const module of modules) {
      // A file that cannot even be loaded has no tests to count, so its own errors are.
      failed += module.errors().length
      for (const { result } of [...module.children.allTests()].map((test) => ({ result: test.result() }))) {
        if (result.state === 'passed') passed++
        else if (result.state === 'failed') failed++
      }
    }
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
  }
}
