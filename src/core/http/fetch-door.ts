// The one way out (rule 12): GETs of documents that strangers name (WebIDs, key sets, groups), and POSTs to addresses that
// strangers gave (webhooks). Where it may connect is judged in outgoing.ts; every redirect of a GET is judged again, and a
// POST follows none. Bounded in time, bytes after decoding, redirects, requests at once and requests waiting, each for
// itself, so that messages nobody takes do not hold up logins. No cookies, no credentials, no proxy variables, no cache and
// no kept connections. It does not judge status or content.

import { lookup as systemLookup } from 'node:dns/promises'
import { type Readable, pipeline } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'

import type { Dispatcher } from 'undici'

import { KiB } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Metrics } from '../../base/metrics.ts'
import { createSingleFlight } from '../../base/single-flight.ts'
import { addressRules } from './address-list.ts'
import { createGate, type Gate } from './gate.ts'
import { asDoorError, checkedUrl, failed, type Guard, request, type Resolve } from './outgoing.ts'

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

interface PostOptions {
  /** Content-Type among them. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** For everything together, waiting included; 10 s. */
  readonly timeoutMs?: number
}

interface Posted {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

export interface FetchDoor extends AsyncDisposable {
  /**
   * Throws FETCH_REFUSED when the URL may not be fetched, FETCH_FAILED when it could not be. Callers that ask for the
   * same at the same time share one request; a caller's signal ends only its own waiting.
   */
  fetch(url: string, options: FetchOptions, signal?: AbortSignal): Promise<Fetched>
  /**
   * Throws as `fetch` does; a redirect is an answer like others. Once the answer has begun it counts, whatever becomes of
   * its body, which is read and thrown away up to 64 KiB. The caller's signal ends the request itself.
   */
  post(url: string, options: PostOptions, signal?: AbortSignal): Promise<Posted>
}

const defaultMaxBytes = 256 * KiB
const defaultTimeoutMs = 3000
const maxRedirects = 3
const maxAtOnce = 32
const maxWaiting = 1000
const defaultPostTimeoutMs = 10_000
const maxPostAnswerBytes = 64 * KiB

export function openFetchDoor(options: FetchDoorOptions): FetchDoor {
  const resolve: Resolve = options.resolve ?? ((hostname) => systemLookup(hostname, { all: true }))
  const guard: Guard = { rules: addressRules(options), resolve }
  const flights = createSingleFlight<Fetched>()
  const closing = new AbortController()
  const { metrics } = options
  const fetching: Lane = {
    gate: createGate({ maxAtOnce, maxWaiting }),
    count: counters(metrics, 'xpod_fetches_total', 'Documents fetched from other servers, by outcome'),
  }
  const posting: Lane = {
    gate: createGate({ maxAtOnce, maxWaiting }),
    count: counters(metrics, 'xpod_posts_total', 'Messages sent to other servers, by outcome'),
  }

  async function run<T>({ gate, count }: Lane, errand: Errand, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const ending = new AbortController()
    const cancel = options.clock.after(errand.timeoutMs, () => ending.abort(failed('it took too long')))
    const signal = AbortSignal.any([ending.signal, closing.signal, ...(errand.signal ? [errand.signal] : [])])
    try {
      const result = await gate(() => task(signal), signal)
      count.ok()
      return result
    } catch (error) {
      const reason = asDoorError(signal.aborted ? signal.reason : error)
      count[reason.code === 'FETCH_REFUSED' ? 'refused' : 'failed']()
      options.log.debug('fetch.failed', { url: errand.shown, error: reason })
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
      const wanted = { accept, maxBytes, timeoutMs }
      const start = (): Promise<Fetched> =>
        run(fetching, { shown: bare, timeoutMs }, (ending) => follow(guard, bare, wanted, ending))
      return untilAborted(flights(key, start), signal)
    },
    post: (url, given, signal) => {
      const { headers, body, timeoutMs = defaultPostTimeoutMs } = given
      // Whoever knows the address of a webhook may write to it, so only its origin is shown.
      const errand = { shown: URL.parse(url)?.origin ?? '', timeoutMs, signal }
      return run(posting, errand, (ending) => post(guard, url, { headers, body, timeoutMs }, ending))
    },
    [Symbol.asyncDispose]: async () => closing.abort(failed('the server is stopping')),
  }
}

/** Requests of one kind: their bounds and their counters. */
interface Lane {
  readonly gate: Gate
  readonly count: ReturnType<typeof counters>
}

interface Errand {
  /** The URL as the log may show it. */
  readonly shown: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

async function follow(guard: Guard, start: string, wanted: Required<FetchOptions>, signal: AbortSignal) {
  const { accept, maxBytes, timeoutMs } = wanted
  const headers = { accept, 'accept-encoding': 'gzip, br' }
  let url = checkedUrl(start, guard.rules)
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const answer = await request(
      guard,
      { method: 'GET', url, headers, timeoutMs, signal },
      async (head) => redirectOf(head) ?? read(head, url, maxBytes),
    )
    if (!('location' in answer)) return answer
    if (!URL.canParse(answer.location, url.href)) throw failed('its redirect is no URL')
    url = checkedUrl(new URL(answer.location, url).href, guard.rules)
  }
  throw failed(`it redirects more than ${maxRedirects} times`)
}

function redirectOf({ statusCode, headers }: Dispatcher.ResponseData): { readonly location: string } | undefined {
  const { location } = headers
  const isRedirect = [301, 302, 303, 307, 308].includes(statusCode) && typeof location === 'string'
  return isRedirect ? { location } : undefined
}

function post(guard: Guard, to: string, sent: Required<PostOptions>, signal: AbortSignal): Promise<Posted> {
  const url = checkedUrl(to, guard.rules)
  return request(guard, { method: 'POST', url, ...sent, signal }, async ({ statusCode, headers, body }) => {
    await body.dump({ limit: maxPostAnswerBytes })
    return { status: statusCode, headers }
  })
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

function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

function counters(metrics: Metrics | undefined, name: string, help: string) {
  const counter = (outcome: string) => metrics?.counter(name, help, { outcome })
  const [ok, refused, failed] = [counter('ok'), counter('refused'), counter('failed')]
  return { ok: () => ok?.add(), refused: () => refused?.add(), failed: () => failed?.add() }
}
