// What a new pod starts with, and which names it may have (rule 3).

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { XpodError } from '../../src/base/errors.ts'
import { checkPodName, planPod } from '../../src/pod/provision.ts'
import { alice, base, bob, nobody, openWorld, turtle } from './write/world.ts'

function codeOf(run: () => void): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    assert.ok(error instanceof XpodError)
    return error.code
  }
}

const wish = { id: 'x', name: 'alice', base, issuer: 'https://pods.example/', nowMs: 1 }

test('pod names are lower-case letters, digits and inner hyphens, at most 63', () => {
  for (const name of ['a', '0', 'a-b', 'a'.repeat(63)])
    assert.equal(
      codeOf(() => checkPodName(name)),
      undefined,
      name,
    )
  for (const name of ['', 'A', '-a', 'a-', 'a.b', 'a_b', 'é', 'a'.repeat(64), 'a/b', 'a\n']) {
    assert.equal(
      codeOf(() => checkPodName(name)),
      'POD_NAME_INVALID',
      name,
    )
  }
})

test('names that mean something to others are reserved', () => {
  for (const name of ['www', 'mail', 'ns1', 'wpad', 'autodiscover', 'localhost', 'xn--bcher-kva', 'admin']) {
    assert.equal(
      codeOf(() => checkPodName(name)),
      'POD_NAME_RESERVED',
      name,
    )
  }
})

test('without a WebID the profile is the WebID and names login provider and storage', async () => {
  await using world = await openWorld()
  assert.deepEqual(world.home.pod.owners, [`${base}profile/card#me`])
  const source = { mediaType: 'text/turtle', base: `${base}profile/card` }
  const card = Buffer.from((await world.text('/profile/card'))!)
  const { quads } = await world.parts.rdf.parse(card, source, new AbortController().signal)
  const stated = (predicate: string) => quads.filter((one) => one.predicate.value === predicate)
  const [issuer] = stated('http://www.w3.org/ns/solid/terms#oidcIssuer')
  const [storage] = stated('http://www.w3.org/ns/pim/space#storage')
  assert.deepEqual([issuer?.subject.value, issuer?.object.value], [alice.webId, 'https://pods.example/'])
  assert.deepEqual([storage?.subject.value, storage?.object.value], [alice.webId, base])
})

test('the owner may do everything, the public list the root and read the profile, others nothing', async () => {
  await using world = await openWorld()
  await world.write('/private.ttl', '')
  const modes = async (path: string, agent: typeof alice) => world.parts.authorizer.modes(world.home.pod, path, agent)
  assert.equal(await modes('/', alice), 15)
  assert.equal(await modes('/private.ttl', alice), 15)
  assert.equal(await modes('/profile/card', alice), 15)
  for (const agent of [bob, nobody]) {
    assert.equal(await modes('/', agent), 1)
    assert.equal(await modes('/profile/card', agent), 1)
    assert.equal(await modes('/profile/', agent), 0)
    assert.equal(await modes('/private.ttl', agent), 0)
  }
})

test('with a WebID from elsewhere there is no profile, and that WebID owns everything', async () => {
  const webId = 'https://me.example/card#me'
  await using world = await openWorld({ webId })
  assert.equal(await world.text('/profile/card'), undefined)
  assert.equal((await world.send('PUT', '/x.ttl', { as: { webId }, headers: turtle, body: '' })).status, 201)
  assert.equal((await world.send('PUT', '/y.ttl', { as: alice, headers: turtle, body: '' })).status, 403)
})

test('nothing in a new pod states its own base, so a move costs nothing', () => {
  const { ops } = planPod(wish)
  const bodies = ops.flatMap((op) => (op.kind === 'put' ? [Buffer.from(op.body.inline!).toString()] : []))
  assert.equal(bodies.length, 3)
  for (const body of bodies) assert.ok(!body.includes(base), body)
})

test('a WebID that is no http URL, or would break out of the ACL, is refused', () => {
  for (const webId of ['me', 'ftp://x.example/', 'https://x.example/> . <#x', 'https://x.example/ y']) {
    assert.equal(
      codeOf(() => planPod({ ...wish, webId })),
      'USAGE',
      webId,
    )
  }
})
