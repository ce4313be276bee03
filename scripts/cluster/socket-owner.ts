import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Columns of Linux's /proc/net/tcp. */
const LOCAL = 1
const REMOTE = 2
const INODE = 9

/**
 * Whether this process holds the client's end of a connection over the loopback address; false when it cannot be told
 * any more. All come from one address, so this is how a proxy tells one node from another.
 */
export function holdsConnection(pid: number, from: number, to: number): boolean {
  const socket = socketBetween(from, to)
  if (socket === null) return false
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === socket)
  } catch {
    return false // the process has ended
  }
}

function socketBetween(from: number, to: number): string | null {
  const ends = (address: string | undefined, port: number) =>
    address?.endsWith(`:${port.toString(16).toUpperCase().padStart(4, '0')}`) === true
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n')) {
    const columns = line.trim().split(/\s+/)
    if (ends(columns[LOCAL], from) && ends(columns[REMOTE], to)) return `socket:[${columns[INODE]}]`
  }
  return null
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null // it was closed meanwhile
  }
}
