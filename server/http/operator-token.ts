import { createHash, timingSafeEqual } from 'node:crypto'

/** Whether an Authorization header carries the token, in a time that tells nothing about it. */
export function holdsToken(authorization: string | undefined, token: string): boolean {
  const shown = /^Bearer ([\x21-\x7e]{1,1000})$/i.exec(authorization ?? '')?.[1] ?? ''
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(shown), digest(token)) && shown !== ''
}
