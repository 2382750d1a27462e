// Applications that want node objects, on request values: what they see of the request, and what becomes of their answer.

import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test } from 'node:test'

import type { HttpRequest } from '../../../src/core/http/message.ts'
import { callNodeApplication, type NodeApplication } from '../../../src/core/http/node-application.ts'

function call(application: NodeApplication, given: Partial<HttpRequest> = {}, body: Uint8Array = new Uint8Array()) {
  const headers = { host: 'inside:1', 'x-forwarded-proto': 'http', 'transfer-encoding': 'chunked' }
  const line = { method: 'GET', target: '/a?b=c', headers, body: undefined, remoteAddress: '192.0.2.7' }
  const request = { ...line, ...given } as unknown as HttpRequest
  return callNodeApplication(application, { request, target: '/a?b=c', origin: 'https://pods.example/', body })
}

test('an application sees the public address, the client and the body, and answers with a value', async () => {
  const application = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of message) chunks.push(chunk as Buffer)
    const { headers, url, socket } = message
    response.setHeader('Set-Cookie', ['one=1', 'two=2'])
    response.statusCode = 201
    const { encrypted } = socket as unknown as { encrypted: boolean }
    response.end(
      JSON.stringify({ headers, url, encrypted, ip: socket.remoteAddress, text: String(Buffer.concat(chunks)) }),
    )
  }
  const answer = await call(application, { method: 'POST' }, Buffer.from('hello'))
  assert.equal(answer.status, 201)
  assert.deepEqual(answer.headers, ['set-cookie', 'one=1', 'set-cookie', 'two=2'])
  const seen = JSON.parse(Buffer.from(answer.body as Uint8Array).toString()) as unknown
  const headers = { host: 'pods.example', 'content-length': '5' }
  assert.deepEqual(seen, { headers, url: '/a?b=c', encrypted: true, ip: '192.0.2.7', text: 'hello' })
})

test('an answer to HEAD has no body, and a failure is the caller’s to answer', async () => {
  const plain = (_: IncomingMessage, response: ServerResponse): void => void response.writeHead(204).end('text')
  assert.equal((await call(plain, { method: 'HEAD' })).body, undefined)
  await assert.rejects(
    call(() => Promise.reject(new Error('broken'))),
    /broken/,
  )
})
