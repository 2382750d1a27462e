// Link headers of requests and answers, and Allow by what is there. No server.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { asksForContainer, linkHeader } from '../../../src/pod/resource/links.ts'
import { allowedMethods } from '../../../src/pod/resource/allow.ts'
import { podRecord } from '../../support/access.ts'

const pod = podRecord()
const basic = 'http://www.w3.org/ns/ldp#BasicContainer'
const relations = (path: string): string[] =>
  [...linkHeader(pod, path).matchAll(/rel="([^"]+)"/g)].map((match) => match[1]!.replace(/^.*#/, ''))

test('a request says container in any spelling of a Link', () => {
  for (const header of [
    `<${basic}>; rel="type"`,
    `<${basic}>;rel=type`,
    `<http://www.w3.org/ns/ldp#Resource>; rel="type", <${basic}>; rel="type"`,
    `<a>; title="x, <y>; rel=type"; rel=other, <${basic}>; REL=type`,
    `<${basic}>; rel="describedby type"`,
  ]) {
    assert.equal(asksForContainer(header), true, header)
  }
  assert.equal(asksForContainer([`<a>; rel=acl`, `<${basic}>; rel=type`]), true)
})

test('other links say nothing about the type', () => {
  for (const header of [undefined, '', `<${basic}>`, `<${basic}>; rel="acl"`, `${basic}; rel=type`, '<<<>;;;']) {
    assert.equal(asksForContainer(header), false, String(header))
  }
})

test('a Link that opens brackets without end is read in no time', () => {
  const startMs = performance.now()
  for (const header of [
    '<'.repeat(300_000),
    '<>;a="'.repeat(50_000),
    `<a>${' '.repeat(300_000)}`,
    '<a>;'.repeat(70_000),
  ]) {
    assert.equal(asksForContainer(header), false)
  }
  assert.ok(performance.now() - startMs < 10_000)
})

test('row 40: one acl and one describedby, none for an ACL, no describedby for a description', () => {
  assert.deepEqual(relations('/x'), ['type', 'acl', 'describedby', 'storageDescription'])
  assert.deepEqual(relations('/x.acl'), ['type', 'storageDescription'])
  assert.deepEqual(relations('/x.meta'), ['type', 'acl', 'storageDescription'])
  assert.match(linkHeader(pod, '/x.meta'), /<https:\/\/pods\.example\/alice\/x\.acl>; rel="acl"/)
})

test('rows 18 and 22: the root says that it is a storage, and whose where that is shown', () => {
  assert.match(linkHeader(pod, '/'), /<http:\/\/www\.w3\.org\/ns\/pim\/space#Storage>; rel="type"/)
  const shown = { ...pod, shownOwners: pod.owners }
  assert.match(
    linkHeader(shown, '/'),
    /<https:\/\/alice\.example\/card#me>; rel="http:\/\/www\.w3\.org\/ns\/solid\/terms#owner"/,
  )
  assert.doesNotMatch(linkHeader(shown, '/', false), /owner/)
  assert.doesNotMatch(linkHeader(pod, '/'), /owner/)
})

test('row 22: an owner whose WebID has letters of any script is named as a URI', () => {
  const header = linkHeader({ ...pod, shownOwners: ['https://example.org/王-ü#me'] }, '/')
  assert.ok(header.includes('<https://example.org/%E7%8E%8B-%C3%BC#me>; rel="http://www.w3.org/ns/solid/terms#owner"'))
})

test('pitfall 40: Allow differs by what is there', () => {
  const of = (path: string, kind?: 'container' | 'document' | 'acl', empty = true): string =>
    allowedMethods({ path, resource: kind && { kind }, empty })
  assert.equal(of('/x', 'document'), 'GET, HEAD, OPTIONS, PUT, PATCH, DELETE')
  assert.equal(of('/c/', 'container'), 'GET, HEAD, OPTIONS, POST, DELETE')
  assert.equal(of('/c/', 'container', false), 'GET, HEAD, OPTIONS, POST')
  assert.equal(of('/', 'container'), 'GET, HEAD, OPTIONS, POST')
  assert.equal(of('/.acl', 'acl'), 'GET, HEAD, OPTIONS, PUT, PATCH')
  assert.equal(of('/c/.acl', 'acl'), 'GET, HEAD, OPTIONS, PUT, PATCH, DELETE')
  assert.equal(of('/new'), 'OPTIONS, PUT, PATCH')
  assert.equal(of('/new/'), 'OPTIONS, PUT')
})
