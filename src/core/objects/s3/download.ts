// Reads an object or a range of it. What arrives is exactly as long as the store said, or the stream fails: a connection that
// is cut, falls silent or ends early is resumed where it stood, a bounded number of times. Objects never change, so the
// pieces of one download always fit together.

import type { IncomingMessage } from 'node:http'

import { giveChunk } from '../../../base/bytes.ts'
import { type Clock, delay } from '../../../base/clock.ts'
import type { Random } from '../../../base/random.ts'
import type { S3Calls } from './calls.ts'
import { asXpodError, S3Failure } from './failure.ts'

export interface DownloadParts {
  readonly calls: S3Calls
  readonly clock: Clock
  readonly random: Random
}

export interface Download {
  readonly key: string
  /** Inclusive. */
  readonly range: { readonly start: number; readonly end: number } | undefined
  readonly signal: AbortSignal
}

interface Opened {
  readonly response: IncomingMessage
  /** One past the last byte that will come. */
  readonly end: number
}

/** Without a byte for so long, and up to a third more, the connection is given up. */
const silenceMs = 15_000
const maxResumes = 5
const resumePauseMs = 200

/** Resolves when the store has begun to answer. Throws NOT_FOUND and what a call throws. */
export async function download(parts: DownloadParts, wanted: Download): Promise<AsyncIterable<Uint8Array>> {
  const start = wanted.range?.start ?? 0
  const opened = await openAt(parts, wanted, start)
  return opened === undefined ? nothing() : chunks(parts, wanted, start, opened)
}

async function* chunks(
  parts: DownloadParts,
  wanted: Download,
  start: number,
  first: Opened,
): AsyncGenerator<Uint8Array> {
  const { clock, random } = parts
  let { response } = first
  const { end } = first
  let at = start
  let resumes = 0
  /** Undefined while the reader is at work: only the store's silence counts. */
  let waitingSinceMs: number | undefined = clock.monotonicMs()
  const stopWatching = clock.every(silenceMs / 3, () => {
    if (waitingSinceMs === undefined || clock.monotonicMs() - waitingSinceMs < silenceMs) return
    response.destroy(new S3Failure('passing', 'silence'))
  })
  try {
    for (;;) {
      try {
        for await (const chunk of response as AsyncIterable<Uint8Array>) {
          if (at + chunk.length > end) throw new S3Failure('passing', 'more bytes than announced')
          at += chunk.length
          waitingSinceMs = undefined
          yield giveChunk(chunk)
          waitingSinceMs = clock.monotonicMs()
        }
        if (at === end) return
        throw new S3Failure('passing', 'fewer bytes than announced')
      } catch (error) {
        wanted.signal.throwIfAborted()
        if (++resumes > maxResumes) throw asXpodError(new S3Failure('passing', 'truncated', { cause: error }))
      }
      await delay(clock, (resumePauseMs * resumes * random.uint32()) / 2 ** 32, wanted.signal)
      const opened = await openAt(parts, { ...wanted, range: { start: at, end: end - 1 } }, at)
      if (opened?.end !== end) throw asXpodError(new S3Failure('passing', 'truncated'))
      response = opened.response
      waitingSinceMs = clock.monotonicMs()
    }
  } finally {
    stopWatching()
    response.destroy()
  }
}

/** Undefined: the range lies behind the end. */
async function openAt(
  parts: DownloadParts,
  { key, range, signal }: Download,
  start: number,
): Promise<Opened | undefined> {
  const { calls } = parts
  const { bucket } = calls.connection
  const length = range === undefined ? 0 : range.end - range.start + 1
  try {
    const response = await calls.call('get', { signal }, async (client) => {
      const got = await client.getPartialObject(bucket, key, start, length)
      return got as IncomingMessage
    })
    return { response, end: endOf(response, start, range !== undefined) }
  } catch (error) {
    if (!(error instanceof S3Failure)) throw error
    if (error.kind === 'range') return undefined
    throw asXpodError(error)
  }
}

function endOf(response: IncomingMessage, start: number, isRange: boolean): number {
  const { statusCode, headers } = response
  const length = Number(headers['content-length'])
  const from = /^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1]
  const isAsked = isRange ? statusCode === 206 && Number(from) === start : statusCode === 200
  if (isAsked && Number.isSafeInteger(length)) return start + length
  response.destroy()
  throw new S3Failure('refused', 'range', { detail: 'the store does not answer ranges as asked' })
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
