// The cookies of the provider: which app login this browser is in the middle of, and its session with apps. On https their
// names bind them to this host (rule 14).

import type { HttpRequest } from '../../core/http/message.ts'

export interface CookieNames {
  readonly session: string
  readonly interaction: string
  readonly resume: string
}

/** `interaction` and `resume` have paths of their own, so they cannot be __Host-. */
export function cookieNames(baseUrl: string): CookieNames {
  return baseUrl.startsWith('https:')
    ? { session: '__Host-xpod-apps', interaction: '__Secure-xpod-login', resume: '__Secure-xpod-resume' }
    : { session: 'xpod-apps', interaction: 'xpod-login', resume: 'xpod-resume' }
}

/** The first of that name. */
export function cookieOf({ headers }: Pick<HttpRequest, 'headers'>, name: string): string | undefined {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}
