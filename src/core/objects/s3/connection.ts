// One attempt of one call to an S3 store: signed and sent by the client library, under a deadline and the caller's signal,
// its failure translated. The only importer of minio. The library's own retries are off: what may be repeated, how often and
// when is not its business (calls.ts). Downloads have connections of their own, so that slow readers never hold up a write.

import { Agent as HttpAgent, type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

import { Client, type ClientOptions } from 'minio'

import type { Clock } from '../../../base/clock.ts'
import { XpodError } from '../../../base/errors.ts'
import { failureOf, S3Failure, type SeenAnswer } from './failure.ts'

export interface S3Location {
  /** http:// or https://, a host and perhaps a port. */
  readonly endpoint: string
  readonly bucket: string
  /** Undefined: told by the name of the host, or us-east-1. */
  readonly region?: string | undefined
  readonly accessKey: string
  readonly secretKey: string
  /** Whether the bucket stands in the path or in the host name; undefined: as the store is known to want it. */
  readonly addressing?: 'path' | 'host' | undefined
}

export interface Attempt {
  readonly signal: AbortSignal
  readonly timeoutMs: number
  readonly isDownload: boolean
}

export type S3Client = Client

export interface S3Connection extends AsyncDisposable {
  readonly bucket: string
  /** As in messages: no path, no key. */
  readonly host: string
  /** Over TLS the library does not sign bodies; who wants them checked sends a Content-MD5. */
  readonly isEncrypted: boolean
  /**
   * The deadline ends with the promise: a download goes on under the caller's signal. Throws S3Failure, OVERLOADED, or the
   * signal's reason.
   */
  attempt<T>(attempt: Attempt, run: (client: Client) => Promise<T>): Promise<T>
}

const maxDownloads = 512
const maxOthers = 256
const maxIdleConnections = 16
/** Answers that the library gives up on without reading them, which would keep their connection for ever. */
const unreadStatuses = new Set([408, 429, 499, 500, 502, 503, 504, 520])
/** Stores that do not take the bucket in the path (OSS), not from everybody (COS), or not for ever (Amazon). */
const hostAddressed = /\.(?:amazonaws\.com|amazonaws\.com\.cn|aliyuncs\.com|myqcloud\.com|tencentcos\.cn)$/i
const regionsInNames = [
  /^(?:s3[.-])?oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com$/i,
  /^cos\.([a-z0-9-]+)\.(?:myqcloud\.com|tencentcos\.cn)$/i,
  /^s3[.-](?:dualstack\.)?([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com(?:\.cn)?$/i,
]

export function openConnection(location: S3Location, clock: Clock): S3Connection {
  const url = new URL(location.endpoint)
  const isEncrypted = url.protocol === 'https:'
  const limits = { keepAlive: true, maxFreeSockets: maxIdleConnections }
  const agent = (maxSockets: number): HttpAgent => new (isEncrypted ? HttpsAgent : HttpAgent)({ ...limits, maxSockets })
  const [downloads, others] = [agent(maxDownloads), agent(maxOthers)]
  const options: ClientOptions = {
    endPoint: url.hostname.replace(/^\[|\]$/g, ''),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    useSSL: isEncrypted,
    region: location.region ?? regionOf(url.hostname),
    accessKey: location.accessKey,
    secretKey: location.secretKey,
    pathStyle: location.addressing === undefined ? !hostAddressed.test(url.hostname) : location.addressing === 'path',
    retryOptions: { disableRetry: true },
  }
  const transport = transportOf(isEncrypted ? httpsRequest : httpRequest, clock)

  return {
    bucket: location.bucket,
    host: url.host,
    isEncrypted,
    async attempt({ signal, timeoutMs, isDownload }, run) {
      if (isDownload && busySockets(downloads) >= maxDownloads) throw new XpodError('OVERLOADED', 'too many downloads')
      const seen: SeenAnswer = { status: undefined, clockAheadMs: undefined }
      const deadline = new AbortController()
      const cancel = clock.after(timeoutMs, () => deadline.abort(new S3Failure('passing', 'deadline')))
      const under = AbortSignal.any([signal, deadline.signal])
      try {
        signal.throwIfAborted()
        const transportAgent = isDownload ? downloads : others
        return await run(new Client({ ...options, transportAgent, transport: transport(under, seen) }))
      } catch (error) {
        if (signal.aborted) throw signal.reason
        throw failureOf(deadline.signal.aborted ? deadline.signal.reason : error, seen)
      } finally {
        cancel()
      }
    },
    async [Symbol.asyncDispose]() {
      downloads.destroy()
      others.destroy()
    },
  }
}

/** The library asks for something like node:http; this one ends with a signal and remembers what it saw. */
function transportOf(send: typeof httpRequest, clock: Clock) {
  return (signal: AbortSignal, seen: SeenAnswer): NonNullable<ClientOptions['transport']> => {
    const request = (options: RequestOptions, callback: (response: IncomingMessage) => void) =>
      send({ ...options, signal }, (response) => {
        const { statusCode, headers } = response
        seen.status = statusCode
        const storeMs = Date.parse(headers.date ?? '')
        if (!Number.isNaN(storeMs)) seen.clockAheadMs = storeMs - clock.nowMs()
        if (statusCode !== undefined && unreadStatuses.has(statusCode)) response.resume()
        callback(response)
      })
    // Of its many forms the library calls this one.
    return { request: request as unknown as typeof httpRequest }
  }
}

/** All of them go to one host. */
function busySockets(agent: HttpAgent): number {
  return Object.values(agent.sockets).reduce((sum, sockets) => sum + (sockets?.length ?? 0), 0)
}

function regionOf(host: string): string {
  for (const pattern of regionsInNames) {
    const [, region] = pattern.exec(host) ?? []
    if (region !== undefined) return region
  }
  return 'us-east-1'
}
