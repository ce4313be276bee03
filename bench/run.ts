/** `npm run bench -- <name> [arguments]`: runs `main` of bench/<name>.ts; each prints one line of JSON last. */
const BENCHES = ['draws', 'ledger', 'table', 'failover'] as const

type Bench = { readonly main: (args: readonly string[]) => Promise<void> }

const [name, ...args] = process.argv.slice(2)
if (!BENCHES.some((bench) => bench === name)) {
  console.error(`usage: npm run bench -- ${BENCHES.join('|')} [arguments]`)
  process.exit(2)
}
const bench = (await import(`./${name}.ts`)) as Bench
await bench.main(args)
