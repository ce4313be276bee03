import { AsyncLocalStorage } from 'node:async_hooks'
import { betterAuth } from 'better-auth'
import { hashPassword, verifyPassword } from 'better-auth/crypto'
import type { Database } from '../database/open.ts'
import type { Log } from '../log.ts'

export type AuthOptions = {
  readonly database: Database
  /** Signs session cookies. */
  readonly secret: string
  /** Address that players type; with https, cookies travel only there. */
  readonly publicUrl: string
  readonly allowedOrigins: readonly string[]
  readonly sessionIdleMs: number
  readonly rates: SignInRates
  readonly log: Log
  /** Called after every sign-in, so that whoever holds a session has an account in the books. */
  readonly signedIn: (playerId: string) => Promise<void>
}
/** Attempts that one address may make in a minute. */
export type SignInRates = { readonly signUpsPerMinute: number; readonly signInsPerMinute: number }

/**
 * Header in which the HTTP layer tells the library the client's address; whatever a client sends there is overwritten.
 */
export const ADDRESS_HEADER = 'x-crupier-client'
export const AUTH_PATH = '/api/auth'
export const PASSWORD_LENGTH = { least: 10, most: 128 } as const
/** A session in use is prolonged at most this often. */
const RENEW_SECONDS = 60

/**
 * A hash made before the library opens its transaction: hashing takes over 100 ms, and the embedded database has one
 * session, so every bet of the house would wait for it.
 */
export const readyHash = new AsyncLocalStorage<string>()

/** The library, on our tables (`003-players.ts`). Sessions end after `sessionIdleMs` without use (PLY-3). */
export function authOf(options: AuthOptions) {
  return betterAuth(authSettings(options))
}

/** Apart from `authOf`, so that a test can ask the library which tables it wants. */
export function authSettings(options: AuthOptions) {
  const { log } = options
  return {
    baseURL: new URL(options.publicUrl).origin,
    basePath: AUTH_PATH,
    secret: options.secret,
    trustedOrigins: [...options.allowedOrigins],
    database: { db: options.database.kysely, type: 'postgres' as const, transaction: true },
    telemetry: { enabled: false },
    logger: {
      level: 'warn' as const,
      log: (level: string, message: string, ...args: unknown[]) =>
        log[level === 'error' ? 'error' : 'warn']({ args }, `sign-in: ${message}`),
    },
    emailAndPassword: {
      enabled: true,
      minPasswordLength: PASSWORD_LENGTH.least,
      maxPasswordLength: PASSWORD_LENGTH.most,
      password: {
        hash: async (password: string) => readyHash.getStore() ?? hashPassword(password),
        verify: ({ hash, password }: { hash: string; password: string }) => verifyPassword({ hash, password }),
      },
    },
    ...tables,
    session: {
      ...tables.session,
      expiresIn: options.sessionIdleMs / 1000,
      updateAge: Math.min(RENEW_SECONDS, options.sessionIdleMs / 2000),
      cookieCache: { enabled: false },
    },
    rateLimit: { ...tables.rateLimit, ...rateRules(options.rates) },
    databaseHooks: {
      session: { create: { after: async ({ userId }: { userId: string }) => options.signedIn(userId) } },
    },
    advanced: {
      cookiePrefix: 'crupier',
      useSecureCookies: options.publicUrl.startsWith('https://'),
      defaultCookieAttributes: { httpOnly: true, sameSite: 'strict' as const, path: '/' },
      ipAddress: { ipAddressHeaders: [ADDRESS_HEADER], ipv6Subnet: 64 as const },
    },
  }
}

function rateRules({ signUpsPerMinute, signInsPerMinute }: SignInRates) {
  return {
    enabled: true,
    storage: 'database' as const,
    window: 60,
    max: 600,
    customRules: {
      '/sign-up/email': { window: 60, max: signUpsPerMinute },
      '/sign-in/email': { window: 60, max: signInsPerMinute },
      '/sign-out': { window: 60, max: 60 },
      // Every page asks who is signed in; the house's own limits stand before this one.
      '/get-session': false as const,
    },
  }
}

/** The library's models under our names: its `account` would meet the ledger's. */
const tables = {
  user: {
    modelName: 'player',
    fields: { emailVerified: 'email_verified', createdAt: 'created_at', updatedAt: 'updated_at' },
  },
  session: {
    modelName: 'player_session',
    fields: {
      userId: 'user_id',
      expiresAt: 'expires_at',
      createdAt: 'created_at',
      updatedAt: 'updated_at',
      ipAddress: 'ip_address',
      userAgent: 'user_agent',
    },
  },
  account: {
    modelName: 'player_credential',
    fields: {
      accountId: 'account_id',
      providerId: 'provider_id',
      userId: 'user_id',
      accessToken: 'access_token',
      refreshToken: 'refresh_token',
      idToken: 'id_token',
      accessTokenExpiresAt: 'access_token_expires_at',
      refreshTokenExpiresAt: 'refresh_token_expires_at',
      createdAt: 'created_at',
      updatedAt: 'updated_at',
    },
  },
  verification: {
    modelName: 'player_verification',
    fields: { expiresAt: 'expires_at', createdAt: 'created_at', updatedAt: 'updated_at' },
  },
  rateLimit: { modelName: 'sign_in_rate', fields: { lastRequest: 'last_request' } },
}
