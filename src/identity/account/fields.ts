// What people type into accounts, checked and bounded: e-mail addresses, names, passwords, WebIDs. Two spellings of an
// e-mail address that differ in case only are one address.

import { XpodError } from '../../base/errors.ts'
import { canonicalUrl } from '../../pod/url.ts'

const maxEmailBytes = 254
const maxWebIdBytes = 2000
const maxPasswordBytes = 1024
const maxTitleLength = 100
const maxSlugLength = 64

/** One @, no spaces or control characters; whether it exists only a letter can tell. */
const emailForm = /^[^\s@\p{C}]+@[^\s@\p{C}]+$/u
const nameForm = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const webIdForm = /^https?:\/\/[^\s<>"{}|\\^`\p{C}]+$/u

/** As typed, trimmed. Throws EMAIL_INVALID. */
export function readEmail(typed: string): string {
  const email = typed.trim()
  if (Buffer.byteLength(email) > maxEmailBytes || !emailForm.test(email)) throw new XpodError('EMAIL_INVALID')
  return email
}

export function emailKey(email: string): string {
  return email.trim().normalize('NFC').toLowerCase()
}

/** A name to log in with. Throws NAME_INVALID. */
export function readName(typed: string): string {
  const name = typed.trim().toLowerCase()
  if (!nameForm.test(name)) throw new XpodError('NAME_INVALID', 'letters, digits and hyphens, 1 to 63 characters')
  return name
}

/** A name for something in a list. Throws NAME_INVALID. */
export function readTitle(typed: string): string {
  const title = typed.trim()
  if (title.length > maxTitleLength || /\p{Cc}/u.test(title)) {
    throw new XpodError('NAME_INVALID', `at most ${maxTitleLength} characters on one line`)
  }
  return title
}

/** The readable part of a client id, as Community Solid Server forms it. */
export function slugOf(title: string): string {
  return title.replace(/[^\w.-]+/g, '-').slice(0, maxSlugLength)
}

/** Throws PASSWORD_INVALID. */
export function requirePassword(password: string): void {
  const bytes = Buffer.byteLength(password)
  if (bytes === 0 || bytes > maxPasswordBytes) throw new XpodError('PASSWORD_INVALID')
}

/** No dot segments or credentials: it must not look like the WebID of one pod and be read as that of another. Throws WEBID_INVALID. */
export function requireWebId(webId: string): void {
  const isWebId =
    Buffer.byteLength(webId) <= maxWebIdBytes && webIdForm.test(webId) && canonicalUrl(webId) !== undefined
  if (!isWebId) throw new XpodError('WEBID_INVALID')
}

export type LoginKey = { readonly kind: 'email' | 'name' | 'webId'; readonly key: string }

/** What somebody means who logs in; undefined when it cannot be anybody's. */
export function readLogin(typed: string): LoginKey | undefined {
  const login = typed.trim()
  if (login.length > maxWebIdBytes) return undefined
  if (/^https?:\/\//i.test(login)) return { kind: 'webId', key: login }
  if (login.includes('@')) return { kind: 'email', key: emailKey(login) }
  return { kind: 'name', key: login.toLowerCase() }
}
