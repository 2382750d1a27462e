// Listings too long to be read before the first byte: they are streamed page by page in key order, each member once.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { collect, MiB } from '../../../src/base/bytes.ts'
import { changeOf, putOp } from '../../support/temporary-store.ts'
import { alice, base, openScene, type Scene } from '../scene.ts'

/** Beyond what is read ahead. */
const members = 16_500
const opsEach = 250

let scene: Scene
before(async () => {
  scene = await openScene()
  for (const container of ['/many/', '/moving/']) await fill(container)
})
after(() => scene[Symbol.asyncDispose]())

async function fill(container: string): Promise<void> {
  for (let first = 0; first < members; first += opsEach) {
    const ops = Array.from({ length: opsEach }, (_, index) => putOp(container + pathOf(first + index), 'x'))
    assert.ok((await scene.store.commit(changeOf(scene.pod.id, ops))).ok)
  }
}

function pathOf(index: number): string {
  return `m${String(index).padStart(5, '0')}.txt`
}

test('a long listing is streamed and names every member once, in order', async () => {
  const { status, body } = await scene.server.handle(scene.request('GET', '/many/', { as: alice }))
  assert.equal(status, 200)
  assert.ok(!(body instanceof Uint8Array), 'it is not made before it is sent')
  const text = (await collect(body as AsyncIterable<Uint8Array>, 64 * MiB)).toString()
  const named = [...text.matchAll(/m\d{5}\.txt/g)].map(([name]) => name)
  const once = [...new Set(named)]
  assert.equal(once.length, members)
  assert.deepEqual(once, [...once].sort())
})

test('a member that changes while the listing is on its way does not cut it, and others appear once', async () => {
  const { body } = await scene.server.handle(scene.request('GET', '/moving/', { as: alice }))
  let text = ''
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    if (text === '') await scene.put('/moving/zz-late.txt', 'late', 'text/plain')
    text += Buffer.from(chunk).toString()
  }
  assert.equal(new Set(text.match(/m\d{5}\.txt/g)).size, members)
})

test('another type of a long listing is the whole of it, or refused', async () => {
  const seen = await scene.ask('GET', '/many/', { as: alice, headers: { accept: 'application/n-triples' } })
  if (seen.status === 406) return
  assert.equal(seen.status, 200)
  assert.equal(seen.text.match(/#contains> </g)?.length, new Set(seen.text.match(/\/many\/m\d{5}\.txt/g)).size)
  assert.ok(seen.text.includes(`<${base}many/${pathOf(members - 1)}>`))
})
