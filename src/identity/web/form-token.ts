// Tokens of forms (rule 14): each form carries what only this site can have written into it, made from a secret in a cookie
// of the same browser: the session of a member, or a random value of a visitor. Nothing is stored, and a restart in the
// middle of a login leaves every open form usable.

import { createHmac, timingSafeEqual } from 'node:crypto'

export function formToken(cookieSecret: string): string {
  return createHmac('sha256', cookieSecret).update('form').digest('base64url')
}

export function isFormToken(token: string, cookieSecret: string | undefined): boolean {
  if (cookieSecret === undefined) return false
  const right = Buffer.from(formToken(cookieSecret))
  const given = Buffer.from(token)
  return given.length === right.length && timingSafeEqual(given, right)
}
