import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BoundProcess } from './bound-process.ts'
import { endOf } from './caretaker.ts'

test('[CLU-16] a node that drained, one that was killed and one that failed are told apart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'crupier-caretaker-'))
  const start = (program: string) =>
    BoundProcess.start([process.execPath, '-e', program], { env: {}, logFile: join(folder, 'log') })
  try {
    const waiting = await start(
      "process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000); console.log(1)",
    )
    expect(waiting.exit).toBeNull()
    await waiting.end('SIGKILL', 5_000)
    expect(endOf(waiting.exit)).toBe('is dead (SIGKILL)')
    const [drained, failed] = [await start('process.exit(0)'), await start('process.exit(1)')]
    await Promise.all([drained.exited, failed.exited])
    expect(endOf(drained.exit)).toBe('has drained and ended')
    expect(endOf(failed.exit)).toBe('ended with 1 (its log says why)')
    expect(endOf(null)).toBe('is dead')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
