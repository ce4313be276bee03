import type { Books } from './books.ts'

type Called = (operation: string, result: 'ok' | 'failed', seconds: number) => void

/** The same books, each call timed and told by the name of its operation. */
export function meteredBooks(books: Books, nowMs: () => number, called: Called): Books {
  const timed = <A extends readonly unknown[], R>(operation: string, call: (...asked: A) => Promise<R>) => {
    return async (...asked: A): Promise<R> => {
      const startedMs = nowMs()
      let result: 'ok' | 'failed' = 'failed'
      try {
        const answer = await call(...asked)
        result = 'ok'
        return answer
      } finally {
        called(operation, result, (nowMs() - startedMs) / 1000)
      }
    }
  }
  return {
    raiseEpoch: timed('raiseEpoch', (...asked) => books.raiseEpoch(...asked)),
    openRound: timed('openRound', (...asked) => books.openRound(...asked)),
    reserve: timed('reserve', (...asked) => books.reserve(...asked)),
    release: timed('release', (...asked) => books.release(...asked)),
    closeRound: timed('closeRound', (...asked) => books.closeRound(...asked)),
    registerDraw: timed('registerDraw', (...asked) => books.registerDraw(...asked)),
    settle: timed('settle', (...asked) => books.settle(...asked)),
    voidRound: timed('voidRound', (...asked) => books.voidRound(...asked)),
    latestRound: timed('latestRound', (...asked) => books.latestRound(...asked)),
    openAccount: timed('openAccount', (...asked) => books.openAccount(...asked)),
    balanceOf: timed('balanceOf', (...asked) => books.balanceOf(...asked)),
    grant: timed('grant', (...asked) => books.grant(...asked)),
    audit: timed('audit', () => books.audit()),
  }
}
