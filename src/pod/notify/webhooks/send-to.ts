// Whether a URL can be where a webhook sends, as far as it can be judged when somebody subscribes: https, or http to what the
// operator opened (loopback when the base URL is loopback); no credentials; no internal address. What a name resolves to is
// judged by the outgoing door at every connection, because a name can change its mind.

import { isIP } from 'node:net'

import type { AddressRules } from '../../../core/http/address-list.ts'

const maxLength = 2000

/** Why it cannot be one, for who subscribes; undefined when it can. */
export function sendToProblem(text: string, rules: AddressRules): string | undefined {
  if (text.length > maxLength) return `sendTo is longer than ${maxLength} characters`
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return 'sendTo is no https URL'
  if (url.username !== '' || url.password !== '') return 'sendTo has credentials in it'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const address = host === 'localhost' ? '127.0.0.1' : host
  if (rules.opensHost(host) || rules.opensAddress(address)) return undefined
  if (url.protocol === 'http:') return 'sendTo is not https'
  return isIP(address) !== 0 && !rules.isPublic(address) ? 'sendTo is an internal address' : undefined
}
