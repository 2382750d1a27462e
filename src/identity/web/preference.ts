// What a caller wants to get: HTML only when it is really preferred, so that programs that accept anything get JSON
// (Community Solid Server does the same); and in which language.

import type { HttpRequest } from '../../core/http/message.ts'
import { Acceptance } from '../../pod/representation/negotiation.ts'
import type { Language } from '../account/accounts.ts'

const offer = { name: 'account', types: ['application/json', 'text/html'] }
const maxHeaderLength = 1000
const maxLanguages = 20

export function wantsHtml({ headers }: Pick<HttpRequest, 'headers'>): boolean {
  const { accept } = headers
  if (accept === undefined || accept.length > maxHeaderLength) return false
  return new Acceptance(accept).choose(offer) === 'text/html'
}

export function readLanguage(text: string | null | undefined): Language | undefined {
  return text === 'en' || text === 'zh' ? text : undefined
}

/** The wanted language with the highest weight (RFC 9110 section 12.5.4); English when there is none of ours. */
export function acceptedLanguage({ headers }: Pick<HttpRequest, 'headers'>): Language {
  let best: { readonly language: Language; readonly q: number } = { language: 'en', q: 0 }
  const wanted = (headers['accept-language'] ?? '').slice(0, maxHeaderLength).split(',', maxLanguages)
  for (const element of wanted) {
    const match = /^\s*([a-z]+)(?:-[a-z0-9-]+)?\s*(?:;\s*q=(\d(?:\.\d+)?))?\s*$/i.exec(element)
    const language = readLanguage(match?.[1]?.toLowerCase())
    const q = Number(match?.[2] ?? 1)
    if (language !== undefined && q > best.q) best = { language, q }
  }
  return best.language
}
