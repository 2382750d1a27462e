// The WAC-Allow header value (reference row 70).

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { append, control, noAccess, read, write } from '../../../src/pod/access/modes.ts'
import { wacAllow } from '../../../src/pod/access/wac-allow.ts'

test('modes are listed in the order of the specification, without a space after the comma', () => {
  assert.equal(wacAllow(read | write | control, read), 'user="read write append control",public="read"')
})

test('Append alone is not shown as write', () => {
  assert.equal(wacAllow(append, noAccess), 'user="append",public=""')
})

test('Control alone shows only control', () => {
  assert.equal(wacAllow(control, noAccess), 'user="control",public=""')
})

test('the user has at least what the public has', () => {
  assert.equal(wacAllow(control, read), 'user="read control",public="read"')
  assert.equal(wacAllow(noAccess, write), 'user="write append",public="write append"')
})
