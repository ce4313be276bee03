/** All keys of a table share a hash tag, so that a Cluster keeps them on one node and one script may use them. */
export function tableKeys(tableId: string) {
  const table = `crupier:{${tableId}}`
  return { lease: `${table}:lease`, hot: `${table}:hot`, seats: `${table}:seats` }
}
