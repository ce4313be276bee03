/**
 * `npm run backup-keys -- export --to <file>`: the keys of the house, encrypted under BACKUP_PASSPHRASE, to be kept
 * apart from the backups. `open` brings them back; neither prints one.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { keyBytes } from '../../secrets.ts'
import { type HouseKeys, keyIdOf, LEAST_PASSPHRASE, openKeys, sealKeys } from '../keys.ts'
import { command, EXIT, Misuse, options } from './terminal.ts'

const USAGE = `Usage: npm run backup-keys -- export --to <file>
       npm run backup-keys -- open --from <file> --to <env file>

  export   writes SECRETS_KEY, AUTH_SECRET and OPERATOR_TOKEN, as they are set, into the file, encrypted
  open     writes them back, as lines NAME=value, into a file for its owner alone

The passphrase comes from BACKUP_PASSPHRASE, of at least ${LEAST_PASSPHRASE} characters. Keep the file
where the backups are not, and the passphrase where neither is.`

await command(USAGE, async (args, { env }) => {
  const { values, positionals } = options(args, { from: { type: 'string' }, to: { type: 'string' } })
  const { to, from } = values
  const passphrase = env.BACKUP_PASSPHRASE ?? ''
  if (passphrase.length < LEAST_PASSPHRASE)
    throw new Misuse(`BACKUP_PASSPHRASE has at least ${LEAST_PASSPHRASE} characters`)
  if (to === undefined) throw new Misuse('--to names the file')
  const [verb, ...rest] = positionals
  if (rest.length > 0) throw new Misuse(`"${rest[0]}" is too much`)
  if (verb === 'export') return exportTo(resolve(to), passphrase, env)
  if (verb !== 'open' || from === undefined) throw new Misuse('either export --to, or open --from --to')
  const keys = openKeys(await readFile(from, 'utf8'), passphrase)
  if (keys === null) throw new Error('the passphrase is another, or the file was damaged')
  const lines = Object.entries(keys).flatMap(([name, value]) => (value === '' ? [] : [`${name}=${value}\n`]))
  await writeFile(to, lines.join(''), { mode: 0o600, flag: 'wx' })
  console.log(`The keys are in ${to}; SECRETS_KEY has the id ${idOf(keys)}.`)
  return EXIT.done
})

async function exportTo(to: string, passphrase: string, env: NodeJS.ProcessEnv): Promise<number> {
  const { SECRETS_KEY = '', AUTH_SECRET = '', OPERATOR_TOKEN = '', BACKUP_DIR = '' } = env
  const keys = { SECRETS_KEY, AUTH_SECRET, OPERATOR_TOKEN }
  if (keyBytes(SECRETS_KEY) === null) throw new Misuse('SECRETS_KEY must be 32 bytes in hex or base64')
  if (BACKUP_DIR !== '' && !relative(resolve(BACKUP_DIR), to).startsWith('..'))
    throw new Misuse('the keys are kept apart from the backups: name a file outside of BACKUP_DIR')
  await writeFile(to, sealKeys(keys, passphrase), { mode: 0o600, flag: 'wx', flush: true })
  console.log(`The keys are in ${to}, encrypted; SECRETS_KEY has the id ${idOf(keys)}.`)
  return EXIT.done
}

function idOf({ SECRETS_KEY }: HouseKeys): string {
  const bytes = keyBytes(SECRETS_KEY)
  return bytes === null ? 'none' : keyIdOf(bytes)
}
