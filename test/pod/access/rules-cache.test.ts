// What is remembered of ACLs stays within its bound.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { MiB } from '../../../src/base/bytes.ts'
import { RulesCache } from '../../../src/pod/access/rules-cache.ts'
import { noRules } from '../../../src/pod/access/rules.ts'

test('another acl_seq starts afresh but keeps what is named by its version', () => {
  const cache = new RulesCache()
  const first = cache.of('pod', 1)
  first.subjects.set('/x', noRules)
  first.parsed.set('/.acl', { version: '1', acl: { authorizations: [], groupDocuments: [] }, weight: 10 })
  assert.equal(cache.of('pod', 1), first)
  const second = cache.of('pod', 2)
  assert.equal(second.subjects.size, 0)
  assert.equal(second.parsed.get('/.acl')?.version, '1')
  assert.equal(cache.isCurrent('pod', first), false)
})

test('beyond the bound the pods that came first are forgotten', () => {
  const cache = new RulesCache()
  const pods = ['a', 'b', 'c'].map((pod) => cache.of(pod, 1))
  cache.charge('a', 30 * MiB)
  cache.charge('b', 30 * MiB)
  assert.deepEqual([cache.isCurrent('a', pods[0]!), cache.isCurrent('b', pods[1]!)], [true, true])
  cache.charge('c', 10 * MiB)
  assert.deepEqual(
    ['a', 'b', 'c'].map((pod, index) => cache.isCurrent(pod, pods[index]!)),
    [false, true, true],
  )
})

test('a pod that is larger than the bound alone is forgotten too', () => {
  const cache = new RulesCache()
  const pod = cache.of('a', 1)
  cache.charge('a', 65 * MiB)
  assert.equal(cache.isCurrent('a', pod), false)
})

test('a forgotten pod weighs nothing', () => {
  const cache = new RulesCache()
  for (let n = 0; n < 10; n++) {
    cache.of('a', n)
    cache.charge('a', 60 * MiB)
    cache.forget('a')
  }
  const last = cache.of('b', 1)
  cache.charge('b', 60 * MiB)
  assert.equal(cache.isCurrent('b', last), true)
})
