import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { verifyTranscript } from '../engine/fairness/verify.ts'
import { fairnessVectors } from './fairness-vectors.ts'

test('[FAI-24] the engine reproduces the published vectors', async () => {
  const published = readFileSync(new URL('../docs/fairness-vectors.json', import.meta.url), 'utf8')
  expect(await fairnessVectors()).toEqual(JSON.parse(published))
})

test('[FAI-24] every published transcript verifies, and one of the draws drops its first word', async () => {
  const { transcripts, draws } = await fairnessVectors()
  for (const transcript of Object.values(transcripts)) expect(verifyTranscript(transcript).ok).toBe(true)
  expect(draws.map(({ roundNo }) => roundNo).at(-1)).toBeGreaterThan(11)
})
