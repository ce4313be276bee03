/**
 * Why the pool or one of its workers would not do something. `busy`: too much is under way, ask later. `stopped`: not
 * started, or stopping. `unhealthy`: a health test failed, nothing random is given until a restart. `worker-failed`:
 * all attempts ended in a crash or a timeout; the same request may be asked again. The rest refuse the request itself.
 */
export type PoolErrorCode =
  | 'busy'
  | 'stopped'
  | 'unhealthy'
  | 'worker-failed'
  | 'malformed'
  | 'unknown-key'
  | 'wrong-context'
  | 'unknown-game'
  | 'bad-rules'
  | 'round-out-of-range'

export class PoolError extends Error {
  readonly code: PoolErrorCode
  constructor(code: PoolErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options)
    this.name = 'PoolError'
    this.code = code
  }
}
