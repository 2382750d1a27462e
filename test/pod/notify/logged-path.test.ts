// No spelling of a receiving address puts its secret into a log.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { loggedPath } from '../../../src/pod/notify/logged-path.ts'
import { canonicalPath } from '../../../src/pod/path.ts'

const cut = '/alice/.notifications/WebSocketChannel2023/receive/…'

for (const [path, shown] of [
  ['/alice/.notifications/WebSocketChannel2023/receive/SECRET', cut],
  ['/alice/.notifications/WebSocketChannel2023/receive/SECRET/', cut],
  ['/alice/%2Enotifications/WebSocketChannel2023/receive/SECRET', cut],
  ['/alice/.notifications/WebSocketChannel2023/%72eceive/SECRET', cut],
  ['/alice/.notific%61tions/WebSocketChannel2023/rec%65ive%2FSECRET', cut],
  ['/.notifications/StreamingHTTPChannel2023/receive/SECRET', '/.notifications/StreamingHTTPChannel2023/receive/…'],
  ['http://x.example/.notifications/A/receive/SECRET', 'http://x.example/.notifications/A/receive/…'],
  ['/alice/receive/%2E', '/alice/receive/%2E'],
  ['/alice/.notifications/WebSocketChannel2023/', '/alice/.notifications/WebSocketChannel2023/'],
  ['/alice/n%C3%BC%0A', '/alice/n%C3%BC%0A'],
  ['/', '/'],
  ['*', '*'],
] as const) {
  test(`${path} is logged as ${shown}`, () => assert.equal(loggedPath(path), shown))
}

test('whatever is a receiving address to the server is one to the log', () => {
  const path = '/.notifications/WebSocketChannel2023/receive/SECRET-secret_0'
  const spelling = fc.array(fc.constantFrom('plain', 'upper', 'lower'), {
    minLength: path.length,
    maxLength: path.length,
  })
  const spelled = spelling.map((how) =>
    path
      .split('')
      .map((char, index) => (char === '/' ? char : spell(char, how[index]!)))
      .join(''),
  )
  fc.assert(
    fc.property(spelled, (raw) => {
      assert.equal(canonicalPath(raw), path)
      assert.equal(loggedPath(`/alice${raw}`), cut)
    }),
  )
})

function spell(char: string, how: string): string {
  const hex = char.charCodeAt(0).toString(16)
  return how === 'plain' ? char : `%${how === 'upper' ? hex.toUpperCase() : hex}`
}
