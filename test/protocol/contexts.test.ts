// Rule 13: JSON-LD contexts that are not bundled. With --jsonld-contexts fetch they are fetched once, when a document that
// names them is written, and kept; without it, and while reading, nothing is fetched. The contexts come from a real server.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'

import { KiB } from '../../src/base/bytes.ts'
import { startTestCenter, type TestCenterOptions } from '../support/center.ts'
import { startIssuer } from '../support/issuer.ts'
import { type Client, expectStatus } from '../support/solid-client.ts'
import { logIn } from '../support/solid-client-world.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const json = 'application/ld+json'
const asTurtle = { Accept: 'text/turtle' }
const issuer = await startIssuer()
const alice: Client = await logIn(issuer, 'alice')
after(() => issuer[Symbol.asyncDispose]())

/** Serves what is put into `documents` and remembers what was asked for. */
async function startContexts() {
  const documents = new Map<string, string>()
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url!)
    const text = documents.get(request.url!)
    response.writeHead(text === undefined ? 404 : 200, { 'Content-Type': json }).end(text)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  async function close(): Promise<void> {
    server.closeAllConnections()
    if (server.listening) await once(server.close(), 'close')
  }
  return { origin, documents, asked, close, [Symbol.asyncDispose]: close }
}

async function startPod(options: TestCenterOptions) {
  const center = await startTestCenter(options)
  const { base } = await center.createPod('alice', { webId: issuer.webId('alice') })
  return { base, center, [Symbol.asyncDispose]: () => center[Symbol.asyncDispose]() }
}

const terms = JSON.stringify({ '@context': { name: 'http://example.org/name' } })
const naming = (context: unknown, name = 'Ding') => JSON.stringify({ '@context': context, '@id': '#it', name })

async function names(url: string): Promise<string[]> {
  const quads = expectStatus(await alice.get(url, asTurtle), 200).quads()
  return quads.filter((one) => one.predicate.value === 'http://example.org/name').map((one) => one.object.value)
}

test('rule 13: with fetch a context is fetched once, at the first write, and serves after a restart without its server', async () => {
  await using contexts = await startContexts()
  contexts.documents.set('/terms', terms)
  await using temporary = await temporaryDirectory()
  const dataDir = temporary.path
  const context = `${contexts.origin}/terms`
  const large = naming(context, 'x'.repeat(20 * KiB))
  let port: number
  let base: string
  {
    await using first = await startPod({ dataDir, jsonldContexts: 'fetch' })
    base = first.base
    port = Number(new URL(base).port)
    expectStatus(await alice.put(`${base}one`, json, naming(context)), 201)
    assert.deepEqual(contexts.asked, ['/terms'])
    assert.deepEqual(await names(`${base}one`), ['Ding'])
    expectStatus(await alice.put(`${base}large`, json, large), 201)
    expectStatus(await alice.post(base, json, naming(`${context}#again`)), 201)
    assert.deepEqual(await names(`${base}large`), ['x'.repeat(20 * KiB)])
  }
  await contexts.close()
  await using second = await startTestCenter({ dataDir, jsonldContexts: 'fetch', listen: { host: '127.0.0.1', port } })
  assert.equal(new URL(base).origin, new URL(second.baseUrl).origin)
  assert.deepEqual(await names(`${base}one`), ['Ding'])
  assert.deepEqual(await names(`${base}large`), ['x'.repeat(20 * KiB)])
  expectStatus(await alice.put(`${base}two`, json, naming(context, 'Two')), 201)
  assert.deepEqual(await names(`${base}two`), ['Two'])
  assert.equal(expectStatus(await alice.get(`${base}one`, { Accept: json }), 200).text, naming(context))
  assert.deepEqual(contexts.asked, ['/terms'])
})

test('rule 13: without fetch nothing is asked for, and the document is served as JSON-LD only', async () => {
  await using contexts = await startContexts()
  contexts.documents.set('/terms', terms)
  await using pod = await startPod({})
  expectStatus(await alice.put(`${pod.base}one`, json, naming(`${contexts.origin}/terms`)), 201)
  expectStatus(await alice.get(`${pod.base}one`, asTurtle), 406)
  expectStatus(await alice.get(`${pod.base}one`, { Accept: json }), 200)
  assert.deepEqual(contexts.asked, [])
})

test('rule 13: a context that cannot be had leaves the document as it was sent, and reading does not ask again', async () => {
  await using contexts = await startContexts()
  contexts.documents.set('/text', 'no JSON')
  contexts.documents.set('/other', '{"name":"http://example.org/name"}')
  contexts.documents.set('/large', JSON.stringify({ '@context': { name: `http://e/${'x'.repeat(256 * KiB)}` } }))
  await using pod = await startPod({ jsonldContexts: 'fetch' })
  for (const name of ['missing', 'text', 'other', 'large']) {
    const body = naming(`${contexts.origin}/${name}`)
    expectStatus(await alice.put(`${pod.base}${name}`, json, body), 201)
    const refused = expectStatus(await alice.get(`${pod.base}${name}`, asTurtle), 406)
    assert.ok(refused.text.includes(`${contexts.origin}/${name}`), refused.text)
    assert.equal(expectStatus(await alice.get(`${pod.base}${name}`, { Accept: json }), 200).text, body)
  }
  contexts.documents.set('/missing', terms)
  expectStatus(await alice.get(`${pod.base}missing`, asTurtle), 406)
  assert.deepEqual(contexts.asked, ['/missing', '/text', '/other', '/large'])
  expectStatus(await alice.put(`${pod.base}again`, json, naming(`${contexts.origin}/missing`)), 201)
  assert.deepEqual(await names(`${pod.base}missing`), ['Ding'])
})

test('rule 13: contexts that contexts name are fetched two deep, and at most five for a document', async () => {
  await using contexts = await startContexts()
  const { documents, origin } = contexts
  documents.set('/terms', terms)
  documents.set('/outer', JSON.stringify({ '@context': ['terms'] }))
  documents.set('/outermost', JSON.stringify({ '@context': [`${origin}/outer`] }))
  for (let n = 1; n <= 6; n++) documents.set(`/${n}`, terms)
  const url = (name: string | number) => `${origin}/${name}`
  await using pod = await startPod({ jsonldContexts: 'fetch' })

  expectStatus(await alice.put(`${pod.base}deep`, json, naming(url('outermost'))), 201)
  expectStatus(await alice.get(`${pod.base}deep`, asTurtle), 406)
  assert.deepEqual(contexts.asked, ['/outermost', '/outer'])
  expectStatus(await alice.put(`${pod.base}nested`, json, naming(url('outer'))), 201)
  assert.deepEqual(await names(`${pod.base}nested`), ['Ding'])
  assert.deepEqual(contexts.asked, ['/outermost', '/outer', '/terms'])

  contexts.asked.length = 0
  expectStatus(await alice.put(`${pod.base}six`, json, naming([1, 2, 3, 4, 5, 6].map(url))), 201)
  expectStatus(await alice.get(`${pod.base}six`, asTurtle), 406)
  assert.deepEqual(contexts.asked, ['/1', '/2', '/3', '/4', '/5'])
  expectStatus(await alice.put(`${pod.base}five`, json, naming([1, 2, 3, 4, 5].map(url))), 201)
  assert.deepEqual(await names(`${pod.base}five`), ['Ding'])
})

test('rule 13: a document with a kept context can be patched', async () => {
  await using contexts = await startContexts()
  contexts.documents.set('/terms', terms)
  await using pod = await startPod({ jsonldContexts: 'fetch' })
  expectStatus(await alice.put(`${pod.base}one`, json, naming(`${contexts.origin}/terms`)), 201)
  const update = `INSERT DATA { <#it> <http://example.org/name> "More" }`
  const { status } = await alice.patch(`${pod.base}one`, 'application/sparql-update', update)
  assert.ok(status === 200 || status === 204 || status === 205, String(status))
  assert.deepEqual((await names(`${pod.base}one`)).sort(), ['Ding', 'More'])
})
