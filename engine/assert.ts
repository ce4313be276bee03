/** Stops the table on a broken invariant; kept on in production, since not paying beats paying wrong. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${invariant}`)
}

/** Whether an error says that an invariant is broken: no repeat mends that, and whoever acts on it must stop. */
export function isBrokenInvariant(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('invariant broken')
}

/** Marks a switch as exhaustive: the compiler refuses a case that was forgotten. */
export function unreachable(value: never): never {
  throw new Error(`invariant broken: unexpected ${JSON.stringify(value)}`)
}
