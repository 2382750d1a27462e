// Answers whose body goes on: they leave at once, may be silent, end with their client and with the server. Real sockets.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { KiB, MiB } from '../../../src/base/bytes.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import type { HttpRequest, LiveBody } from '../../../src/core/http/message.ts'
import { type HttpServer, type HttpServerOptions, startHttpServer } from '../../../src/core/http/server.ts'
import { connectRaw } from '../../support/raw-http.ts'
import { until } from '../../support/until.ts'

/** A body that a test feeds, and that says what became of it. */
class Feed implements LiveBody {
  readonly isLive = true
  readonly #chunks: Uint8Array[] = []
  #wake: (() => void) | undefined
  #failure: Error | undefined
  isEnded = false
  returned = 0

  say(text: string | Uint8Array): void {
    this.#chunks.push(Buffer.from(text as string))
    this.#wake?.()
  }
  end(): void {
    this.isEnded = true
    this.#wake?.()
  }
  fail(error: Error): void {
    this.#failure = error
    this.#wake?.()
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: async () => {
        for (;;) {
          const value = this.#chunks.shift()
          if (value !== undefined) return { done: false, value }
          if (this.#failure !== undefined) throw this.#failure
          if (this.isEnded) return { done: true, value: undefined }
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
        }
      },
      return: async () => {
        this.returned++
        return { done: true, value: undefined }
      },
    }
  }
}

function start(body: LiveBody, options: Partial<HttpServerOptions> = {}, seen?: (request: HttpRequest) => void) {
  return startHttpServer({
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    log: silentLog,
    handler: (request) => {
      seen?.(request)
      return { status: 200, headers: ['Content-Type', 'text/turtle'], body }
    },
    ...options,
  })
}

const get = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'

async function ask(server: HttpServer) {
  const connection = await connectRaw(server.port)
  connection.send(get)
  await connection.until('\r\n\r\n')
  return connection
}

test('the head comes before there is anything to say, and chunks as they are said', async () => {
  const feed = new Feed()
  await using server = await start(feed)
  await using connection = await ask(server)
  assert.match(connection.received(), /^HTTP\/1\.1 200 OK\r\n[^]*Transfer-Encoding: chunked[^]*\r\n\r\n$/)
  feed.say('one')
  await connection.until('one')
  feed.say('two')
  feed.end()
  await connection.until('two\r\n0\r\n\r\n')
  // The connection goes on with the next request.
  connection.send(get)
  await connection.until(/\r\n0\r\n\r\nHTTP\/1\.1 200/)
})

test('silence far beyond the window of the minimum rate does not end it', async () => {
  const feed = new Feed()
  const minimumRate = { bytesPerSecond: KiB, windowMs: 20 }
  await using server = await start(feed, { minimumRate })
  await using live = await ask(server)
  // Another quiet connection that carries nothing is ended after the same time: then this one has been silent as long.
  await using idle = await connectRaw(server.port)
  await idle.closed()
  feed.say('still here')
  await live.until('still here')
})

test('a reader that takes nothing is cut, and its body told', async () => {
  const feed = new Feed()
  const minimumRate = { bytesPerSecond: 100 * MiB, windowMs: 100 }
  await using server = await start(feed, { minimumRate })
  await using connection = await ask(server)
  connection.socket.pause()
  for (let index = 0; index < 32; index++) feed.say(Buffer.alloc(MiB))
  await until('it is cut', () => feed.returned === 1 && server.active === 0)
})

test('a client that goes ends it: the signal aborts and return is called while next waits', async () => {
  const feed = new Feed()
  let aborted = false
  await using server = await start(feed, {}, ({ signal }) => signal.addEventListener('abort', () => (aborted = true)))
  const connection = await ask(server)
  await connection[Symbol.asyncDispose]()
  await until('it is told', () => aborted && feed.returned === 1 && server.active === 0)
})

test('a drain ends it at once, whole, though its body never does', async () => {
  const feed = new Feed()
  let reason: unknown
  await using server = await start(feed, {}, ({ signal }) => {
    signal.addEventListener('abort', () => (reason = signal.reason))
  })
  await using connection = await ask(server)
  feed.say('last')
  await connection.until('last')
  await server.drain(600_000)
  assert.match(await connection.closed(), /last\r\n0\r\n\r\n$/)
  assert.equal((reason as { code: string }).code, 'SHUTTING_DOWN')
  assert.equal(feed.returned, 1)
})

test('a drain is not held up by a reader that is behind', async () => {
  const feed = new Feed()
  await using server = await start(feed)
  await using connection = await ask(server)
  connection.socket.pause()
  for (let index = 0; index < 32; index++) feed.say(Buffer.alloc(MiB))
  await new Promise((resolve) => setImmediate(resolve))
  await server.drain(600_000)
  assert.equal(feed.returned, 1)
})

test('a live answer that begins while the server drains ends too', async () => {
  const mayAnswer = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const feed = new Feed()
  await using server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    log: silentLog,
    handler: async () => {
      asked.resolve()
      await mayAnswer.promise
      return { status: 200, headers: [], body: feed }
    },
  })
  await using connection = await connectRaw(server.port)
  connection.send(get)
  await asked.promise
  const drained = server.drain(600_000)
  mayAnswer.resolve()
  assert.match(await connection.closed(), /\r\n\r\n0\r\n\r\n$/)
  await drained
})

test('one that fails is cut, so that it never looks complete', async () => {
  const feed = new Feed()
  await using server = await start(feed)
  await using connection = await ask(server)
  feed.say('half')
  await connection.until('half')
  feed.fail(new Error('the disk is gone'))
  assert.doesNotMatch(await connection.closed(), /\r\n0\r\n\r\n$/)
})

test('HEAD gets the head and the body is never begun', async () => {
  const body: LiveBody = {
    isLive: true,
    [Symbol.asyncIterator]: () => assert.fail('nobody asked for the body'),
  }
  await using server = await start(body)
  const response = await fetch(`http://127.0.0.1:${server.port}/`, { method: 'HEAD' })
  assert.equal(response.status, 200)
})

test('it is counted and logged when it begins, not when it ends', async () => {
  const metrics = createMetrics()
  await using server = await start(new Feed(), { metrics })
  await using _ = await ask(server)
  assert.match(metrics.render(), /xpod_http_requests_total\{method="GET",code="200",class="2xx"\} 1\n/)
  await server.drain(1000)
  assert.match(metrics.render(), /xpod_http_requests_total\{method="GET",code="200",class="2xx"\} 1\n/)
})
