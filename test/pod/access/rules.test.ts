// Rules as a text that outlives their ACL: what it gave to whom, and how long it may be.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Authorization } from '../../../src/pod/access/acl-document.ts'
import { control, read, write } from '../../../src/pod/access/modes.ts'
import { ownRules, type Rules, rulesForOrigin, rulesIn, textOf } from '../../../src/pod/access/rules.ts'

const some: Authorization = {
  accessTo: ['/x'],
  default: [],
  modes: read,
  agents: ['https://bob.example/#me'],
  everyone: false,
  authenticated: false,
  groups: [],
  origins: ['https://app.example'],
}

function rulesOf(...authorizations: Authorization[]): Rules {
  return ownRules({ authorizations, groupDocuments: [] }, '/x')
}

test('rules come back from their text as they were', () => {
  const group = { iri: 'https://pod.example/g#it', document: 'https://pod.example/g', path: '/g' }
  const all = rulesOf(some, { ...some, agents: [], groups: [group], modes: write }, { ...some, authenticated: true })
  assert.deepEqual(rulesIn(textOf(all)), all)
  const back = rulesForOrigin(rulesIn(textOf(all)), 'https://app.example')
  assert.deepEqual(back, rulesForOrigin(all, 'https://app.example'))
})

test('an authorization for something else is none of them', () => {
  assert.deepEqual(rulesIn(textOf(rulesOf({ ...some, accessTo: ['/y'], modes: control }))), rulesOf())
})

test('beyond 16 KiB of names the text gives nothing to anybody', () => {
  const agents = Array.from({ length: 1000 }, (_, index) => `https://agent-${index}.example/#me`)
  assert.deepEqual(rulesIn(textOf(rulesOf({ ...some, agents, everyone: true }))), rulesOf())
})
