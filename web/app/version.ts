/**
 * Whether the server serves another build than the page that is open (U7). A server that does not say (null) is
 * believed to be the same; a page without a build id (the design harness) is never stale.
 */
export function isStale(ownBuild: string, servedBuild: string | null): boolean {
  return ownBuild !== '' && servedBuild !== null && servedBuild !== ownBuild
}
