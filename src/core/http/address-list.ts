// Which network addresses the outgoing door may connect to: global unicast, minus everything registered for special use
// (IANA special-purpose registries, RFC 6890), plus what the operator opened. Judges addresses, never names: a name is
// judged by the addresses it resolves to at the moment of connecting. IPv6 that carries IPv4 inside (mapped, NAT64, 6to4,
// Teredo) is refused as a whole rather than unwrapped.

import { BlockList, isIP } from 'node:net'

import { XpodError } from '../../base/errors.ts'

const internal4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // shared by carriers
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // link-local, cloud metadata
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16],
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
]

// Inside 2000::/3, which is all the global unicast that is given out; everything outside it is refused unlisted
// (loopback, ::, mapped ::ffff:0:0/96, NAT64 64:ff9b::/96 and 64:ff9b:1::/48, ULA fc00::/7, fe80::/10, ff00::/8, …).
const internal6: readonly (readonly [string, number])[] = [
  ['2001::', 23], // protocol assignments: Teredo, benchmarks, ORCHID
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4
  ['3fff::', 20], // documentation
]

const internal = new BlockList()
for (const [net, prefix] of internal4) internal.addSubnet(net, prefix, 'ipv4')
for (const [net, prefix] of internal6) internal.addSubnet(net, prefix, 'ipv6')
const global6 = new BlockList()
global6.addSubnet('2000::', 3, 'ipv6')
const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

export interface AddressRules {
  /** Host names and addresses opened by name: lower case, no brackets. */
  opensHost(hostname: string): boolean
  /** Whether the operator opened this address; such addresses may also be asked without TLS. */
  opensAddress(address: string): boolean
  /** Whether it lies in the public Internet. */
  isPublic(address: string): boolean
}

/** `allowInternal` entries are a host name, an address or a CIDR block; throws CONFIG_INVALID for anything else. */
export function addressRules(options: { allowInternal: readonly string[]; allowLoopback: boolean }): AddressRules {
  const hosts = new Set<string>()
  const opened = new BlockList()
  for (const entry of options.allowInternal) open(entry, hosts, opened)
  return {
    opensHost: (hostname) => hosts.has(hostname),
    opensAddress: (address) =>
      opened.check(address, familyOf(address)) || (options.allowLoopback && loopback.check(address, familyOf(address))),
    isPublic: isPublicAddress,
  }
}

function open(entry: string, hosts: Set<string>, opened: BlockList): void {
  const [address = '', prefix, ...more] = entry.split('/')
  const version = isIP(address)
  if (prefix === undefined && version !== 0) return opened.addAddress(address, familyOf(address))
  const bits = Number(prefix)
  if (version !== 0 && more.length === 0 && /^\d{1,3}$/.test(prefix ?? '') && bits <= (version === 4 ? 32 : 128)) {
    return opened.addSubnet(address, bits, familyOf(address))
  }
  if (prefix === undefined && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(entry))
    return void hosts.add(entry.toLowerCase())
  throw new XpodError('CONFIG_INVALID', `--allow-internal takes a host, an address or a CIDR block, not ${entry}`)
}

export function isPublicAddress(address: string): boolean {
  const version = isIP(address)
  if (version === 0 || address.includes('%')) return false
  if (version === 6 && !global6.check(address, 'ipv6')) return false
  return !internal.check(address, familyOf(address))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}
