// Preconditions of reads and writes on entries made by hand, and what a commit must require of them. No server.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Entry } from '../../../src/pod/home.ts'
import { checkWriteConditions, isNotModified } from '../../../src/pod/resource/conditions.ts'
import { etagOf } from '../../../src/pod/resource/etag.ts'
import type { Resource } from '../../../src/pod/store/resource.ts'

const modifiedMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
const document: Resource = {
  path: '/x',
  kind: 'document',
  version: { seq: 50, mark: 123456 },
  childSeq: 0,
  mediaType: 'text/turtle',
  size: 3,
  sha256: new Uint8Array(32),
  bodyRef: undefined,
  modifiedMs,
}
const container: Resource = { ...document, path: '/c/', kind: 'container', childSeq: 60 }
const meta: Resource = { ...document, path: '/c/.meta', kind: 'meta', version: { seq: 55, mark: 9 } }
const here = (resource: Resource | undefined, more: Partial<Entry> = {}): Entry => ({
  resource,
  body: undefined,
  seq: 99,
  ...more,
})

const isFailed = { code: 'PRECONDITION_FAILED' }

test('If-Match takes the ETag of any representation of the current state, and the commit requires that state', () => {
  const entry = here(document)
  const requires = [{ kind: 'version', path: '/x', version: document.version }]
  for (const tag of [
    etagOf(entry),
    etagOf(entry, 'jsonld'),
    etagOf(entry, '.br'),
    `"other", ${etagOf(entry, 'nt.gzip')}`,
  ]) {
    assert.deepEqual(checkWriteConditions({ 'if-match': tag }, entry, '/x'), requires, tag)
  }
})

test('If-Match compares strongly, and never matches what is not there', () => {
  const entry = here(document)
  for (const tag of ['"other"', `W/${etagOf(entry)}`, 'nonsense', '']) {
    assert.throws(() => checkWriteConditions({ 'if-match': tag }, entry, '/x'), isFailed, tag)
  }
  assert.throws(() => checkWriteConditions({ 'if-match': '*' }, here(undefined), '/x'), isFailed)
  assert.throws(() => checkWriteConditions({ 'if-match': '*' }, here(container), '/c'), isFailed)
  assert.deepEqual(checkWriteConditions({ 'if-match': '*' }, entry, '/x'), [{ kind: 'exists', path: '/x' }])
})

test('If-None-Match: * fails on what exists in either slash form, and requires absence otherwise', () => {
  assert.throws(() => checkWriteConditions({ 'if-none-match': '*' }, here(document), '/x'), isFailed)
  assert.throws(() => checkWriteConditions({ 'if-none-match': '*' }, here(container), '/c'), isFailed)
  const absent = [{ kind: 'absent', path: '/x' }]
  assert.deepEqual(checkWriteConditions({ 'if-none-match': '*' }, here(undefined), '/x'), absent)
})

test('If-None-Match with tags compares weakly with the state', () => {
  const entry = here(document)
  assert.throws(() => checkWriteConditions({ 'if-none-match': `W/${etagOf(entry, 'jsonld')}` }, entry, '/x'), isFailed)
  const requires = [{ kind: 'version', path: '/x', version: document.version }]
  assert.deepEqual(checkWriteConditions({ 'if-none-match': '"other"' }, entry, '/x'), requires)
})

test("a container's state is its own version, its children and its .meta", () => {
  const entry = here(container, { meta })
  assert.deepEqual(checkWriteConditions({ 'if-match': etagOf(entry) }, entry, '/c/'), [
    { kind: 'version', path: '/c/', version: container.version, childSeq: 60 },
    { kind: 'version', path: '/c/.meta', version: meta.version },
  ])
  const others = [
    here(container),
    here({ ...container, childSeq: 61 }, { meta }),
    here({ ...container, modifiedMs: 1 }, { meta }),
  ]
  for (const other of others) assert.notEqual(etagOf(other), etagOf(entry))
})

test('If-Unmodified-Since counts whole seconds, gives way to If-Match, and is ignored on containers', () => {
  const at = new Date(modifiedMs).toUTCString()
  const before = new Date(modifiedMs - 1000).toUTCString()
  const entry = here(document)
  assert.equal(checkWriteConditions({ 'if-unmodified-since': at }, entry, '/x').length, 1)
  assert.throws(() => checkWriteConditions({ 'if-unmodified-since': before }, entry, '/x'), isFailed)
  assert.doesNotThrow(() => checkWriteConditions({ 'if-unmodified-since': before, 'if-match': '*' }, entry, '/x'))
  assert.deepEqual(checkWriteConditions({ 'if-unmodified-since': before }, here(container), '/c/'), [])
  assert.deepEqual(checkWriteConditions({ 'if-unmodified-since': 'yesterday' }, entry, '/x'), [])
})

test('a read is not modified for its own representation only, by weak comparison', () => {
  const entry = here(document)
  const own = { etag: etagOf(entry, 'jsonld'), modifiedMs, datesCount: true }
  const is = (headers: Record<string, string>): boolean => isNotModified(headers, entry, own)
  assert.equal(is({ 'if-none-match': own.etag }), true)
  assert.equal(is({ 'if-none-match': `"a", W/${own.etag}` }), true)
  assert.equal(is({ 'if-none-match': '*' }), true)
  assert.equal(is({ 'if-none-match': etagOf(entry) }), false)
  assert.equal(is({ 'if-modified-since': new Date(modifiedMs).toUTCString() }), true)
  assert.equal(is({ 'if-modified-since': new Date(modifiedMs - 1000).toUTCString() }), false)
  assert.equal(is({ 'if-modified-since': new Date(modifiedMs).toUTCString(), 'if-none-match': '"other"' }), false)
  assert.throws(() => is({ 'if-match': '"other"' }), isFailed)
})

test('the older date formats of HTTP are read too', () => {
  const own = { etag: '"x"', modifiedMs, datesCount: true }
  for (const date of ['Friday, 02-Jan-26 03:04:05 GMT', 'Fri Jan  2 03:04:05 2026']) {
    assert.equal(isNotModified({ 'if-modified-since': date }, here(document), own), true, date)
  }
})
