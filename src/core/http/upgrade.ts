// The opening handshake of a WebSocket as a request (RFC 6455 section 4.2.1): what makes it none, judged before anybody is
// asked whether it may connect. Stricter than it must be where no client differs: no body, and no byte before the answer.

import type { IncomingMessage } from 'node:http'

import { XpodError } from '../../base/errors.ts'

const keyPattern = /^[+/0-9A-Za-z]{22}==$/
const protocolsPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t]*,[ \t]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+)*$/
const maxProtocols = 16

/** Other upgrades, such as the h2c that curl offers, are answered as if they were not there (RFC 9110 section 7.8). */
export function isWebSocketUpgrade(message: IncomingMessage): boolean {
  return message.headers.upgrade?.toLowerCase() === 'websocket'
}

/** `head` is what came behind the request. */
export function handshakeProblem(message: IncomingMessage, head: Uint8Array): XpodError | undefined {
  const { headers, method, httpVersionMinor } = message
  const invalid = (why: string): XpodError => new XpodError('UPGRADE_INVALID', why)
  if (!isWebSocketUpgrade(message)) return invalid('the Upgrade is another one')
  // Node asks for a Host only where it does not upgrade.
  if (headers.host === undefined) return new XpodError('HEADER_INVALID', 'Host is missing')
  if (method !== 'GET' || httpVersionMinor === 0) return invalid('it is no GET of HTTP/1.1')
  if (hasBody(message)) return invalid('it has a body')
  if (head.length > 0) return invalid('something follows it before it was answered')
  if (headers['sec-websocket-version'] !== '13') {
    const wanted = ['Upgrade', 'websocket', 'Sec-WebSocket-Version', '13']
    return new XpodError('UPGRADE_REQUIRED', 'the version is 13', { headers: wanted })
  }
  if (!keyPattern.test(headers['sec-websocket-key'] ?? '')) return invalid('Sec-WebSocket-Key is not valid')
  if (!areProtocols(headers['sec-websocket-protocol'])) return invalid('Sec-WebSocket-Protocol is not valid')
  return undefined
}

function hasBody({ headers }: IncomingMessage): boolean {
  return (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined
}

function areProtocols(list: string | undefined): boolean {
  if (list === undefined) return true
  if (!protocolsPattern.test(list)) return false
  const names = list.split(/[ \t]*,[ \t]*/)
  return names.length <= maxProtocols && new Set(names).size === names.length
}
