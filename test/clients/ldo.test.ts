// @ldo/connected-solid: typed objects over a pod. It never throws but gives results, so each result is judged.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { changeData, commitData, type ConnectedLdoDataset } from '@ldo/connected'
import {
  createSolidLdoDataset,
  type SolidConnectedPlugin,
  type SolidContainer,
  type SolidLeaf,
} from '@ldo/connected-solid'
import type { LdoBase, ShapeType } from '@ldo/ldo'

import { type ClientsWorld, openClientsWorld } from './world.ts'

interface Note extends LdoBase {
  name?: string
}

/** What its command generates from a ShEx document: one optional text. */
const noteShape: ShapeType<Note> = {
  shape: 'https://example.org/NoteShape',
  context: { name: { '@id': 'http://schema.org/name', '@type': 'http://www.w3.org/2001/XMLSchema#string' } },
  schema: { type: 'Schema' },
} as ShapeType<Note>

let world: ClientsWorld
before(async () => {
  world = await openClientsWorld()
})
after(() => world[Symbol.asyncDispose]())

function openDataset(): ConnectedLdoDataset<SolidConnectedPlugin[]> {
  const dataset = createSolidLdoDataset()
  dataset.setContext('solid', { fetch: world.fetch })
  return dataset
}

function containerAt(url: string): SolidContainer {
  return openDataset().getResource(url) as SolidContainer
}

function leafAt(url: string): SolidLeaf {
  return openDataset().getResource(url) as SolidLeaf
}

/** The result, when it is none of an error. */
function good<T extends { readonly isError: boolean; readonly type: string }>(
  result: T,
): Exclude<T, { isError: true }> {
  assert.equal(result.isError, false, `${result.type}: ${(result as { message?: string }).message ?? ''}`)
  return result as Exclude<T, { isError: true }>
}

async function freshContainer(): Promise<SolidContainer> {
  const container = containerAt(world.fresh())
  good(await container.createIfAbsent())
  return container
}

test('a container and a document get the names that were asked for', async () => {
  const container = await freshContainer()
  assert.equal(good(await container.createChildIfAbsent('plain' as never)).type, 'createSuccess')
  assert.equal(good(await container.createChildIfAbsent('inner/')).type, 'createSuccess')
  const again = containerAt(container.uri)
  good(await again.read())
  assert.deepEqual(
    again
      .children()
      .map(({ uri }) => uri)
      .sort(),
    [`${container.uri}inner/`, `${container.uri}plain`],
  )
  const plain = leafAt(`${container.uri}plain`)
  assert.equal(good(await plain.read()).type, 'dataReadSuccess')
})

test('what is there already is left alone or overwritten, as asked', async () => {
  const container = await freshContainer()
  const leaf = leafAt(`${container.uri}a.ttl`)
  good(await leaf.createIfAbsent())
  good(await leafAt(leaf.uri).createIfAbsent())
  assert.equal(good(await leafAt(leaf.uri).createAndOverwrite()).type, 'createSuccess')
})

test('an object is filled in, read again and changed', async () => {
  const container = await freshContainer()
  const dataset = openDataset()
  const document = dataset.getResource(`${container.uri}note.ttl`) as SolidLeaf
  good(await document.createIfAbsent())
  const note = dataset.createData(noteShape, `${document.uri}#it`, document)
  note.name = 'one'
  good(await commitData(note))
  const other = openDataset()
  const same = other.getResource(document.uri) as SolidLeaf
  good(await same.read())
  const read = other.usingType(noteShape).fromSubject(`${document.uri}#it`)
  assert.equal(read.name, 'one')
  const changed = changeData(read, same)
  changed.name = 'two'
  good(await commitData(changed))
  const third = openDataset()
  good(await third.getResource(document.uri).read())
  assert.equal(third.usingType(noteShape).fromSubject(`${document.uri}#it`).name, 'two')
})

test('a picture is uploaded, read and deleted', async () => {
  const container = await freshContainer()
  const bytes = Buffer.from('not really a picture')
  good(await container.uploadChildAndOverwrite('a.png', new Blob([bytes], { type: 'image/png' }), 'image/png'))
  const leaf = leafAt(`${container.uri}a.png`)
  assert.equal(good(await leaf.read()).type, 'binaryReadSuccess')
  assert.equal(leaf.getMimeType(), 'image/png')
  assert.deepEqual(Buffer.from(await leaf.getBlob()!.arrayBuffer()), bytes)
  good(await leaf.delete())
  assert.equal(good(await leafAt(leaf.uri).read()).type, 'absentReadSuccess')
})

test('the root of the pod is found from a document in it', async () => {
  const container = await freshContainer()
  const root = await leafAt(`${container.uri}deep.ttl`).getRootContainer()
  assert.equal(root.isError, false)
  assert.equal((root as SolidContainer).uri, world.alice.pod)
})

test('rules of access are inherited, set and read back', async () => {
  const container = await freshContainer()
  const leaf = leafAt(`${container.uri}rules.ttl`)
  good(await leaf.createIfAbsent())
  const all = { read: true, write: true, append: true, control: true }
  const none = { read: false, write: false, append: false, control: false }
  const inherited = good(await leaf.getWac())
  const { read, write, control } = inherited.wacRule.agent[world.alice.webId]!
  assert.deepEqual([read, write, control], [true, true, true])
  const rule = { public: { ...none, read: true }, authenticated: none, agent: { [world.alice.webId]: all } }
  good(await leaf.setWac(rule))
  assert.equal((await fetch(leaf.uri)).status, 200)
  const now = good(await leafAt(leaf.uri).getWac({ ignoreCache: true }))
  assert.deepEqual(now.wacRule.public, rule.public)
  assert.deepEqual(now.wacRule.agent[world.alice.webId], all)
})

test('a full container is deleted with what is in it', async () => {
  const container = await freshContainer()
  good(await container.createChildIfAbsent('inner/'))
  good(await container.child('inner/').createChildIfAbsent('a.ttl' as never))
  good(await containerAt(container.uri).delete())
  assert.equal(good(await containerAt(container.uri).read()).type, 'absentReadSuccess')
})
