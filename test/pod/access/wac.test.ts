// Decisions of the WAC authorizer, one test per statement of reference rows 61 to 71 and of the pitfalls about ACLs.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { XpodError } from '../../../src/base/errors.ts'
import { read } from '../../../src/pod/access/modes.ts'
import { anonymous } from '../../../src/pod/auth/agent.ts'
import { accessScene } from '../../support/access.ts'

const owner = 'https://alice.example/card#me'
const bob = 'https://bob.example/card#me'
const carol = 'https://carol.example/card#me'

function rule(to: string, agent: string, modes: string, extra = ''): string {
  const list = modes.split(' ').map((mode) => `acl:${mode}`)
  return `[] a acl:Authorization; ${to}; ${agent}; acl:mode ${list.join(', ')}${extra === '' ? '' : `; ${extra}`}.\n`
}

test('a resource with an ACL of its own is judged by it alone', async () => {
  const scene = accessScene()
  scene.put('/.acl', rule('acl:accessTo </alice/>; acl:default </alice/>', `acl:agent <${bob}>`, 'Read Write'))
  scene.put('/c/x.acl', rule('acl:accessTo <x>', `acl:agent <${carol}>`, 'Read'))
  assert.equal(await scene.modes('/c/x', carol), 'read')
  assert.equal(await scene.modes('/c/x', bob), '')
  assert.equal(await scene.modes('/c/y', bob), 'read write append')
})

test('without an ACL of its own the nearest container with one decides, not a union of them', async () => {
  const scene = accessScene()
  scene.put('/.acl', rule('acl:default </alice/>', `acl:agent <${bob}>`, 'Read'))
  scene.put('/a/.acl', rule('acl:default <./>', `acl:agent <${carol}>`, 'Write'))
  assert.equal(await scene.modes('/a/b/c/d', carol), 'write append')
  assert.equal(await scene.modes('/a/b/c/d', bob), '')
  assert.equal(await scene.modes('/b/', bob), 'read')
})

test('an empty ACL is the ACL in force', async () => {
  const scene = accessScene()
  scene.put('/.acl', rule('acl:default </alice/>', 'acl:agentClass foaf:Agent', 'Read'))
  scene.put('/x.acl', '')
  assert.equal(await scene.modes('/x', bob), '')
  assert.equal(await scene.modes('/x', owner), 'control')
})

test('accessTo of a container does not reach what is inside', async () => {
  const scene = accessScene()
  scene.put('/c/.acl', rule('acl:accessTo <./>', `acl:agent <${bob}>`, 'Read'))
  assert.equal(await scene.modes('/c/', bob), 'read')
  assert.equal(await scene.modes('/c/x', bob), '')
})

test('default of a container does not reach the container itself', async () => {
  const scene = accessScene()
  scene.put('/c/.acl', rule('acl:default <./>', `acl:agent <${bob}>`, 'Read'))
  assert.equal(await scene.modes('/c/', bob), '')
  assert.equal(await scene.modes('/c/x', bob), 'read')
})

test('default with another container as its object is not inherited', async () => {
  const scene = accessScene()
  scene.put('/c/.acl', rule('acl:default </alice/d/>', `acl:agent <${bob}>`, 'Read'))
  assert.equal(await scene.modes('/c/x', bob), '')
  assert.equal(await scene.modes('/d/x', bob), '')
})

test('default in the ACL of a document has no effect', async () => {
  const scene = accessScene()
  scene.put('/c/x.acl', rule('acl:default <x>', `acl:agent <${bob}>`, 'Read'))
  assert.equal(await scene.modes('/c/x', bob), '')
})

test('an Authorization without its type is ignored', async () => {
  const scene = accessScene()
  scene.put('/x.acl', `[] acl:accessTo <x>; acl:agent <${bob}>; acl:mode acl:Read.`)
  assert.equal(await scene.modes('/x', bob), '')
})

for (const [missing, turtle] of Object.entries({
  'a mode': `[] a acl:Authorization; acl:accessTo <x>; acl:agent <${bob}>.`,
  'a subject': '[] a acl:Authorization; acl:accessTo <x>; acl:mode acl:Read.',
  'an object': `[] a acl:Authorization; acl:agent <${bob}>; acl:mode acl:Read.`,
})) {
  test(`an Authorization without ${missing} gives nothing`, async () => {
    const scene = accessScene()
    scene.put('/x.acl', turtle)
    assert.equal(await scene.modes('/x', bob), '')
  })
}

for (const [mode, expected] of [
  ['Read', 'read'],
  ['Append', 'append'],
  ['Write', 'write append'],
  ['Control', 'control'],
] as const) {
  test(`acl:${mode} gives ${expected} and nothing else`, async () => {
    const scene = accessScene()
    scene.put('/x.acl', rule('acl:accessTo <x>', `acl:agent <${bob}>`, mode))
    assert.equal(await scene.modes('/x', bob), expected)
  })
}

test('unknown modes are ignored and widen nothing', async () => {
  const scene = accessScene()
  scene.put('/x.acl', rule('acl:accessTo <x>', `acl:agent <${bob}>`, 'Read Delete Everything'))
  assert.equal(await scene.modes('/x', bob), 'read')
})

test('modes of several authorizations add up', async () => {
  const scene = accessScene()
  const [a, b] = [rule('acl:accessTo <x>', `acl:agent <${bob}>`, 'Read'), 'acl:agentClass acl:AuthenticatedAgent']
  scene.put('/x.acl', a + rule('acl:accessTo <x>', b, 'Append'))
  assert.equal(await scene.modes('/x', bob), 'read append')
})

test('foaf:Agent is everybody, also without a login', async () => {
  const scene = accessScene()
  scene.put('/x.acl', rule('acl:accessTo <x>', 'acl:agentClass foaf:Agent', 'Write'))
  assert.equal(await scene.modes('/x'), 'write append')
  assert.equal(await scene.modes('/x', bob), 'write append')
})

test('acl:AuthenticatedAgent is everybody with a WebID and not the public', async () => {
  const scene = accessScene()
  scene.put('/x.acl', rule('acl:accessTo <x>', 'acl:agentClass acl:AuthenticatedAgent', 'Read'))
  assert.equal(await scene.modes('/x'), '')
  assert.equal(await scene.modes('/x', bob), 'read')
})

test('an unknown agent class and an agent that is a literal match nobody', async () => {
  const scene = accessScene()
  const literal = rule('acl:accessTo <x>', `acl:agent "${bob}"`, 'Read')
  scene.put('/x.acl', literal + rule('acl:accessTo <x>', 'acl:agentClass foaf:Person', 'Read'))
  assert.equal(await scene.modes('/x', bob), '')
})

test('foaf:Agent as an acl:agent is no class', async () => {
  const scene = accessScene()
  scene.put('/x.acl', rule('acl:accessTo <x>', 'acl:agent foaf:Agent', 'Read'))
  assert.equal(await scene.modes('/x'), '')
})

test('an Authorization with a condition is not used', async () => {
  for (const condition of ['[ a acl:IssuerCondition ]', '<https://x.example/c>', '"literal"']) {
    const scene = accessScene()
    scene.put('/x.acl', rule('acl:accessTo <x>', `acl:agent <${bob}>`, 'Read', `acl:condition ${condition}`))
    assert.equal(await scene.modes('/x', bob), '', condition)
  }
})

test('owners keep Control and only Control, whatever the ACL says', async () => {
  const scene = accessScene()
  scene.put('/.acl', rule('acl:accessTo </alice/>', `acl:agent <${bob}>`, 'Control'))
  assert.equal(await scene.modes('/', owner), 'control')
  assert.equal(await scene.modes('/x', owner), 'control')
  assert.equal(await scene.modes('/x', bob), '')
})

test('an owner of another pod keeps nothing here', async () => {
  const scene = accessScene({ pod: { owners: [carol] } })
  scene.put('/.acl', '')
  assert.equal(await scene.modes('/x', owner), '')
  assert.equal(await scene.modes('/x', carol), 'control')
})

for (const [name, body, type] of [
  ['missing', undefined, ''],
  ['broken', '<x> <y', 'text/turtle'],
  ['of a type that is no RDF', 'hello', 'text/plain'],
] as const) {
  test(`a root ACL that is ${name} leaves Control to owners and nothing to others`, async () => {
    const scene = accessScene()
    if (body !== undefined) scene.put('/.acl', body, type)
    assert.equal(await scene.modes('/x'), '')
    assert.equal(await scene.modes('/x', bob), '')
    assert.equal(await scene.modes('/', owner), 'control')
  })
}

test('a broken ACL does not fall back to the one above', async () => {
  const scene = accessScene()
  scene.put('/.acl', rule('acl:default </alice/>', 'acl:agentClass foaf:Agent', 'Read'))
  scene.put('/x.acl', 'not turtle at all')
  assert.equal(await scene.modes('/x'), '')
})

test('an ACL whose bytes are damaged gives nothing and does not fail', async () => {
  const scene = accessScene({
    onRead: (path) => {
      if (path === '/x.acl') throw new XpodError('CORRUPT')
    },
  })
  scene.put('/.acl', rule('acl:default </alice/>', 'acl:agentClass foaf:Agent', 'Read'))
  assert.equal(await scene.modes('/x'), '')
  assert.equal(await scene.modes('/y'), 'read')
})

test('JSON-LD ACLs count like Turtle ones', async () => {
  const scene = accessScene()
  const acl = 'http://www.w3.org/ns/auth/acl#'
  const body = {
    '@type': `${acl}Authorization`,
    [`${acl}accessTo`]: { '@id': './' },
    [`${acl}default`]: { '@id': './' },
    [`${acl}mode`]: { '@id': `${acl}Read` },
    [`${acl}agent`]: { '@id': bob },
  }
  scene.put('/c/.acl', JSON.stringify(body), 'application/ld+json')
  assert.equal(await scene.modes('/c/', bob), 'read')
  assert.equal(await scene.modes('/c/x', bob), 'read')
})

for (const spelling of [
  '<./>',
  '<.>',
  '<>' /* the ACL itself: not the container */,
  '<https://pods.example/alice/c/>',
  '<HTTPS://PODS.EXAMPLE:443/alice/c/>',
  '<https://pods.example/alice/%63/>',
  '</alice/c/>',
  '</alice/d/../c/>',
]) {
  const matches = spelling !== '<>'
  test(`accessTo ${spelling} in /c/.acl ${matches ? 'is' : 'is not'} the container`, async () => {
    const scene = accessScene()
    scene.put('/c/.acl', rule(`acl:accessTo ${spelling}`, `acl:agent <${bob}>`, 'Read'))
    assert.equal(await scene.modes('/c/', bob), matches ? 'read' : '')
  })
}

for (const spelling of ['<caf%C3%A9>', '<caf%c3%a9>', '<café>', '<https://pods.example/alice/c%61f%C3%A9>']) {
  test(`accessTo ${spelling} is the document /caf%C3%A9`, async () => {
    const scene = accessScene()
    scene.put('/caf%C3%A9.acl', rule(`acl:accessTo ${spelling}`, `acl:agent <${bob}>`, 'Read'))
    assert.equal(await scene.modes('/caf%C3%A9', bob), 'read')
  })
}

for (const elsewhere of [
  '<x/>',
  '<x#it>',
  '<x?q>',
  '<X>',
  '<https://pods.example/alice2/x>',
  '<https://other.example/alice/x>',
  '<http://pods.example/alice/x>',
  '<https://pods.example:8443/alice/x>',
  '<https://me@pods.example/alice/x>',
]) {
  test(`accessTo ${elsewhere} is not the document /x`, async () => {
    const scene = accessScene()
    scene.put('/x.acl', rule(`acl:accessTo ${elsewhere}`, `acl:agent <${bob}>`, 'Read'))
    assert.equal(await scene.modes('/x', bob), '')
  })
}

test('former bases of the pod are equal to its base, in objects, agents and owners', async () => {
  const aliases = ['http://localhost:3000/alice/']
  const me = 'profile/card#me'
  const scene = accessScene({ pod: { aliases, owners: [`${aliases[0]!}${me}`] } })
  scene.put('/x.acl', rule(`acl:accessTo <${aliases[0]!}x>`, `acl:agent <${aliases[0]!}friend#me>`, 'Read'))
  scene.put('/c/.acl', rule(`acl:default <${aliases[0]!}c/>`, 'acl:agentClass foaf:Agent', 'Append'))
  assert.equal(await scene.modes('/x', 'https://pods.example/alice/friend#me'), 'read')
  assert.equal(await scene.modes('/x', `https://pods.example/alice/${me}`), 'control')
  assert.equal(await scene.modes('/c/x'), 'append')
})

// Caching

test('a change of an ACL counts for the next decision', async () => {
  const scene = accessScene()
  scene.put('/c/.acl', rule('acl:default <./>', `acl:agent <${bob}>`, 'Read'))
  assert.equal(await scene.modes('/c/x', bob), 'read')
  scene.put('/c/x.acl', '')
  assert.equal(await scene.modes('/c/x', bob), '')
  scene.remove('/c/x.acl')
  assert.equal(await scene.modes('/c/x', bob), 'read')
})

test('a decision that was made once is synchronous and reads nothing', async () => {
  const scene = accessScene()
  scene.put('/.acl', rule('acl:default </alice/>', 'acl:agentClass foaf:Agent', 'Read'))
  await scene.modes('/a/b/x')
  const reads = scene.reads.length
  assert.equal(scene.authorizer.modes(scene.pod, '/a/b/x', anonymous), read)
  assert.equal(scene.reads.length, reads)
})

test('a sibling without an ACL is decided synchronously when absence is resident', async () => {
  const scene = accessScene({ resident: true })
  scene.put('/.acl', rule('acl:default </alice/>', 'acl:agentClass foaf:Agent', 'Read'))
  await scene.modes('/a/b/x')
  assert.equal(scene.authorizer.modes(scene.pod, '/a/b/y', anonymous), read)
  scene.put('/a/b/z.acl', '')
  assert.equal(await scene.modes('/a/b/z'), '')
})

test('an ACL that changes while rules are derived does not leave a mixture behind', async () => {
  let isFirst = true
  const scene = accessScene({
    onRead: (path) => {
      if (path !== '/.acl' || !isFirst) return
      isFirst = false
      // Between the look for an own ACL (absent) and the one above: Read above goes, an own one comes.
      scene.put('/x.acl', rule('acl:accessTo <x>', `acl:agent <${carol}>`, 'Append'))
      scene.put('/.acl', rule('acl:default </alice/>', `acl:agent <${bob}>`, 'Read'))
    },
  })
  scene.put('/.acl', '')
  assert.equal(await scene.modes('/x', bob), '')
  assert.equal(await scene.modes('/x', carol), 'append')
})

test('ACLs that never stand still are answered with "try again", not with a guess', async () => {
  const scene = accessScene({ onRead: () => scene.put('/other.acl', '') })
  scene.put('/.acl', '')
  await assert.rejects(scene.modes('/x', bob), { code: 'POD_BUSY' })
})

test('what is remembered of a pod can be forgotten', async () => {
  const scene = accessScene()
  scene.put('/.acl', rule('acl:default </alice/>', 'acl:agentClass foaf:Agent', 'Read'))
  await scene.modes('/x')
  scene.authorizer.forget(scene.pod.id)
  assert.ok(scene.authorizer.modes(scene.pod, '/x', anonymous) instanceof Promise)
})

// acl:origin

const app = 'https://app.example'

test('acl:origin is ignored unless it is switched on', async () => {
  const scene = accessScene()
  scene.put('/x.acl', rule('acl:accessTo <x>', `acl:agent <${bob}>`, 'Read', `acl:origin <https://other.example>`))
  assert.equal(await scene.modes('/x', { webId: bob, origin: app }), 'read')
  assert.equal(await scene.modes('/x', { webId: bob }), 'read')
})

test('with acl:origin on, a web page gets what the public has and what names its origin', async () => {
  const scene = accessScene({ acceptOrigin: true })
  scene.put(
    '/x.acl',
    rule('acl:accessTo <x>', 'acl:agentClass foaf:Agent', 'Read') +
      rule('acl:accessTo <x>', `acl:agent <${bob}>`, 'Append', `acl:origin <${app}/>`) +
      rule('acl:accessTo <x>', `acl:agent <${bob}>`, 'Control'),
  )
  assert.equal(await scene.modes('/x', { webId: bob, origin: app }), 'read append')
  assert.equal(await scene.modes('/x', { webId: bob, origin: 'https://evil.example' }), 'read')
  assert.equal(await scene.modes('/x', { webId: bob }), 'read append control')
  assert.equal(await scene.modes('/x', { origin: app }), 'read')
  assert.equal(await scene.modes('/x', { webId: carol, origin: app }), 'read')
})

test('with acl:origin on, an owner has the implicit Control only outside of foreign web pages', async () => {
  const scene = accessScene({ acceptOrigin: true })
  scene.put('/.acl', '')
  assert.equal(await scene.modes('/', { webId: owner }), 'control')
  assert.equal(await scene.modes('/', { webId: owner, origin: 'https://evil.example' }), '')
})

test('an origin alone is no subject', async () => {
  const scene = accessScene({ acceptOrigin: true })
  scene.put('/x.acl', `[] a acl:Authorization; acl:accessTo <x>; acl:origin <${app}>; acl:mode acl:Read.`)
  assert.equal(await scene.modes('/x', { webId: bob, origin: app }), '')
  assert.equal(await scene.modes('/x', { webId: bob }), '')
})

test('of a long path that nobody made, few names are asked for, and the rules of the nearest container hold', async () => {
  const scene = accessScene({ exists: (path) => '/shared/deep/'.startsWith(path) })
  scene.put('/.acl', rule('acl:default </alice/>', 'acl:agentClass foaf:Agent', 'Read'))
  scene.put('/shared/.acl', rule('acl:default <./>', 'acl:agentClass foaf:Agent', 'Append'))
  assert.equal(await scene.modes(`/shared/deep/${'a/'.repeat(900)}x`), 'append')
  assert.ok(scene.reads.length < 10, `${scene.reads.length} reads`)
  assert.equal(await scene.modes(`/elsewhere/${'a/'.repeat(900)}x`), 'read')
})
