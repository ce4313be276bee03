import { hashPassword } from 'better-auth/crypto'
import { z } from 'zod'
import type { Books } from '../ledger/books.ts'
import { ADDRESS_HEADER, AUTH_PATH, type AuthOptions, authOf, PASSWORD_LENGTH, readyHash } from './auth.ts'

/** A signed-in player, and the cookies that prolong the session; the answer must carry them. */
export type SignedIn = { readonly playerId: string; readonly name: string; readonly setCookies: readonly string[] }

/**
 * The name that others see at a table: 2 to 24 letters, digits, spaces and `. _ ' -`, beginning with a letter or
 * digit.
 */
const NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._'-]{1,23}$/u

const email = z.string().max(254).pipe(z.email())
const password = z.string().min(PASSWORD_LENGTH.least).max(PASSWORD_LENGTH.most)
const signUp = z.object({
  email,
  password,
  name: z
    .string()
    .max(100)
    .transform((name) => name.normalize('NFC').trim().replaceAll(/ +/g, ' '))
    .pipe(z.string().regex(NAME)),
})
// Whatever else a request asks of the library (a longer session, a redirect, a picture) is left out.
const signIn = z.object({ email, password: z.string().min(1).max(PASSWORD_LENGTH.most) })
const signOut = z.object({})

const ACTIONS = {
  'sign-up/email': { method: 'POST', body: signUp },
  'sign-in/email': { method: 'POST', body: signIn },
  'sign-out': { method: 'POST', body: signOut },
  'get-session': { method: 'GET', body: null },
} as const
export type AuthAction = keyof typeof ACTIONS
export const authActions = Object.keys(ACTIONS) as readonly AuthAction[]

export type AuthRequest = {
  readonly action: AuthAction
  readonly body: unknown
  readonly cookie: string
  /** The client's address, found through trusted proxies only. */
  readonly address: string
  readonly userAgent: string
}

/** Registration, sign-in and sessions of players. Whoever signs in has an account in the books. */
export class Players {
  readonly #auth: ReturnType<typeof authOf>
  readonly #books: Pick<Books, 'openAccount'>
  readonly #origin: string

  constructor(options: Omit<AuthOptions, 'signedIn'> & { readonly books: Pick<Books, 'openAccount'> }) {
    this.#books = options.books
    this.#origin = new URL(options.publicUrl).origin
    this.#auth = authOf({
      ...options,
      // The session stands either way; `ensureAccount` tries again before the account is used.
      signedIn: (playerId) =>
        this.#books.openAccount(playerId).catch((err) => options.log.error({ err, playerId }, 'no account yet')),
    })
  }

  /** Answers one of the library's requests; `malformed` when the body is not what the action takes. */
  async answer(request: AuthRequest): Promise<Response | 'malformed'> {
    const { method, body: schema } = ACTIONS[request.action]
    const body = schema === null ? null : schema.safeParse(request.body ?? {})
    if (body?.success === false) return 'malformed'
    const headers = new Headers({ [ADDRESS_HEADER]: request.address, origin: this.#origin })
    if (request.cookie !== '') headers.set('cookie', request.cookie)
    if (request.userAgent !== '') headers.set('user-agent', request.userAgent)
    if (body !== null) headers.set('content-type', 'application/json')
    const asked = new Request(`${this.#origin}${AUTH_PATH}/${request.action}`, {
      method,
      headers,
      ...(body !== null && { body: JSON.stringify(body.data) }),
    })
    if (request.action !== 'sign-up/email') return this.#auth.handler(asked)
    const chosen = signUp.parse(request.body)
    return readyHash.run(await hashPassword(chosen.password), () => this.#auth.handler(asked))
  }

  /** Who the cookie signs in, or null. Using a session prolongs it. */
  async playerOf(cookie: string): Promise<SignedIn | null> {
    if (cookie === '') return null
    const { response, headers } = await this.#auth.api.getSession({
      headers: new Headers({ cookie }),
      returnHeaders: true,
    })
    if (response === null) return null
    return { playerId: response.user.id, name: response.user.name, setCookies: headers.getSetCookie() }
  }

  ensureAccount(playerId: string): Promise<void> {
    return this.#books.openAccount(playerId)
  }
}
