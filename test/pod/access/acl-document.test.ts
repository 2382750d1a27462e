// What is accepted as an ACL when it is written.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { silentLog } from '../../../src/base/log.ts'
import { checkAcl } from '../../../src/pod/access/acl-document.ts'
import { openRdfWorkers } from '../../../src/pod/rdf/workers.ts'
import { podRecord, prefixes } from '../../support/access.ts'

const rdf = openRdfWorkers({ log: silentLog })
const bob = 'https://bob.example/card#me'

function check(aclPath: string, turtle: string, mediaType = 'text/turtle') {
  const bytes = Buffer.from(mediaType.startsWith('text/turtle') ? prefixes + turtle : turtle)
  return checkAcl({ bytes, mediaType, pod: podRecord(), aclPath, rdf })
}

function rootRule(agent: string, mode = 'Control', to = 'acl:accessTo <./>'): string {
  return `[] a acl:Authorization; ${to}; ${agent}; acl:mode acl:${mode}.`
}

test('a Turtle ACL is accepted, also with parameters and capitals in its type', async () => {
  assert.deepEqual(await check('/x.acl', rootRule(`acl:agent <${bob}>`, 'Read', 'acl:accessTo <x>')), { groups: [] })
  assert.deepEqual(await check('/x.acl', ''), { groups: [] })
  const bytes = Buffer.from('')
  await checkAcl({ bytes, mediaType: 'Text/Turtle; charset=UTF-8', pod: podRecord(), aclPath: '/x.acl', rdf })
})

test('a JSON-LD ACL is accepted', async () => {
  assert.deepEqual(await check('/x.acl', '{"@id": "x"}', 'application/ld+json'), { groups: [] })
})

for (const [name, body, type] of [
  ['broken Turtle', '<x> <y', 'text/turtle'],
  ['broken JSON-LD', '{"@id": ', 'application/ld+json'],
  ['JSON-LD with a context that is not known here', '{"@context": "https://x.example/c"}', 'application/ld+json'],
  ['plain text', 'hello', 'text/plain'],
  ['no media type', 'hello', ''],
] as const) {
  test(`${name} is refused as an ACL`, async () => {
    await assert.rejects(check('/x.acl', body, type), { code: 'ACL_INVALID' })
  })
}

test('an ACL over 1 MiB is refused', async () => {
  await assert.rejects(check('/x.acl', `#${'x'.repeat(1024 * 1024)}`), { code: 'ACL_INVALID' })
})

for (const [name, turtle] of Object.entries({
  'nothing in it': '',
  'only Read and Write': rootRule(`acl:agent <${bob}>`, 'Read, acl:Write'),
  'Control for nobody': rootRule('<#for> <#nobody>'),
  'Control of something else': rootRule(`acl:agent <${bob}>`, 'Control', 'acl:accessTo <x>'),
  'Control by default only': rootRule(`acl:agent <${bob}>`, 'Control', 'acl:default <./>'),
  'Control in a rule without its type': `[] acl:accessTo <./>; acl:agent <${bob}>; acl:mode acl:Control.`,
  'Control under a condition': rootRule(`acl:agent <${bob}>; acl:condition []`),
})) {
  test(`a root ACL with ${name} is refused`, async () => {
    await assert.rejects(check('/.acl', turtle), { code: 'ACL_WITHOUT_CONTROL' })
  })
}

for (const agent of [`acl:agent <${bob}>`, 'acl:agentClass foaf:Agent', 'acl:agentGroup <groups#g>']) {
  test(`a root ACL with Control for ${agent} is accepted`, async () => {
    await check('/.acl', rootRule(agent))
  })
}

test('an ACL below the root may leave out Control', async () => {
  await check('/c/.acl', rootRule(`acl:agent <${bob}>`, 'Read'))
})

test('the group documents of the same pod are given back as paths, once each', async () => {
  const rule = (iri: string) => `[] a acl:Authorization; acl:accessTo <x>; acl:agentGroup <${iri}>; acl:mode acl:Read.`
  const iris = ['/alice/g#a', '/alice/g#b', 'https://pods.example/alice/caf%c3%a9#c', 'https://far.example/g#d']
  assert.deepEqual(await check('/x.acl', iris.map(rule).join('')), { groups: ['/g', '/caf%C3%A9'] })
})

test('17 group documents in one ACL are refused, 16 are not', async () => {
  const rules = Array.from(
    { length: 17 },
    (_, index) => `[] a acl:Authorization; acl:agentGroup <g${index}#a>; acl:mode acl:Read.`,
  )
  await assert.rejects(check('/x.acl', rules.join('')), { code: 'ACL_INVALID' })
  assert.equal((await check('/x.acl', rules.slice(1).join(''))).groups.length, 16)
})
