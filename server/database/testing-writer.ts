/** What the durability test kills: it writes rows one by one and reports each only once it is committed. */
import { openDatabase } from './open.ts'

const [dataDir] = process.argv.slice(2)
if (dataDir === undefined) throw new Error('usage: testing-writer <folder>')
const database = await openDatabase({ dataDir })
await database.pool.query('create table if not exists written (n int primary key, a int not null, b int not null)')
const { rows } = await database.pool.query('select coalesce(max(n), 0) as top from written')
for (let n = Number(rows[0].top) + 1; ; n++) {
  const client = await database.pool.connect()
  await client.query('begin')
  await client.query('insert into written values ($1, $1, 0)', [n])
  await client.query('update written set b = a where n = $1', [n])
  await client.query('commit')
  client.release()
  process.send?.(n)
}
