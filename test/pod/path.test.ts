// canonicalPath and the names derived from a path: one normal form, used as key, ACL identity, Location and htu.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { XpodError } from '../../src/base/errors.ts'
import {
  aclOf,
  ancestorsOf,
  auxiliaryOf,
  canonicalPath,
  hasAuxiliaryAncestor,
  keyOf,
  metaOf,
  nameOf,
  parentOf,
  subjectOf,
} from '../../src/pod/path.ts'

function refused(raw: string): string {
  try {
    return `accepted as ${canonicalPath(raw)}`
  } catch (error) {
    assert(error instanceof XpodError)
    return error.code
  }
}

const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

test('percent-encoded unreserved characters are decoded and hex is upper-cased', () => {
  assert.equal(canonicalPath('/%61%2d%7e/x%c3%a9'), '/a-~/x%C3%A9')
})

test('an encoded slash or backslash stays encoded and is one segment', () => {
  assert.equal(canonicalPath('/a%2fb'), '/a%2Fb')
  assert.equal(canonicalPath('/a%5cb'), '/a%5Cb')
  assert.equal(canonicalPath('/a%252Fb'), '/a%252Fb')
})

test("sub-delimiters keep the client's spelling", () => {
  assert.equal(canonicalPath("/@:+$,;=!()~'"), "/@:+$,;=!()~'")
  assert.equal(canonicalPath('/a%40b'), '/a%40b')
})

test('non-ASCII, spaces and quotes are encoded', () => {
  assert.equal(canonicalPath(latin1('/é😀')), '/%C3%A9%F0%9F%98%80')
  assert.equal(canonicalPath('/a "b"<c>'), '/a%20%22b%22%3Cc%3E')
})

for (const raw of ['/..', '/a/../b', '/%2e%2e/b', '/.%2E', '/.', '/a/./b', '/%2e']) {
  test(`dot segments are refused: ${raw}`, () => assert.equal(refused(raw), 'PATH_INVALID'))
}
for (const raw of ['', 'a', '//', '/a//b', '/a\\b', '/a%00', '/a\u0001', '/%7f', '/%', '/%2', '/%zz', '/%ff', '/%c3']) {
  test(`what is no path is refused: ${JSON.stringify(raw)}`, () => assert.equal(refused(raw), 'PATH_INVALID'))
}

test('names of 255 bytes pass, 256 do not, and neither does a path over 2000', () => {
  assert.equal(canonicalPath(`/${'a'.repeat(255)}`).length, 256)
  assert.equal(refused(`/${'a'.repeat(256)}`), 'PATH_TOO_LONG')
  assert.equal(canonicalPath(latin1(`/${'é'.repeat(127)}`)).length, 1 + 127 * 6)
  assert.equal(refused(latin1(`/${'é'.repeat(128)}`)), 'PATH_TOO_LONG')
  assert.equal(refused('/abcdefghi'.repeat(201)), 'PATH_TOO_LONG')
})

test('the canonical form is a fixed point and never has a dot or empty segment', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('/', '.', '%2e', '%2F', 'a', 'é', '%', '%41', '\\', ' ', '@', '%c3%a9')),
      (parts) => {
        const raw = latin1(`/${parts.join('')}`)
        let path: string
        try {
          path = canonicalPath(raw)
        } catch (error) {
          return error instanceof XpodError && error.status < 500
        }
        return canonicalPath(path) === path && !/\/(?:\.{0,2})\//.test(path) && !/\/\.{1,2}$/.test(path)
      },
    ),
    { numRuns: 3000 },
  )
})

test('keys, parents and names follow the slashes', () => {
  assert.deepEqual([keyOf('/'), keyOf('/c/'), keyOf('/c/x')], ['', '/c', '/c/x'])
  assert.deepEqual([parentOf('/'), parentOf('/x'), parentOf('/c/'), parentOf('/c/x')], [undefined, '/', '/', '/c/'])
  assert.deepEqual(ancestorsOf('/a/b/c'), ['/a/b/', '/a/', '/'])
  assert.deepEqual([nameOf('/'), nameOf('/c/'), nameOf('/c/x')], ['', 'c', 'x'])
})

test('auxiliary names belong to their subject', () => {
  assert.deepEqual([aclOf('/'), aclOf('/c/'), metaOf('/c/x')], ['/.acl', '/c/.acl', '/c/x.meta'])
  assert.deepEqual([auxiliaryOf('/.acl'), auxiliaryOf('/x.meta'), auxiliaryOf('/acl')], ['acl', 'meta', undefined])
  assert.deepEqual(
    [subjectOf('/.acl'), subjectOf('/c/.meta'), subjectOf('/x.acl'), subjectOf('/x')],
    ['/', '/c/', '/x', '/x'],
  )
  assert.deepEqual([hasAuxiliaryAncestor('/x.acl/y'), hasAuxiliaryAncestor('/x.aclu/y')], [true, false])
})
