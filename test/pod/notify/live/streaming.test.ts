// Streamed answers of channels: what is written, when it ends, and where the channel stands after it.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'

import { Parser } from 'n3'

import { XpodError } from '../../../../src/base/errors.ts'
import type { PodRequest, PodResponse } from '../../../../src/pod/exchange.ts'
import type { Channel } from '../../../../src/pod/notify/channel.ts'
import { createReceivers, type Receivers } from '../../../../src/pod/notify/live/receivers.ts'
import { settle, Stage } from './stage.ts'

let stage: Stage
let receivers: Receivers
beforeEach(() => {
  stage = new Stage()
  receivers = createReceivers(stage)
})
afterEach(() => receivers[Symbol.asyncDispose]())

function ask({ secret }: Pick<Channel, 'secret'>, method = 'GET', accept?: string): Promise<PodResponse> {
  const request: PodRequest = {
    method,
    pod: stage.pod,
    path: '/.notifications/StreamingHTTPChannel2023/receive/x',
    headers: accept === undefined ? {} : { accept },
    body: undefined,
    clientAddress: '127.0.0.1',
    signal: new AbortController().signal,
    continue: () => {},
  }
  return receivers.stream(request, secret)
}

function channelOf(more: Partial<Channel> = {}): Channel {
  return stage.channel({ type: 'StreamingHTTPChannel2023', ...more })
}

/** Reads on as a connection does that takes everything. */
class Reader {
  readonly chunks: string[] = []
  isOver = false
  readonly #iterator: AsyncIterator<Uint8Array>

  constructor({ body }: PodResponse) {
    assert.ok(body !== undefined && 'isLive' in body)
    this.#iterator = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    void this.#read()
  }
  async #read(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#iterator.next()
      if (done === true) break
      this.chunks.push(Buffer.from(value).toString())
    }
    this.isOver = true
  }
  async leave(): Promise<void> {
    await this.#iterator.return!()
  }
  get messages(): string[] {
    return this.chunks.filter((chunk) => chunk.trim() !== '')
  }
}

test('each message is one line of JSON, written at once', async () => {
  const reader = new Reader(await ask(channelOf()))
  stage.commit(11)
  stage.commit(12)
  await settle()
  assert.equal(reader.chunks.length, 2)
  for (const chunk of reader.chunks) {
    assert.ok(chunk.endsWith('}\n') && chunk.indexOf('\n') === chunk.length - 1)
    assert.equal((JSON.parse(chunk) as { type: string }).type, 'Update')
  }
})

test('in Turtle the whole stream is one document', async () => {
  const answer = await ask(channelOf({ mediaType: 'text/turtle' }))
  assert.equal(answer.headers[answer.headers.indexOf('Content-Type') + 1], 'text/turtle')
  const reader = new Reader(answer)
  stage.commit(11)
  stage.clock.advance(20_000)
  stage.commit(12)
  await settle()
  const types = new Parser().parse(reader.chunks.join('')).filter(({ predicate }) => predicate.value.endsWith('#type'))
  assert.equal(types.length, 2)
})

test('the request may want the other type', async () => {
  const reader = new Reader(await ask(channelOf(), 'GET', 'text/turtle'))
  stage.commit(11)
  await settle()
  assert.equal(new Parser().parse(reader.chunks.join('')).length, 4)
})

test('HEAD has the headers of GET and opens nothing; OPTIONS names the methods; others are 405', async () => {
  const channel = channelOf()
  const head = await ask(channel, 'HEAD')
  assert.equal(head.status, 200)
  assert.equal(head.body, undefined)
  assert.equal(stage.froms.length, 0)
  const options = await ask(channel, 'OPTIONS')
  assert.equal(options.status, 204)
  assert.ok(options.headers.includes('GET, HEAD, OPTIONS'))
  for (const method of ['PUT', 'POST', 'PATCH', 'DELETE']) {
    await assert.rejects(ask(channel, method), (error: XpodError) => {
      assert.deepEqual(error.headers, ['Allow', 'GET, HEAD, OPTIONS'])
      return error.status === 405
    })
  }
})

test('unknown secrets and those of other types are 404', async () => {
  for (const secret of ['nothing', stage.channel().secret]) {
    await assert.rejects(ask({ secret }), (error: XpodError) => error.code === 'NOT_FOUND')
  }
})

test('a quiet stream is kept alive by empty lines', async () => {
  const reader = new Reader(await ask(channelOf()))
  stage.clock.advance(65_000)
  await settle()
  assert.ok(reader.chunks.length >= 2 && reader.chunks.length <= 4, String(reader.chunks.length))
  assert.ok(reader.chunks.every((chunk) => chunk === '\n'))
})

test('it ends at endAt and when the channel is removed', async () => {
  const channel = channelOf({ endMs: stage.clock.nowMs() + 1000 })
  const reader = new Reader(await ask(channel))
  stage.clock.advance(1000)
  await settle()
  assert.ok(reader.isOver)
  const other = channelOf()
  const second = new Reader(await ask(other))
  receivers.removed(other.id)
  await settle()
  assert.ok(second.isOver)
})

test('what waits when it ends is still written', async () => {
  const channel = channelOf()
  const answer = await ask(channel)
  const iterator = (answer.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
  stage.commit(11)
  await settle()
  receivers.removed(channel.id)
  assert.equal((await iterator.next()).done, false)
  assert.equal((await iterator.next()).done, true)
})

test('a client that goes is followed no more', async () => {
  const reader = new Reader(await ask(channelOf()))
  await reader.leave()
  assert.equal(stage.listeners.get('/a')!.size, 0)
})

test('the channel moves a minute after a message when the connection still lives, and not when it does not', async () => {
  const [lives, dies] = [channelOf(), channelOf()]
  const [, dead] = [new Reader(await ask(lives)), new Reader(await ask(dies))]
  stage.commit(11)
  await settle()
  stage.clock.advance(30_000)
  await dead.leave()
  stage.clock.advance(60_000)
  await settle()
  stage.clock.advance(10_000)
  await settle()
  assert.deepEqual(
    stage.writes.flat().map(({ id, position }) => [id, position.seq]),
    [[lives.id, 11]],
  )
})

test('the channel moves on with each message that has arrived', async () => {
  const channel = channelOf()
  const reader = new Reader(await ask(channel))
  for (const seq of [11, 12]) {
    stage.commit(seq)
    await settle()
    stage.clock.advance(80_000)
    await settle()
  }
  assert.equal(reader.messages.length, 2)
  assert.deepEqual(
    stage.writes.flat().map(({ position }) => position.seq),
    [11, 12],
  )
})

test('a reader that takes nothing costs a bounded amount, and then hears one Update', async () => {
  const answer = await ask(channelOf())
  const iterator = (answer.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
  for (let seq = 11; seq < 3000; seq++) {
    stage.commit(seq)
    if (seq % 50 === 0) await settle()
  }
  let bytes = 0
  let count = 0
  for (;;) {
    const next = await Promise.race([iterator.next(), settle().then(() => undefined)])
    if (next === undefined) break
    bytes += (next.value as Uint8Array).length
    count++
  }
  assert.ok(bytes < 300 * 1024, `${bytes} bytes waited`)
  assert.ok(count > 10)
})
