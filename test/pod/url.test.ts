// One normal form of absolute URLs, and what it makes of IRIs of a pod.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { canonicalUrl, currentIri, pathInPod } from '../../src/pod/url.ts'
import { podRecord } from '../support/access.ts'

for (const [text, url] of [
  ['https://pods.example/alice/x', 'https://pods.example/alice/x'],
  ['https://pods.example', 'https://pods.example/'],
  ['HTTPS://Pods.Example:443/alice/x', 'https://pods.example/alice/x'],
  ['http://pods.example:80/', 'http://pods.example/'],
  ['http://localhost:3000/a', 'http://localhost:3000/a'],
  ['https://[2001:DB8::1]/a', 'https://[2001:db8::1]/a'],
  ['https://bücher.example/a', 'https://xn--bcher-kva.example/a'],
  ['https://pods.example/%7Ealice/%41', 'https://pods.example/~alice/A'],
  ['https://pods.example/caf\u00e9', 'https://pods.example/caf%C3%A9'],
  ['https://pods.example/a%2fb', 'https://pods.example/a%2Fb'],
  ['https://pods.example/x?q#f', 'https://pods.example/x'],
] as const) {
  test(`${text} is ${url}`, () => assert.equal(canonicalUrl(text)?.url, url))
}

for (const text of [
  '',
  'x',
  '/x',
  'ftp://pods.example/x',
  'https:/pods.example/x',
  'https:pods.example',
  'https://me@pods.example/x',
  'https://me:x@pods.example/x',
  'https://pods.example/a/../b',
  'https://pods.example/a//b',
  'https://pods.example/%zz',
  'https://pods.example\\x',
  'https://pods.example:99999/',
  'https:///x',
  'https://pods.example/\n',
]) {
  test(`${JSON.stringify(text)} has no normal form`, () => assert.equal(canonicalUrl(text), undefined))
}

test('a query or fragment is told', () => {
  assert.equal(canonicalUrl('https://pods.example/x')?.bare, true)
  for (const more of ['?', '#', '?q', '#f']) assert.equal(canonicalUrl(`https://pods.example/x${more}`)?.bare, false)
})

test('a path in the pod starts with a slash; the base without its slash is outside', () => {
  const pod = podRecord({ aliases: ['http://localhost:3000/alice/'] })
  assert.equal(pathInPod(pod, 'https://pods.example/alice/'), '/')
  assert.equal(pathInPod(pod, 'https://pods.example/alice/a/b'), '/a/b')
  assert.equal(pathInPod(pod, 'http://localhost:3000/alice/a'), '/a')
  for (const outside of ['https://pods.example/alice', 'https://pods.example/alice2/', 'https://pods.example/']) {
    assert.equal(pathInPod(pod, outside), undefined, outside)
  }
})

test('only IRIs below a former base are rewritten', () => {
  const pod = podRecord({ aliases: ['http://localhost:3000/alice/'] })
  assert.equal(currentIri(pod, 'http://localhost:3000/alice/card#me'), 'https://pods.example/alice/card#me')
  for (const iri of ['http://localhost:3000/bob/card#me', 'https://pods.example/alice/card#me', 'mailto:a@b']) {
    assert.equal(currentIri(pod, iri), iri)
  }
})
