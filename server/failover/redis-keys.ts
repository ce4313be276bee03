import { hkdfSync } from 'node:crypto'

const HOUSE_BYTES = 12

/** Stands for a house in the names of its keys: two houses on one Redis share none (FOV-98). 24 letters. */
export function redisHouse(secretsKey: Uint8Array): string {
  return Buffer.from(hkdfSync('sha256', secretsKey, '', 'crupier redis keys', HOUSE_BYTES)).toString('hex')
}

/**
 * All keys of a table, each with the house in front, share a hash tag, so that a Cluster keeps them on one node and one
 * script may use them.
 */
export function tableKeys(house: string, tableId: string) {
  const table = `crupier:${house}:{${tableId}}`
  return { lease: `${table}:lease`, hot: `${table}:hot`, seats: `${table}:seats`, seatsAt: `${table}:seatsAt` }
}
