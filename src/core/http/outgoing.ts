// One request to another server. It connects only to addresses that were judged at the moment of connecting, so a name
// cannot change its mind in between (DNS rebinding): https to public addresses, and what the operator opened. Each request
// has its own connection, which ends with it. Follows no redirect and sets no bounds but that of the answer's headers.

import { isIP, type LookupFunction } from 'node:net'

import type { Dispatcher } from 'undici'

import { KiB } from '../../base/bytes.ts'
import { XpodError } from '../../base/errors.ts'
import type { AddressRules } from './address-list.ts'

export type Resolve = (hostname: string) => Promise<readonly { address: string; family: number }[]>

const maxUrlLength = 4096
const maxHeaderBytes = 16 * KiB

export interface Guard {
  readonly rules: AddressRules
  readonly resolve: Resolve
}

/** What can be judged without resolving a name. The URL class has already turned every spelling of IPv4 into dotted form. */
export function checkedUrl(text: string, rules: AddressRules): URL {
  if (text.length > maxUrlLength || !URL.canParse(text)) throw new XpodError('FETCH_REFUSED', 'it is no URL')
  const url = new URL(text)
  url.hash = ''
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new XpodError('FETCH_REFUSED', 'it is not https')
  if (url.username !== '' || url.password !== '') throw new XpodError('FETCH_REFUSED', 'it has credentials in it')
  const hostname = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(hostname) !== 0) checkAddress(rules, hostname, { hostname, secure: url.protocol === 'https:' })
  return url
}

interface Target {
  readonly hostname: string
  readonly secure: boolean
}

function mayConnect(rules: AddressRules, address: string, target: Target): boolean {
  if (rules.opensHost(target.hostname) || rules.opensAddress(address)) return true
  return target.secure && rules.isPublic(address)
}

function checkAddress(rules: AddressRules, address: string, target: Target): void {
  if (mayConnect(rules, address, target)) return
  throw new XpodError('FETCH_REFUSED', rules.isPublic(address) ? 'it is not https' : 'its address is internal')
}

/** net.connect asks this for the addresses of a name and connects to nothing else. */
function checkedLookup(guard: Guard, secure: boolean): LookupFunction {
  return (name, options, callback) => {
    const hostname = name.toLowerCase()
    guard.resolve(hostname).then(
      (addresses) => {
        const target = { hostname, secure }
        const open = addresses.filter(({ address }) => mayConnect(guard.rules, address, target))
        if (open.length > 0)
          return options.all ? callback(null, [...open]) : callback(null, open[0]!.address, open[0]!.family)
        try {
          for (const { address } of addresses) checkAddress(guard.rules, address, target)
          callback(failed('its name has no address'), [])
        } catch (error) {
          callback(error as Error, [])
        }
      },
      (error: unknown) => callback(failed('its name cannot be resolved', error), []),
    )
  }
}

export interface Outgoing {
  readonly method: 'GET' | 'POST'
  /** From `checkedUrl`. */
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** What `take` makes of the answer; its body must be used before `take` resolves. */
export async function request<T>(
  guard: Guard,
  { method, url, headers, body, timeoutMs: timeout, signal }: Outgoing,
  take: (answer: Dispatcher.ResponseData) => Promise<T>,
): Promise<T> {
  // Costs a start 25 ms, and many servers never ask another.
  const { buildConnector, Client } = (await import('undici')).default
  signal.throwIfAborted()
  const lookup = checkedLookup(guard, url.protocol === 'https:')
  const connect = buildConnector({ lookup, autoSelectFamily: true, allowH2: false, timeout })
  const client = new Client(url.origin, { connect, pipelining: 0, maxHeaderSize: maxHeaderBytes })
  // A signal given to the request itself is only looked at once there is a connection. Not awaited either way, because
  // destroying waits for a connection that is still being made.
  const end = (): void => client.destroy(signal.aborted ? (signal.reason as Error) : null, () => undefined)
  signal.addEventListener('abort', end, { once: true })
  try {
    const path = url.pathname + url.search
    return await take(
      await client.request({ method, path, headers: { 'user-agent': 'xpod', ...headers }, body: body ?? null }),
    )
  } finally {
    // Nothing is reused, so nothing must be drained.
    signal.removeEventListener('abort', end)
    end()
  }
}

export function failed(detail: string, cause?: unknown): XpodError {
  return new XpodError('FETCH_FAILED', detail, { cause })
}

/** Our own judgement may come back wrapped by the layers between the socket and here. */
export function asDoorError(error: unknown): XpodError {
  for (let inner = error; inner instanceof Error; inner = inner.cause) if (inner instanceof XpodError) return inner
  return failed('the connection failed', error)
}
