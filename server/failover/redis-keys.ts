/** All keys of one table share a hash tag, so that a Cluster keeps them on one node and a script may use them at once. */
export function tableKeys(tableId: string) {
  const table = `crupier:{${tableId}}`
  return { lease: `${table}:lease`, hot: `${table}:hot`, seats: `${table}:seats` }
}
