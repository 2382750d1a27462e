// What commits mean to topics: real commits on a real store, read back from its feed.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { type Activity, activitiesOf, catchUpActivity } from '../../../src/pod/notify/activity.ts'
import type { Op } from '../../../src/pod/store/change.ts'
import { changeOf, createPod, openTestStore, putOp, type TestStore } from '../../support/temporary-store.ts'

let opened: TestStore
let pod: string
before(async () => {
  opened = await openTestStore()
  pod = await createPod(opened.store, 'alice')
})
after(() => opened[Symbol.asyncDispose]())

async function commit(...ops: Op[]): Promise<readonly Activity[]> {
  const { store } = opened
  const before = (await store.head(pod))!.version
  const outcome = await store.commit(changeOf(pod, ops))
  const page = await store.changes(pod, before, 10)
  assert.ok('entries' in page)
  assert.equal(page.entries.length, outcome.ok ? 1 : 0)
  return page.entries.flatMap(activitiesOf)
}

/** `Add /c/ <- /c/x`: what the topic hears, in short. */
function brief(activities: readonly Activity[]): string[] {
  return activities.map(({ type, topic, object }) => `${type} ${topic}${object === topic ? '' : ` ${object}`}`).sort()
}

test('a new document is Create for itself and Add for its container', async () => {
  await commit({ kind: 'container', path: '/new/' })
  assert.deepEqual(brief(await commit(putOp('/new/a', 'x'))), ['Add /new/ /new/a', 'Create /new/a'])
})

test('Add and Remove name the container as their target', async () => {
  const [added] = (await commit(putOp('/target', 'x'))).filter(({ type }) => type === 'Add')
  assert.deepEqual([added!.object, added!.target], ['/target', '/'])
})

test('a changed document is Update for itself, and its container hears nothing', async () => {
  await commit(putOp('/changed/a', 'x'))
  assert.deepEqual(brief(await commit(putOp('/changed/a', 'y'))), ['Update /changed/a'])
})

test('a deleted document is Delete for itself and Remove for its container', async () => {
  await commit(putOp('/gone/a', 'x'))
  assert.deepEqual(brief(await commit({ kind: 'delete', path: '/gone/a' })), [
    'Delete /gone/a',
    'Remove /gone/ /gone/a',
  ])
})

test('a deep create is Create for each new container and Add for the first that was there', async () => {
  const told = await commit(putOp('/one/two/three/x', 'x'))
  assert.deepEqual(brief(told), [
    'Add / /one/',
    'Create /one/',
    'Create /one/two/',
    'Create /one/two/three/',
    'Create /one/two/three/x',
  ])
})

test('a container hears Update when its description is made, changed and taken away', async () => {
  await commit({ kind: 'container', path: '/described/' })
  const meta = '/described/.meta'
  assert.deepEqual(brief(await commit(putOp(meta, '<a> <b> <c>.', 'text/turtle'))), [
    `Create ${meta}`,
    'Update /described/',
  ])
  assert.deepEqual(brief(await commit(putOp(meta, '<a> <b> <d>.', 'text/turtle'))), [
    'Update /described/',
    `Update ${meta}`,
  ])
  assert.deepEqual(brief(await commit({ kind: 'delete', path: meta })), [`Delete ${meta}`, 'Update /described/'])
})

test('the description of a document is told to nobody but its own listeners', async () => {
  await commit(putOp('/plain.txt', 'x'))
  assert.deepEqual(brief(await commit(putOp('/plain.txt.meta', '', 'text/turtle'))), ['Create /plain.txt.meta'])
})

test('an ACL is told to nobody but its own listeners', async () => {
  await commit({ kind: 'container', path: '/kept/' })
  assert.deepEqual(brief(await commit(putOp('/kept/.acl', '', 'text/turtle'))), ['Create /kept/.acl'])
})

test('what goes with its resource is Delete for its own listeners; the resource hears of itself only', async () => {
  await commit(putOp('/with/a', 'x'))
  await commit(putOp('/with/.meta', '', 'text/turtle'), putOp('/with/.acl', '', 'text/turtle'))
  await commit({ kind: 'delete', path: '/with/a' })
  assert.deepEqual(brief(await commit({ kind: 'delete', path: '/with/' })), [
    'Delete /with/',
    'Delete /with/.acl',
    'Delete /with/.meta',
    'Remove / /with/',
  ])
})

test('what ended by its own ACL is judged by that, its auxiliaries too, and nothing beside it', async () => {
  await commit(putOp('/e/x', 'x'), putOp('/e/x.meta', 'x'), putOp('/e/x.acl', 'x'), putOp('/e/y', 'y'))
  const { store } = opened
  const before = (await store.head(pod))!.version
  const ended = { subject: '/e/x', rules: 'of x' }
  const ops = [
    { kind: 'delete', path: '/e/x' },
    { kind: 'delete', path: '/e/y' },
  ] as const
  assert.ok((await store.commit(changeOf(pod, ops, { ended }))).ok)
  const page = await store.changes(pod, before, 1)
  assert.ok('entries' in page)
  const judged = page.entries.flatMap(activitiesOf).map((one) => `${one.type} ${one.topic}: ${one.ended ?? 'now'}`)
  const expected = ['/e/x.acl', '/e/x.meta', '/e/x'].map((topic) => `Delete ${topic}: of x`)
  assert.deepEqual(judged.sort(), [...expected, 'Delete /e/y: now', 'Remove /e/: now', 'Remove /e/: now'])
})

test('a container that is made with its description hears Create only', async () => {
  const body = (putOp('/x', '') as Extract<Op, { kind: 'put' }>).body
  const meta = { mediaType: 'text/turtle', body }
  const made = {
    kind: 'create',
    container: '/',
    wish: 'made',
    fallback: 'b',
    mediaType: '',
    body: undefined,
    meta,
  } as const
  assert.deepEqual(brief(await commit(made)), ['Add / /made/', 'Create /made/', 'Create /made/.meta'])
})

test('a refused change tells nobody anything', async () => {
  await commit(putOp('/full/a', 'x'))
  assert.deepEqual(await commit({ kind: 'delete', path: '/full/' }), [])
})

test('the same commit has the same ids each time it is read, different for each thing it tells', async () => {
  const { store } = opened
  const before = (await store.head(pod))!.version
  await store.commit(changeOf(pod, [putOp('/ids/x', 'x')]))
  const read = async (): Promise<string[]> => {
    const page = await store.changes(pod, before, 10)
    return 'entries' in page ? page.entries.flatMap(activitiesOf).map(({ id }) => id) : []
  }
  const ids = await read()
  assert.equal(ids.length, 3)
  assert.equal(new Set(ids).size, 3)
  for (const id of ids)
    assert.match(id, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.deepEqual(await read(), ids)
})

test('what is told instead of lost activities is Update while the topic is there and Delete when it is gone', () => {
  const at = { seq: 7, mark: 8 }
  assert.equal(catchUpActivity('/x', true, at, 1).type, 'Update')
  assert.equal(catchUpActivity('/x', false, at, 1).type, 'Delete')
  assert.equal(catchUpActivity('/x', true, at, 1).id, catchUpActivity('/x', true, at, 2).id)
  assert.notEqual(catchUpActivity('/x', true, at, 1).id, catchUpActivity('/y', true, at, 1).id)
})
