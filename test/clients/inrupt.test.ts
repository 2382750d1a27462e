// @inrupt/solid-client with a session of @inrupt/solid-client-authn-node: what most apps and scripts for Solid are made of.
// Only what the libraries give is judged, not what they send: that is in test/protocol/clients.test.ts.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import * as solid from '@inrupt/solid-client'

import { until } from '../support/until.ts'
import { createCredentials, logInByPassword } from './account-script.ts'
import { type ClientsWorld, logInWithCredentials, openClientsWorld } from './world.ts'

const { buildThing, createThing } = solid
const name = 'http://schema.org/name'

let world: ClientsWorld
before(async () => {
  world = await openClientsWorld()
})
after(() => world[Symbol.asyncDispose]())

function datasetWith(...values: string[]): solid.SolidDataset {
  const thing = values.reduce(
    (built, value) => built.addStringNoLocale(name, value),
    buildThing(createThing({ name: 'it' })),
  )
  return solid.setThing(solid.createSolidDataset(), thing.build())
}

test('a script written for the account API of CSS gets credentials that log in', async () => {
  assert.equal(world.session.info.webId, world.alice.webId)
  assert.ok(world.session.info.expirationDate! > Date.now())
})

test('the pod of a WebID is found from its profile', async () => {
  assert.deepEqual(await solid.getPodUrlAll(world.alice.webId), [world.alice.pod])
})

test('a dataset is created, read, changed and deleted', async () => {
  const url = `${world.fresh()}data.ttl`
  await solid.saveSolidDatasetAt(url, datasetWith('one'), { fetch: world.fetch })
  const read = await solid.getSolidDataset(url, { fetch: world.fetch })
  const thing = solid.getThing(read, `${url}#it`)!
  assert.equal(solid.getStringNoLocale(thing, name), 'one')
  const changed = solid.setThing(read, solid.setStringNoLocale(thing, name, 'two'))
  await solid.saveSolidDatasetAt(url, changed, { fetch: world.fetch })
  const again = await solid.getSolidDataset(url, { fetch: world.fetch })
  assert.deepEqual(solid.getStringNoLocaleAll(solid.getThing(again, `${url}#it`)!, name), ['two'])
  await solid.deleteSolidDataset(again, { fetch: world.fetch })
  await assert.rejects(solid.getSolidDataset(url, { fetch: world.fetch }), { statusCode: 404 })
})

test('a dataset is not created over one that is there', async () => {
  const url = `${world.fresh()}data.ttl`
  await solid.saveSolidDatasetAt(url, datasetWith('mine'), { fetch: world.fetch })
  await assert.rejects(solid.saveSolidDatasetAt(url, datasetWith('theirs'), { fetch: world.fetch }), {
    statusCode: 412,
  })
})

test('a dataset in a container gets the name that was asked for', async () => {
  const container = world.fresh()
  await solid.createContainerAt(container, { fetch: world.fetch })
  const saved = await solid.saveSolidDatasetInContainer(container, datasetWith('one'), {
    slugSuggestion: 'notes.ttl',
    fetch: world.fetch,
  })
  assert.equal(solid.getSourceUrl(saved), `${container}notes.ttl`)
})

test('containers are made, listed and deleted', async () => {
  const container = world.fresh()
  await solid.createContainerAt(container, { fetch: world.fetch })
  await solid.createContainerInContainer(container, { slugSuggestion: 'inner', fetch: world.fetch })
  await solid.saveFileInContainer(container, new File(['text'], 'a.txt', { type: 'text/plain' }), {
    slug: 'a.txt',
    fetch: world.fetch,
  })
  const listing = await solid.getSolidDataset(container, { fetch: world.fetch })
  assert.ok(solid.isContainer(listing))
  assert.deepEqual(solid.getContainedResourceUrlAll(listing).sort(), [`${container}a.txt`, `${container}inner/`])
  const file = solid.getThing(listing, `${container}a.txt`)!
  assert.equal(solid.getInteger(file, 'http://www.w3.org/ns/posix/stat#size'), 4)
  assert.ok(solid.getDatetime(file, 'http://purl.org/dc/terms/modified') instanceof Date)
  await solid.deleteContainer(`${container}inner/`, { fetch: world.fetch })
  await assert.rejects(solid.getResourceInfo(`${container}inner/`, { fetch: world.fetch }), { statusCode: 404 })
})

test('a file comes back byte for byte with its type', async () => {
  const url = `${world.fresh()}picture.bin`
  const bytes = Uint8Array.from({ length: 70_000 }, (_, n) => (n * 7) % 256)
  await solid.overwriteFile(url, new Blob([bytes], { type: 'image/png' }), {
    contentType: 'image/png',
    fetch: world.fetch,
  })
  const file = await solid.getFile(url, { fetch: world.fetch })
  assert.equal(solid.getContentType(file), 'image/png')
  assert.deepEqual(new Uint8Array(await file.arrayBuffer()), bytes)
  await solid.deleteFile(url, { fetch: world.fetch })
})

test('somebody else is let in by universalAccess and kept out again', async () => {
  const url = `${world.fresh()}shared.ttl`
  await solid.saveSolidDatasetAt(url, datasetWith('shared'), { fetch: world.fetch })
  assert.equal((await fetch(url)).status, 401)
  await solid.universalAccess.setPublicAccess(url, { read: true }, { fetch: world.fetch })
  assert.equal((await fetch(url)).status, 200)
  const bob = 'https://bob.example/profile#me'
  const given = await solid.universalAccess.setAgentAccess(
    url,
    bob,
    { read: true, append: true },
    { fetch: world.fetch },
  )
  assert.equal(given?.append, true)
  const all = await solid.universalAccess.getAgentAccessAll(url, { fetch: world.fetch })
  assert.deepEqual(Object.keys(all!).sort(), [bob, world.alice.webId].sort())
  await solid.universalAccess.setPublicAccess(url, { read: false }, { fetch: world.fetch })
  assert.equal((await fetch(url)).status, 401)
})

test('an ACL made from the fallback holds for the resource alone', async () => {
  const url = `${world.fresh()}own-acl.ttl`
  await solid.saveSolidDatasetAt(url, datasetWith('acl'), { fetch: world.fetch })
  const withAcl = await solid.getSolidDatasetWithAcl(url, { fetch: world.fetch })
  assert.equal(solid.hasResourceAcl(withAcl), false)
  assert.ok(solid.hasFallbackAcl(withAcl) && solid.hasAccessibleAcl(withAcl))
  const acl = solid.setPublicResourceAccess(solid.createAclFromFallbackAcl(withAcl), {
    read: true,
    append: false,
    write: false,
    control: false,
  })
  await solid.saveAclFor(withAcl, acl, { fetch: world.fetch })
  assert.equal((await fetch(url)).status, 200)
  const now = await solid.getSolidDatasetWithAcl(url, { fetch: world.fetch })
  assert.ok(solid.hasResourceAcl(now))
  assert.deepEqual(solid.getAgentAccess(now, world.alice.webId), {
    read: true,
    append: true,
    write: true,
    control: true,
  })
  await solid.deleteAclFor(now, { fetch: world.fetch })
  assert.equal((await fetch(url)).status, 401)
})

test('rights of a resource are shown to who asks', async () => {
  const url = `${world.fresh()}rights.ttl`
  await solid.saveSolidDatasetAt(url, datasetWith('rights'), { fetch: world.fetch })
  const info = await solid.getResourceInfo(url, { fetch: world.fetch })
  const { user } = solid.getEffectiveAccess(info)
  assert.deepEqual([user.read, user.append, user.write], [true, true, true])
})

test('the profile can be changed by its owner, but not its issuers', async () => {
  const profile = await solid.getSolidDataset(world.alice.webId, { fetch: world.fetch })
  const me = solid.getThing(profile, world.alice.webId)!
  const issuer = 'http://www.w3.org/ns/solid/terms#oidcIssuer'
  assert.equal(solid.getUrl(me, issuer), world.baseUrl)
  const named = solid.setThing(profile, solid.setStringNoLocale(me, 'http://xmlns.com/foaf/0.1/name', 'Alice'))
  const saved = await solid.saveSolidDatasetAt(solid.getSourceUrl(profile), named, { fetch: world.fetch })
  const stolen = solid.setThing(
    saved,
    solid.addUrl(solid.getThing(saved, world.alice.webId)!, issuer, 'https://evil.example/'),
  )
  await assert.rejects(solid.saveSolidDatasetAt(solid.getSourceUrl(profile), stolen, { fetch: world.fetch }), {
    statusCode: 409,
  })
})

test('credentials that are taken back end the access of a running session', async () => {
  const { headers, controls } = await logInByPassword(world.alice)
  const credentials = await createCredentials({ ...world.alice, headers, controls }, 'short lived')
  const session = await logInWithCredentials(world.baseUrl, credentials)
  try {
    const url = `${world.alice.pod}.acl`
    assert.equal((await session.fetch(url)).status, 200)
    const taken = await fetch(credentials.resource, { method: 'DELETE', headers })
    assert.ok(taken.ok, `DELETE ${credentials.resource}: ${taken.status}`)
    await until('access ends', async () => (await session.fetch(url)).status === 401, 5_000)
    await assert.rejects(logInWithCredentials(world.baseUrl, credentials))
  } finally {
    await session.logout()
  }
})
