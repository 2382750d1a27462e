// The cookies of the account pages. On https their names begin with __Host-, so neither another host nor plain http can
// plant one; everywhere they are HttpOnly, SameSite=Lax and for the whole site. The device cookie is a sealed value that
// says which accounts were logged in to from here: it opens nothing.

import { XpodError } from '../../base/errors.ts'
import type { HttpRequest } from '../../core/http/message.ts'
import type { Language, Session } from '../account/accounts.ts'
import type { Sealer } from '../sealing.ts'
import type { Device } from '../use/parts.ts'

/** account: the session, as Community Solid Server names it. visit: what forms of visitors are bound to. */
type CookieName = 'account' | 'visit' | 'device' | 'language'

const names: Readonly<Record<CookieName, string>> = {
  account: 'css-account',
  visit: 'xpod-visit',
  device: 'xpod-device',
  language: 'xpod-language',
}

const yearS = 365 * 24 * 60 * 60
const maxCookieLength = 3000
/** Nothing else that is sealed begins like this. */
const deviceMark = 'device'

export function nameOf(cookie: CookieName, isHttps: boolean): string {
  return isHttps ? `__Host-${names[cookie]}` : names[cookie]
}

/** The first of that name; empty ones do not count. */
export function readCookie(request: Pick<HttpRequest, 'headers'>, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) {
      const value = pair.slice(at + 1).trim()
      return value === '' || value.length > maxCookieLength ? undefined : value
    }
  }
  return undefined
}

interface Lifetime {
  /** Undefined: until the browser closes. 0: now. */
  readonly maxAgeS?: number | undefined
}

function write(
  name: CookieName,
  value: string,
  { maxAgeS, isHttps }: Lifetime & { readonly isHttps: boolean },
): string {
  const age = maxAgeS === undefined ? '' : `; Max-Age=${maxAgeS}`
  return `${nameOf(name, isHttps)}=${value}; Path=/${age}; HttpOnly; SameSite=Lax${isHttps ? '; Secure' : ''}`
}

export interface CookieWriter {
  /** Until the session ends, or the browser does. */
  session(token: string, session: Session): string
  endSession(): string
  visit(secret: string): string
  device(device: Device): string
  language(language: Language): string
}

export function createCookieWriter(baseUrl: string, parts: { readonly sealer: Sealer; nowMs(): number }): CookieWriter {
  const isHttps = baseUrl.startsWith('https:')
  return {
    session(token, { remember, expiresMs }) {
      const maxAgeS = remember ? Math.max(1, Math.floor((expiresMs - parts.nowMs()) / 1000)) : undefined
      return write('account', token, { maxAgeS, isHttps })
    },
    endSession: () => write('account', '', { maxAgeS: 0, isHttps }),
    visit: (secret) => write('visit', secret, { isHttps }),
    device: (device) => write('device', sealDevice(parts.sealer, device), { maxAgeS: yearS, isHttps }),
    language: (language) => write('language', language, { maxAgeS: yearS, isHttps }),
  }
}

function sealDevice(sealer: Sealer, { id, accounts }: Device): string {
  const bytes = Buffer.from(JSON.stringify([deviceMark, id, ...accounts]))
  return Buffer.from(sealer.seal(bytes)).toString('base64url')
}

/** Undefined for anything that was not sealed here. */
export function openDevice(sealer: Sealer, value: string | undefined): Device | undefined {
  if (value === undefined) return undefined
  let opened: Uint8Array
  try {
    opened = sealer.open(Buffer.from(value, 'base64url'))
  } catch (error) {
    if (error instanceof XpodError && error.code === 'SECRET_MISMATCH') return undefined
    throw error
  }
  const text = Buffer.from(opened).toString()
  if (!text.startsWith(`["${deviceMark}",`)) return undefined
  const [, id, ...accounts] = JSON.parse(text) as string[]
  return { id: id!, accounts }
}
