// Link headers of requests and answers, and Allow by what is there. No server.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { linkHeader, parseLinkTypes } from '../../../src/pod/resource/links.ts'
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
    assert.equal(parseLinkTypes(header).container, true, header)
  }
  assert.equal(parseLinkTypes([`<a>; rel=acl`, `<${basic}>; rel=type`]).container, true)
})

test('other links say nothing about the type', () => {
  for (const header of [undefined, '', `<${basic}>`, `<${basic}>; rel="acl"`, `${basic}; rel=type`, '<<<>;;;']) {
    assert.equal(parseLinkTypes(header).container, false, String(header))
  }
})

test('row 40: one acl and one describedby, none for an ACL, no describedby for a description', () => {
  assert.deepEqual(relations('/x'), ['type', 'acl', 'describedby', 'storageDescription'])
  assert.deepEqual(relations('/x.acl'), ['type', 'storageDescription'])
  assert.deepEqual(relations('/x.meta'), ['type', 'acl', 'storageDescription'])
  assert.match(linkHeader(pod, '/x.meta'), /<https:\/\/pods\.example\/alice\/x\.acl>; rel="acl"/)
})

test('rows 18 and 22: the root says that it is a storage, and whose', () => {
  assert.match(linkHeader(pod, '/'), /<http:\/\/www\.w3\.org\/ns\/pim\/space#Storage>; rel="type"/)
  assert.match(
    linkHeader(pod, '/'),
    /<https:\/\/alice\.example\/card#me>; rel="http:\/\/www\.w3\.org\/ns\/solid\/terms#owner"/,
  )
  assert.doesNotMatch(linkHeader(pod, '/', false), /owner/)
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
