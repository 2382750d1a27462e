// An S3 store of a test: the store under test, on a prefix of its own, before a real server, through a proxy that breaks things.

import { randomUUID } from 'node:crypto'

import { type Clock, systemClock } from '../../src/base/clock.ts'
import { type Log, type LogFields, silentLog } from '../../src/base/log.ts'
import { createMetrics, type Metrics } from '../../src/base/metrics.ts'
import { systemRandom } from '../../src/base/random.ts'
import type { ObjectStore } from '../../src/core/objects/object-store.ts'
import { openS3Objects, type S3Options } from '../../src/core/objects/s3.ts'
import type { S3Server } from './s3-server.ts'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

export interface S3World extends AsyncDisposable {
  readonly objects: ObjectStore
  readonly proxy: TcpProxy
  readonly prefix: string
  readonly metrics: Metrics
  /** Of level warn and error. */
  readonly logged: { readonly event: string; readonly fields: LogFields }[]
  /** Uploads that the server knows and nobody has finished. */
  unfinished(): Promise<number>
}

export async function openS3World(server: S3Server, options: Partial<S3Options> = {}): Promise<S3World> {
  await using parts = new AsyncDisposableStack()
  const proxy = parts.use(await startTcpProxy(server.port))
  const logged: { event: string; fields: LogFields }[] = []
  const keep = (event: string, fields: LogFields = {}): void => void logged.push({ event, fields })
  const log: Log = { ...silentLog, warn: keep, error: keep }
  const prefix = options.prefix ?? `${randomUUID()}/`
  const metrics = createMetrics()
  const endpoint = `http://127.0.0.1:${proxy.port}`
  const objects = parts.use(
    await openS3Objects({ ...s3Surround(server, options.clock), log, metrics, prefix, endpoint, ...options }),
  )
  const owned = parts.move()
  return {
    objects,
    proxy,
    prefix,
    metrics,
    logged,
    unfinished: async () =>
      (await server.client().listIncompleteUploadsQuery(server.bucket, prefix, '', '', '')).uploads.length,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** What opens a store on this server, without a proxy. */
export function s3Surround(server: S3Server, clock: Clock = systemClock): S3Options {
  const { endpoint, bucket, region, accessKey, secretKey } = server
  const surround = { clock, random: systemRandom, log: silentLog, metrics: createMetrics() }
  return { endpoint, bucket, region, accessKey, secretKey, ...surround }
}
