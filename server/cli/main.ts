import { casino } from './casino.ts'

process.exitCode = await casino(process.argv.slice(2), {
  env: process.env,
  out: (line) => console.log(line),
  err: (line) => console.error(line),
})
