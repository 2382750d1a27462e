// Request paths: what canonicalPath lets through is one normal form that stays below the pod.

import assert from 'node:assert/strict'

import { ancestorsOf, canonicalPath, keyOf, maxPathBytes } from '../../../src/pod/path.ts'
import type { Target } from '../target.ts'

export const pathTarget: Target = {
  name: 'path',
  snippets: [
    '/',
    '//',
    '..',
    '.',
    '%2e',
    '%2E%2e',
    '%2f',
    '%5C',
    '\\',
    '%00',
    '%',
    '%zz',
    '%25',
    '%252F',
    '~',
    '@',
    ':',
    ';',
    '?',
    '#',
    'é',
    '%C3%A9',
    '%c3',
    '.acl',
    '.meta',
    '%7Euser',
    'a'.repeat(300),
  ],
  run: (input) => {
    // node:http gives the bytes of a request line as Latin-1.
    const path = canonicalPath(Buffer.from(input).toString('latin1'))
    assert.equal(canonicalPath(path), path, 'it is its own canonical form')
    assert.ok(path.startsWith('/') && path.length <= maxPathBytes)
    assert.ok(!/\/\.{0,2}\/|\/\.{1,2}$|\\|[^\u0021-\u007e]|[?#]/.test(path), `not canonical: ${path}`)
    assert.doesNotMatch(decodeURIComponent(path.replaceAll(/%2F|%5C/g, 'x')), /\/\.{1,2}(?:\/|$)/)
    assert.equal(new URL(path, 'https://pod.example').pathname, path, 'URL parsers agree')
    for (const ancestor of ancestorsOf(path)) assert.ok(keyOf(path).startsWith(ancestor))
  },
}
