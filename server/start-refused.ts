import { BooksOutOfReach } from './ledger/out-of-reach.ts'

export type StartRefusal = { readonly code: string; readonly message: string }

/** The server does not start, for a reason that its operator can mend; `code` names it in docs/operating.md. */
export class StartRefused extends Error {
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StartRefused'
    this.code = code
  }
}

const PORT_CODES: Readonly<Record<string, readonly [code: string, why: string]>> = {
  EADDRINUSE: ['port-taken', 'another process listens there'],
  EACCES: ['port-forbidden', 'this user may not listen there'],
  EADDRNOTAVAIL: ['no-such-address', 'this machine has no such address'],
}
const LEAST_SQLSTATE = 5

/** Why it does not start, in one line (OPS-21). Null: a fault of this program, whose stack tells more. */
export function startRefusal(error: unknown): StartRefusal | null {
  if (error instanceof StartRefused) return { code: error.code, message: error.message }
  if (error instanceof BooksOutOfReach) return outOfReach(error.cause)
  if (!(error instanceof Error)) return null
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number }
  const ofPort = syscall === 'listen' ? PORT_CODES[code ?? ''] : undefined
  if (ofPort !== undefined) {
    const setting = 'PORT (HOST), or for other nodes PEER_PORT (PEER_HOST), names another'
    return {
      code: ofPort[0],
      message: `${address ?? ''}:${port ?? ''} cannot be listened on: ${ofPort[1]}; ${setting}`,
    }
  }
  return isOfDatabase(error) ? outOfReach(error) : null
}

/** What the driver says when there is no server, none that takes writes, or none that lets this user in. */
function isOfDatabase(error: Error): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (syscall === 'connect' || syscall === 'getaddrinfo') return true
  if (code?.length === LEAST_SQLSTATE) return /^(08|28|3D|53|57P)/.test(code)
  return /no server (of DATABASE_URL )?accept|timeout exceeded when trying to connect|connection terminated/i.test(
    error.message,
  )
}

function outOfReach(error: unknown): StartRefusal {
  const first = error instanceof AggregateError ? error.errors[0] : error
  const why = first instanceof Error ? first.message : String(first)
  return { code: 'books-out-of-reach', message: `the database of DATABASE_URL cannot be used: ${why}` }
}
