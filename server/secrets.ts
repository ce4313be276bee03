import { hkdfSync, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What only the server knows: the key of secrets at rest (32 bytes), what signs cookies, what operators show. */
export type Secrets = { readonly secretsKey: Buffer; readonly authSecret: string; readonly operatorToken: string }

/** File in DATA_DIR that holds the operator's token when OPERATOR_TOKEN is not set; the command line reads it there. */
export const OPERATOR_TOKEN_FILE = 'operator.token'
const SECRETS_KEY_FILE = 'secrets.key'

/**
 * Texts as configured, each empty when not set; what is missing is made once in `dataDir`, readable by its owner
 * alone.
 */
export function readSecrets(given: {
  readonly secretsKey: string
  readonly authSecret: string
  readonly operatorToken: string
  readonly dataDir: string
}): Secrets {
  const keyText = given.secretsKey || kept(given.dataDir, SECRETS_KEY_FILE)
  const secretsKey = keyBytes(keyText)
  if (secretsKey === null) throw new Error(`${join(given.dataDir, SECRETS_KEY_FILE)} does not hold 32 bytes in hex`)
  const derived = () => Buffer.from(hkdfSync('sha256', secretsKey, '', 'crupier session cookies', 32)).toString('hex')
  return {
    secretsKey,
    authSecret: given.authSecret || derived(),
    operatorToken: given.operatorToken || kept(given.dataDir, OPERATOR_TOKEN_FILE),
  }
}

/** The 32 bytes that the text writes in hex or base64; null when it is neither. */
export function keyBytes(text: string): Buffer | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  if (/^[A-Za-z0-9+/]{43}=$/.test(text)) return Buffer.from(text, 'base64')
  return null
}

/**
 * Reads the file, or makes it with 32 fresh bytes in hex. The flag `wx` lets only one of two starting processes make
 * it.
 */
function kept(dataDir: string, name: string): string {
  const path = join(dataDir, name)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  try {
    writeFileSync(path, `${randomBytes(32).toString('hex')}\n`, { flag: 'wx', mode: 0o600, flush: true })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  }
  chmodSync(path, 0o600)
  return readFileSync(path, 'utf8').trim()
}
