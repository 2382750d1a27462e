// rdflib, the library below SolidOS: fetcher, update manager, and its judgement of what may be edited.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import * as rdf from 'rdflib'

import { type ClientsWorld, openClientsWorld } from './world.ts'

const schema = (name: string): rdf.NamedNode => rdf.sym(`http://schema.org/${name}`)
const foaf = (name: string): rdf.NamedNode => rdf.sym(`http://xmlns.com/foaf/0.1/${name}`)
const contains = rdf.sym('http://www.w3.org/ns/ldp#contains')

let world: ClientsWorld
before(async () => {
  world = await openClientsWorld()
})
after(() => world[Symbol.asyncDispose]())

interface Desk {
  readonly store: rdf.IndexedFormula
  readonly fetcher: rdf.Fetcher
  readonly updater: rdf.UpdateManager
}

/** A store that knows nothing yet, as after opening an app. */
function openDesk(fetch: typeof globalThis.fetch = world.fetch): Desk {
  const store = rdf.graph()
  // Its timers outlive what they guard, and this process with them.
  const fetcher = rdf.fetcher(store, { fetch, timeout: 30_000 })
  return { store, fetcher, updater: new rdf.UpdateManager(store) }
}

/** The literals of a predicate in a document as it now is on the server. */
async function valuesOf(document: rdf.NamedNode, predicate: rdf.NamedNode): Promise<string[]> {
  const { store, fetcher } = openDesk()
  await fetcher.load(document)
  return store
    .statementsMatching(undefined, predicate, undefined, document)
    .map(({ object }) => object.value)
    .sort()
}

async function statusOfLoading(fetcher: rdf.Fetcher, document: rdf.NamedNode): Promise<number | undefined> {
  try {
    return (await fetcher.load(document)).status
  } catch (error) {
    return (error as { status?: number }).status
  }
}

test('a document that is not there is found to be creatable, and is created by an update', async () => {
  const document = rdf.sym(`${world.fresh()}new.ttl`)
  const { fetcher, updater } = openDesk()
  assert.equal(await statusOfLoading(fetcher, document), 404)
  assert.equal(updater.editable(document), 'SPARQL')
  const it = rdf.sym(`${document.value}#it`)
  await updater.update([], [rdf.st(it, schema('name'), rdf.lit('one'), document)])
  assert.deepEqual(await valuesOf(document, schema('name')), ['one'])
})

test('a statement is replaced, and what else the document says stays', async () => {
  const document = rdf.sym(`${world.fresh()}data.ttl`)
  const it = rdf.sym(`${document.value}#it`)
  const { store, fetcher, updater } = openDesk()
  await fetcher.webOperation('PUT', document, {
    contentType: 'text/turtle',
    data: `<#it> <http://schema.org/name> "one"; <http://schema.org/age> 3 .`,
  })
  await fetcher.load(document)
  const old = store.statementsMatching(it, schema('name'), undefined, document)
  await updater.update(old, [rdf.st(it, schema('name'), rdf.lit('two'), document)])
  assert.deepEqual(await valuesOf(document, schema('name')), ['two'])
  assert.deepEqual(await valuesOf(document, schema('age')), ['3'])
})

test('a statement about a blank node is replaced', async () => {
  const document = rdf.sym(`${world.fresh()}blank.ttl`)
  const { store, fetcher, updater } = openDesk()
  await fetcher.webOperation('PUT', document, {
    contentType: 'text/turtle',
    data: '<#me> <http://xmlns.com/foaf/0.1/account> [ <http://xmlns.com/foaf/0.1/name> "old" ] .',
  })
  await fetcher.load(document)
  const account = store.any(rdf.sym(`${document.value}#me`), foaf('account'), undefined, document) as rdf.BlankNode
  const old = store.statementsMatching(account, foaf('name'), undefined, document)
  await updater.update(old, [rdf.st(account, foaf('name'), rdf.lit('new'), document)])
  assert.deepEqual(await valuesOf(document, foaf('name')), ['new'])
})

test('a container is made and lists what lies in it', async () => {
  const container = rdf.sym(world.fresh())
  const { store, fetcher } = openDesk()
  await fetcher.createContainer(container.dir()!.value, container.value.split('/').at(-2)!, '')
  await fetcher.webOperation('PUT', `${container.value}a.txt`, { contentType: 'text/plain', data: 'text' })
  await fetcher.load(container, { force: true })
  const children = store.each(container, contains, undefined, container).map(({ value }) => value)
  assert.deepEqual(children, [`${container.value}a.txt`])
})

test('documents are deleted', async () => {
  const document = rdf.sym(`${world.fresh()}gone.ttl`)
  const { fetcher } = openDesk()
  await fetcher.webOperation('PUT', document, { contentType: 'text/turtle', data: '' })
  await fetcher.webOperation('DELETE', document, {})
  assert.equal(await statusOfLoading(openDesk().fetcher, document), 404)
})

test('a visitor sees that a public profile is not theirs to edit', async () => {
  const card = rdf.sym(world.alice.webId).doc()
  const visitor = openDesk(globalThis.fetch)
  await visitor.fetcher.load(card)
  assert.equal(visitor.updater.editable(card), false)
  const owner = openDesk()
  await owner.fetcher.load(card)
  assert.equal(owner.updater.editable(card), 'SPARQL')
})
