// Solid Notifications Protocol, Discovery (solid.md section 1.15; clients-and-operators.md B, 25): how clients find where to
// subscribe.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { systemRandom } from '../../../src/base/random.ts'
import { silentLog } from '../../../src/base/log.ts'
import { openRdfWorkers } from '../../../src/pod/rdf/workers.ts'
import { expectStatus, lines } from '../../support/solid-client.ts'
import { openWorld } from '../../support/solid-client-world.ts'
import { addressOf, jsonLd, notify, oldContext, type Type } from '../../support/subscriptions.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, bob, anyone, fresh, pod } = world

const types: readonly Type[] = ['WebSocketChannel2023', 'WebhookChannel2023', 'StreamingHTTPChannel2023']
const features = ['accept', 'endAt', 'rate', 'startAt', 'state']
const descriptionRel = 'http://www.w3.org/ns/solid/terms#storageDescription'

interface OfferJson {
  readonly '@context': unknown
  readonly id: string
  readonly channelType: string
  readonly feature: readonly string[]
}

test('discovery by Link rel=storageDescription, then notify:subscription and notify:channelType as Turtle', async () => {
  const url = (await anyone.head(`${pod}nothing-here`)).link(descriptionRel)
  assert.equal(url, `${pod}.well-known/solid`)
  const answer = expectStatus(await anyone.get(url, { Accept: 'text/turtle' }), 200)
  const statements = lines(answer.quads())
  for (const type of types) {
    assert.ok(statements.includes(`${pod} ${notify}subscription ${addressOf(pod, type)}`))
    assert.ok(statements.includes(`${addressOf(pod, type)} ${notify}channelType ${notify}${type}`))
    for (const feature of features) {
      assert.ok(statements.includes(`${addressOf(pod, type)} ${notify}feature ${notify}${feature}`), feature)
    }
  }
})

test('the description is available as application/ld+json: id and subscription with id, channelType and feature', async () => {
  const answer = expectStatus(await anyone.get(`${pod}.well-known/solid`, { Accept: jsonLd }), 200)
  assert.equal(answer.header('content-type'), jsonLd)
  const document = JSON.parse(answer.text) as { id: string; '@context': unknown; subscription: OfferJson[] }
  assert.deepEqual(document['@context'], [oldContext])
  assert.equal(document.id, pod)
  assert.deepEqual(
    document.subscription,
    types.map((type) => ({ id: addressOf(pod, type), channelType: notify + type, feature: features })),
  )
})

test('Turtle and JSON-LD of the description say the same', async () => {
  await using rdf = openRdfWorkers({ log: silentLog })
  const read = async (type: string): Promise<string[]> => {
    const answer = await anyone.get(`${pod}.well-known/solid`, { Accept: type })
    const source = { mediaType: type, base: 'https://elsewhere.example/' }
    return lines((await rdf.parse(answer.bytes, source, new AbortController().signal)).quads)
  }
  const turtle = await read('text/turtle')
  assert.equal(turtle.length, 1 + types.length * (2 + features.length))
  assert.deepEqual(await read(jsonLd), turtle)
})

for (const type of types) {
  test(`GET of the address of ${type} describes it, to anyone`, async () => {
    for (const client of [anyone, bob, alice]) {
      const answer = expectStatus(await client.get(addressOf(pod, type), { Accept: jsonLd }), 200)
      assert.equal(answer.header('content-type'), jsonLd)
      const { '@context': context, ...offer } = JSON.parse(answer.text) as OfferJson
      assert.deepEqual(context, [oldContext])
      assert.deepEqual(offer, { id: addressOf(pod, type), channelType: notify + type, feature: features })
    }
    const turtle = expectStatus(await anyone.get(addressOf(pod, type), { Accept: 'text/turtle' }), 200)
    assert.equal(turtle.header('content-type'), 'text/turtle')
    assert.ok(lines(turtle.quads()).includes(`${addressOf(pod, type)} ${notify}channelType ${notify}${type}`))
  })

  test(`HEAD of the address of ${type} has the headers of GET and no body`, async () => {
    const [get, head] = [await anyone.get(addressOf(pod, type)), await anyone.head(addressOf(pod, type))]
    expectStatus(head, 200)
    assert.equal(head.text, '')
    for (const name of ['content-type', 'content-length', 'allow', 'accept-post', 'link', 'vary']) {
      assert.equal(head.header(name), get.header(name), name)
      assert.notEqual(get.header(name), undefined, name)
    }
  })

  test(`OPTIONS of the address of ${type} says what it takes`, async () => {
    const answer = expectStatus(await anyone.options(addressOf(pod, type)), 204)
    assert.deepEqual(answer.list('allow'), ['GET', 'HEAD', 'OPTIONS', 'POST'])
    assert.deepEqual(answer.list('accept-post'), ['application/ld+json', 'text/turtle'])
    assert.equal(answer.link(descriptionRel), `${pod}.well-known/solid`)
  })
}

test('without Accept the address answers JSON-LD, and 406 to what it does not have', async () => {
  const answer = expectStatus(await anyone.get(addressOf(pod)), 200)
  assert.equal(answer.header('content-type'), jsonLd)
  expectStatus(await anyone.get(addressOf(pod), { Accept: 'image/png' }), 406)
})

for (const method of ['PUT', 'PATCH', 'DELETE']) {
  test(`${method} of the address is 405, which says what works`, async () => {
    const headers = { 'Content-Type': 'text/turtle' }
    const answer = expectStatus(await alice.send(method, addressOf(pod), { headers, body: '<#a> <#b> <#c>.' }), 405)
    assert.deepEqual(answer.list('allow'), ['GET', 'HEAD', 'OPTIONS', 'POST'])
  })
}

for (const path of ['', 'x', 'OtherChannel2023/', 'WebSocketChannel2023/x', 'WebSocketChannel2023/receive/']) {
  test(`.notifications/${path} is nothing: 404 to readers, 405 to writers, never writable`, async () => {
    const url = `${pod}.notifications/${path}`
    for (const client of [anyone, alice]) expectStatus(await client.get(url), 404)
    expectStatus(await alice.put(url, 'text/turtle', ''), 405)
    expectStatus(await alice.post(url, 'text/turtle', '<#a> <#b> <#c>.'), 405)
    expectStatus(await alice.delete(url), 405)
  })
}

test('pods are not mixed up: each names addresses of its own', async () => {
  const second = await world.center.createPod(`p-${systemRandom.uuid().slice(0, 8)}`, { webId: alice.webId! })
  const answer = await anyone.get(`${second.base}.well-known/solid`, { Accept: jsonLd })
  const { subscription } = JSON.parse(answer.text) as { subscription: OfferJson[] }
  assert.ok(subscription.every(({ id }) => id.startsWith(second.base)))
  assert.equal((await alice.head(fresh())).link(descriptionRel), `${pod}.well-known/solid`)
})
