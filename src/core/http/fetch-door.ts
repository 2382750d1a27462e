// The one way out (rule 12): GETs of documents that strangers name (WebIDs, key sets, groups). It connects only to addresses
// that were judged at the moment of connecting, so a name cannot change its mind in between (DNS rebinding); every redirect
// is judged again. Bounded in time, bytes after decoding, redirects, requests at once and requests waiting.
// No cookies, no credentials, no proxy variables, no cache and no kept connections. It does not judge status or content.

import { lookup as systemLookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { type Readable, pipeline } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'

import { buildConnector, Client, type Dispatcher } from 'undici'

import { KiB } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Metrics } from '../../base/metrics.ts'
import { createSingleFlight } from '../../base/single-flight.ts'
import { type AddressRules, addressRules } from './address-list.ts'
import { createGate } from './gate.ts'

export interface FetchDoorOptions {
  /** Host names, addresses and CIDR blocks that are opened (--allow-internal). */
  readonly allowInternal: readonly string[]
  /** True when the base URL itself is loopback. */
  readonly allowLoopback: boolean
  readonly clock: Clock
  readonly log: Log
  readonly metrics?: Metrics | undefined
  /** How names become addresses; the system's way unless a test says otherwise. */
  readonly resolve?: Resolve
}

type Resolve = (hostname: string) => Promise<readonly { address: string; family: number }[]>

interface FetchOptions {
  readonly accept: string
  /** Of the decoded body; 256 KiB. */
  readonly maxBytes?: number
  /** For everything together, waiting included; 3 s. */
  readonly timeoutMs?: number
}

export interface Fetched {
  /** The last URL, after redirects, without fragment. */
  readonly url: string
  readonly status: number
  /** As sent; "" when there was none. */
  readonly mediaType: string
  readonly bytes: Uint8Array
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

export interface FetchDoor extends AsyncDisposable {
  /**
   * Throws FETCH_REFUSED when the URL may not be fetched, FETCH_FAILED when it could not be. Callers that ask for the
   * same at the same time share one request; a caller's signal ends only its own waiting.
   */
  fetch(url: string, options: FetchOptions, signal?: AbortSignal): Promise<Fetched>
}

const defaultMaxBytes = 256 * KiB
const defaultTimeoutMs = 3000
const maxRedirects = 3
const maxAtOnce = 32
const maxWaiting = 1000
const maxUrlLength = 4096
const maxHeaderBytes = 16 * KiB

export function openFetchDoor(options: FetchDoorOptions): FetchDoor {
  const rules = addressRules(options)
  const resolve: Resolve = options.resolve ?? ((hostname) => systemLookup(hostname, { all: true }))
  const gate = createGate({ maxAtOnce, maxWaiting })
  const flights = createSingleFlight<Fetched>()
  const closing = new AbortController()
  const count = counters(options.metrics)

  async function run(url: string, wanted: Required<FetchOptions>): Promise<Fetched> {
    const ending = new AbortController()
    const cancel = options.clock.after(wanted.timeoutMs, () => ending.abort(failed('it took too long')))
    const signal = AbortSignal.any([ending.signal, closing.signal])
    try {
      const fetched = await gate(() => follow({ rules, resolve }, url, wanted, signal), signal)
      count.ok()
      return fetched
    } catch (error) {
      const reason = asDoorError(signal.aborted ? signal.reason : error)
      count[reason.code === 'FETCH_REFUSED' ? 'refused' : 'failed']()
      options.log.debug('fetch.failed', { url, error: reason })
      throw reason
    } finally {
      cancel()
    }
  }

  return {
    fetch: (url, given, signal) => {
      const { accept, maxBytes = defaultMaxBytes, timeoutMs = defaultTimeoutMs } = given
      const bare = url.replace(/#.*$/s, '')
      const key = `${accept}\n${maxBytes}\n${timeoutMs}\n${bare}`
      return untilAborted(
        flights(key, () => run(bare, { accept, maxBytes, timeoutMs })),
        signal,
      )
    },
    [Symbol.asyncDispose]: async () => closing.abort(failed('the server is stopping')),
  }
}

interface Guard {
  readonly rules: AddressRules
  readonly resolve: Resolve
}

async function follow(guard: Guard, start: string, wanted: Required<FetchOptions>, signal: AbortSignal) {
  let url = checkedUrl(start, guard.rules)
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const answer = await request(guard, url, wanted, signal)
    if (!('location' in answer)) return answer
    if (!URL.canParse(answer.location, url.href)) throw failed('its redirect is no URL')
    url = checkedUrl(new URL(answer.location, url).href, guard.rules)
  }
  throw failed(`it redirects more than ${maxRedirects} times`)
}

/** What can be judged without resolving a name. The URL class has already turned every spelling of IPv4 into dotted form. */
function checkedUrl(text: string, rules: AddressRules): URL {
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

async function request(guard: Guard, url: URL, wanted: Required<FetchOptions>, signal: AbortSignal) {
  signal.throwIfAborted()
  const secure = url.protocol === 'https:'
  const connect = buildConnector({
    lookup: checkedLookup(guard, secure),
    autoSelectFamily: true,
    allowH2: false,
    timeout: wanted.timeoutMs,
  })
  const client = new Client(url.origin, { connect, pipelining: 0, maxHeaderSize: maxHeaderBytes })
  // A signal given to the request itself is only looked at once there is a connection. Not awaited either way, because
  // destroying waits for a connection that is still being made.
  const end = (): void => client.destroy(signal.aborted ? (signal.reason as Error) : null, () => undefined)
  signal.addEventListener('abort', end, { once: true })
  try {
    const answer = await client.request({
      method: 'GET',
      path: url.pathname + url.search,
      headers: { accept: wanted.accept, 'accept-encoding': 'gzip, br', 'user-agent': 'xpod' },
    })
    const location = answer.headers['location']
    if ([301, 302, 303, 307, 308].includes(answer.statusCode) && typeof location === 'string') return { location }
    return await read(answer, url, wanted.maxBytes)
  } finally {
    // Nothing is reused, so nothing must be drained.
    signal.removeEventListener('abort', end)
    end()
  }
}

async function read(answer: Dispatcher.ResponseData, url: URL, maxBytes: number): Promise<Fetched> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of decoded(answer.body, answer.headers['content-encoding']) as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > maxBytes) throw failed(`it is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  const mediaType = answer.headers['content-type']
  return {
    url: url.href,
    status: answer.statusCode,
    mediaType: typeof mediaType === 'string' ? mediaType : '',
    bytes: Buffer.concat(chunks, size),
    headers: answer.headers,
  }
}

const decoders: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
}

function decoded(body: Readable, encoding: string | string[] | undefined): AsyncIterable<unknown> {
  if (encoding === undefined || encoding === 'identity') return body
  const coding = String(encoding).trim().toLowerCase()
  if (!Object.hasOwn(decoders, coding)) throw failed('its content coding is not known')
  // The error of either stream ends the iteration of the last one, so the callback has nothing to add.
  return pipeline(body, decoders[coding]!(), () => undefined) as unknown as AsyncIterable<unknown>
}

function failed(detail: string, cause?: unknown): XpodError {
  return new XpodError('FETCH_FAILED', detail, { cause })
}

/** Our own judgement may come back wrapped by the layers between the socket and here. */
function asDoorError(error: unknown): XpodError {
  for (let inner = error; inner instanceof Error; inner = inner.cause) if (inner instanceof XpodError) return inner
  return failed('the connection failed', error)
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

function counters(metrics: Metrics | undefined) {
  const counter = (outcome: string) =>
    metrics?.counter('xpod_fetches_total', 'Documents fetched from other servers, by outcome', { outcome })
  const [ok, refused, failed] = [counter('ok'), counter('refused'), counter('failed')]
  return { ok: () => ok?.add(), refused: () => refused?.add(), failed: () => failed?.add() }
}
