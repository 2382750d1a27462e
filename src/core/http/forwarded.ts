// What a trusted reverse proxy says about the request it passes on: Forwarded (RFC 7239) or the X-Forwarded-… names. The
// word of anybody else counts for nothing. Only the nearest proxy is believed, so the last element is read.

import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'

import { XpodError } from '../../base/errors.ts'
import type { HttpRequest } from './message.ts'

export interface Forwarded {
  readonly host: string | undefined
  /** `http` or `https`. */
  readonly proto: string | undefined
}

export type ProxyTrust = (remoteAddress: string) => boolean

/** Takes addresses and CIDR blocks; throws CONFIG_INVALID for anything else. */
export function trustProxies(blocks: readonly string[]): ProxyTrust {
  if (blocks.length === 0) return () => false
  const list = new BlockList()
  for (const block of blocks) {
    const [address = '', bits, ...rest] = block.split('/')
    const version = isIP(address)
    const prefix = bits === undefined ? (version === 6 ? 128 : 32) : Number(bits)
    const isPrefix = Number.isInteger(prefix) && prefix >= 0 && prefix <= (version === 6 ? 128 : 32) && bits !== ''
    if (version === 0 || !isPrefix || rest.length > 0)
      throw new XpodError('CONFIG_INVALID', `${block} is no CIDR block`)
    list.addSubnet(address, prefix, version === 6 ? 'ipv6' : 'ipv4')
  }
  return (remoteAddress) => {
    const address = remoteAddress.startsWith('::ffff:') ? remoteAddress.slice(7) : remoteAddress
    const version = isIP(address)
    return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }
}

export function forwardedOf(headers: IncomingHttpHeaders): Forwarded {
  const { forwarded } = headers
  if (forwarded !== undefined) {
    const last = lastElement(forwarded)
    return { host: parameter(last, 'host'), proto: parameter(last, 'proto')?.toLowerCase() }
  }
  const host = single(headers['x-forwarded-host'])
  const proto = single(headers['x-forwarded-proto'])
  return {
    host: host === undefined ? undefined : lastElement(host),
    proto: proto === undefined ? undefined : lastElement(proto).toLowerCase(),
  }
}

/** Who asks, as the nearest trusted proxy saw it; the peer itself when it is no such proxy or does not say. */
export function clientAddressOf(
  { headers, remoteAddress }: Pick<HttpRequest, 'headers' | 'remoteAddress'>,
  trustsProxy: ProxyTrust,
): string {
  if (!trustsProxy(remoteAddress)) return remoteAddress
  const { forwarded } = headers
  const list = single(headers['x-forwarded-for'])
  const named = forwarded === undefined ? list && lastElement(list) : parameter(lastElement(forwarded), 'for')
  // In Forwarded an IPv6 address stands in brackets, and either may have a port (RFC 7239 section 6).
  const [, bracketed, plain] = /^(?:\[([^\]]+)\](?::\d+)?|([^:]+):\d+)$/.exec(named ?? '') ?? []
  const address = bracketed ?? plain ?? named ?? ''
  return isIP(address) === 0 ? remoteAddress : address
}

/** What limits by address count: IPv4 as it is, IPv6 as its first 64 bits, which is what one household or machine is given. */
export function networkOf(address: string): string {
  const [plain = ''] = address.split('%')
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1]
  if (mapped !== undefined) return mapped
  if (isIPv4(plain) || !isIPv6(plain)) return plain
  const [head = '', tail] = plain.toLowerCase().split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length)
  const groups = [...first, ...Array.from({ length: zeros }, () => '0'), ...last]
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}

/** The request with that address as its own. */
export function withClientAddress(request: HttpRequest, trustsProxy: ProxyTrust): HttpRequest {
  if (!trustsProxy(request.remoteAddress)) return request
  const { method, target, headers } = request
  return {
    method,
    target,
    headers,
    remoteAddress: clientAddressOf(request, trustsProxy),
    get body() {
      return request.body
    },
    get signal() {
      return request.signal
    },
    continue: () => request.continue(),
  }
}

function single(value: string | string[] | undefined): string | undefined {
  return typeof value === 'object' ? value.at(-1) : value
}

function lastElement(list: string): string {
  return list.slice(list.lastIndexOf(',') + 1).trim()
}

function parameter(element: string, name: string): string | undefined {
  const match = new RegExp(`(?:^|;)\\s*${name}=(?:"([^"]*)"|([^";\\s]+))`, 'i').exec(element)
  return match === null ? undefined : (match[1] ?? match[2])
}
