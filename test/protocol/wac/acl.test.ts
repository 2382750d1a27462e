// Web Access Control, ACL resources and which of them is effective: rows 61 to 65 and 71, pitfalls 8, 9 and 11 to 13, rule 4.

import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, test } from 'node:test'

import { expectStatus, must, n3, patchOf, sparql, turtle } from '../../support/solid-client.ts'
import { aclFor, protect } from '../../support/solid-client-acl.ts'
import { openWorld } from '../../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, bob, anyone, fresh, pod } = world

const prefix = '@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.\n'
const owner = `<#owner> a acl:Authorization; acl:agent <${alice.webId}>; acl:mode acl:Read, acl:Write, acl:Control;`
const bobIs = { agent: bob.webId! }

/** A document of Alice whose container says this in its ACL, after the owner's own rule. */
async function below(rules: string): Promise<{ container: string; url: string }> {
  const container = fresh()
  const url = `${container}a.ttl`
  await alice.store(url)
  const own = `${owner} acl:accessTo <./>; acl:default <./>.\n`
  must(await alice.put(`${container}.acl`, 'text/turtle', prefix + own + rules))
  return { container, url }
}

test('row 62: an ACL is served as text/turtle, whatever Accept says about anything else', async () => {
  const { container } = await below('')
  for (const Accept of ['text/turtle', '*/*', 'text/html, text/turtle;q=0.5']) {
    const answer = expectStatus(await alice.get(`${container}.acl`, { Accept }), 200)
    assert.ok(answer.header('content-type')?.startsWith('text/turtle'))
  }
  expectStatus(await alice.get(`${container}.acl`, { Accept: 'application/ld+json' }), 200)
})

for (const method of ['GET', 'HEAD']) {
  test(`row 62: ${method} of a missing ACL answers 404 to who has Control, and nothing to others`, async () => {
    const { url } = await below('')
    expectStatus(await alice.send(method, `${url}.acl`), 404)
    expectStatus(await bob.send(method, `${url}.acl`), 403)
    expectStatus(await anyone.send(method, `${url}.acl`), 401)
    expectStatus(await alice.send(method, `${url}-missing.acl`), 404)
  })
}

test('row 63: the root has an ACL in which somebody has Control', async () => {
  const acl = expectStatus(await alice.get(`${pod}.acl`), 200).quads()
  assert.ok(acl.some((quad) => quad.object.value === 'http://www.w3.org/ns/auth/acl#Control'))
  assert.ok(acl.some((quad) => quad.object.value === alice.webId))
})

for (const [what, body] of Object.entries({
  'is empty': '',
  'has nobody in Control': `${prefix}<#r> a acl:Authorization; acl:agent <${alice.webId}>; acl:accessTo <./>; acl:default <./>; acl:mode acl:Read, acl:Write.`,
  'gives Control without a type': `${prefix}<#r> acl:agent <${alice.webId}>; acl:accessTo <./>; acl:mode acl:Control.`,
  'gives Control to no subject': `${prefix}<#r> a acl:Authorization; acl:accessTo <./>; acl:mode acl:Control.`,
  'gives Control of another resource': `${prefix}<#r> a acl:Authorization; acl:agent <${alice.webId}>; acl:accessTo <other>; acl:mode acl:Control.`,
})) {
  test(`row 63, pitfall 9: a root ACL that ${what} answers 409 and the old one stays`, async () => {
    const before = (await alice.get(`${pod}.acl`)).text
    expectStatus(await alice.put(`${pod}.acl`, 'text/turtle', body), 409)
    assert.equal((await alice.get(`${pod}.acl`)).text, before)
    expectStatus(await alice.get(pod), 200)
  })
}

test('row 63: a PATCH that removes the last Control of the root answers 409', async () => {
  const update = 'PREFIX acl: <http://www.w3.org/ns/auth/acl#> DELETE WHERE { ?rule acl:mode acl:Control }'
  expectStatus(await alice.patch(`${pod}.acl`, sparql, update), 409)
  const where = '?rule <http://www.w3.org/ns/auth/acl#mode> <http://www.w3.org/ns/auth/acl#Control> .'
  expectStatus(await alice.patch(`${pod}.acl`, n3, patchOf({ where, deletes: where })), 409)
  expectStatus(await alice.delete(`${pod}.acl`), 405)
  expectStatus(await alice.get(`${pod}.acl`), 200)
})

test('row 64: the nearest ACL is the only one: no union with those above', async () => {
  const { container } = await below(
    `<#bob> a acl:Authorization; acl:agent <${bob.webId}>; acl:accessTo <./>; acl:default <./>; acl:mode acl:Read.`,
  )
  await alice.store(`${container}b/c/d.ttl`)
  expectStatus(await bob.get(`${container}b/c/d.ttl`), 200)
  await protect(alice, `${container}b/`, { who: bobIs, modes: 'A' })
  expectStatus(await bob.get(`${container}b/c/d.ttl`), 403)
  expectStatus(await bob.get(`${container}a.ttl`), 200)
  must(await alice.delete(`${container}b/.acl`))
  expectStatus(await bob.get(`${container}b/c/d.ttl`), 200)
})

test('row 64, pitfall 11: accessTo of a container does not reach its children, default does not reach itself', async () => {
  const { container, url } = await below(
    `<#to> a acl:Authorization; acl:agent <${bob.webId}>; acl:accessTo <./>; acl:mode acl:Read.`,
  )
  expectStatus(await bob.get(container), 200)
  expectStatus(await bob.get(url), 403)
  await protect(alice, container, { who: bobIs, modes: 'R', on: 'default' })
  expectStatus(await bob.get(container), 403)
  expectStatus(await bob.get(url), 200)
})

test('row 64, pitfall 11: accessTo of a child in the ACL of its container has no effect', async () => {
  const { url } = await below(
    `<#r> a acl:Authorization; acl:agent <${bob.webId}>; acl:accessTo <a.ttl>; acl:mode acl:Read.`,
  )
  expectStatus(await bob.get(url), 403)
})

test('row 64: default of another container in the ACL has no effect', async () => {
  const { container } = await below(
    `<#r> a acl:Authorization; acl:agent <${bob.webId}>; acl:default <b/>; acl:mode acl:Read.`,
  )
  await alice.store(`${container}b/c.ttl`)
  expectStatus(await bob.get(`${container}b/c.ttl`), 403)
})

test('row 64: the official cases of acl-object: accessTo alone, default alone, both, none', async () => {
  for (const [on, ofContainer, ofChildren] of [
    ['accessTo', 200, 403],
    ['default', 403, 200],
    [undefined, 200, 200],
    ['none', 403, 403],
  ] as const) {
    const container = fresh()
    await alice.store(`${container}inner/x.txt`, 'hello', 'text/plain')
    await protect(
      alice,
      container,
      ...(on === 'none' ? [] : [{ who: bobIs, modes: 'R', ...(on === undefined ? {} : { on }) }]),
    )
    expectStatus(await bob.get(container), ofContainer)
    expectStatus(await bob.get(`${container}inner/`), ofChildren)
    expectStatus(await bob.get(`${container}inner/x.txt`), ofChildren)
  }
})

test('pitfall 11: acl:default in the ACL of a document has no effect', async () => {
  const { url } = await below('')
  must(
    await alice.put(
      `${url}.acl`,
      'text/turtle',
      `${prefix}${owner} acl:accessTo <a.ttl>. <#r> a acl:Authorization; acl:agent <${bob.webId}>; acl:default <a.ttl>; acl:mode acl:Read.`,
    ),
  )
  expectStatus(await bob.get(url), 403)
})

for (const [what, to] of Object.entries({
  './': './',
  '.': '.',
  'the absolute URL': 'CONTAINER',
  'an absolute path': 'PATH',
  'the empty string with a dot': './.',
  'an encoded name': 'ENCODED',
})) {
  test(`pitfall 12: accessTo and default as ${what} mean the container`, async () => {
    const container = fresh().replace(/\/$/, '-x~y/')
    const url = `${container}a.ttl`
    await alice.store(url)
    const object = to
      .replace('CONTAINER', container)
      .replace('PATH', new URL(container).pathname)
      .replace('ENCODED', container.replace('-x~y/', '%2Dx%7ey/'))
    const rule = `<#bob> a acl:Authorization; acl:agent <${bob.webId}>; acl:accessTo <${object}>; acl:default <${object}>; acl:mode acl:Read.`
    must(
      await alice.put(
        `${container}.acl`,
        'text/turtle',
        `${prefix}${owner} acl:accessTo <./>; acl:default <./>.\n${rule}`,
      ),
    )
    expectStatus(await bob.get(container), 200)
    expectStatus(await bob.get(url), 200)
  })
}

for (const [what, rule, status] of [
  ['without rdf:type', `<#r> acl:agent <${bob.webId}>; acl:default <./>; acl:mode acl:Read.`, 403],
  ['of another type', `<#r> a acl:Rule; acl:agent <${bob.webId}>; acl:default <./>; acl:mode acl:Read.`, 403],
  ['without a mode', `<#r> a acl:Authorization; acl:agent <${bob.webId}>; acl:default <./>.`, 403],
  [
    'with an unknown mode',
    `<#r> a acl:Authorization; acl:agent <${bob.webId}>; acl:default <./>; acl:mode acl:Everything.`,
    403,
  ],
  [
    'with an unknown mode beside Read',
    `<#r> a acl:Authorization; acl:agent <${bob.webId}>; acl:default <./>; acl:mode acl:Everything, acl:Read.`,
    200,
  ],
  ['without a subject', '<#r> a acl:Authorization; acl:default <./>; acl:mode acl:Read.', 403],
  [
    'with the WebID as a string',
    `<#r> a acl:Authorization; acl:agent "${bob.webId}"; acl:default <./>; acl:mode acl:Read.`,
    403,
  ],
  [
    'with a mode as a string',
    `<#r> a acl:Authorization; acl:agent <${bob.webId}>; acl:default <./>; acl:mode "Read".`,
    403,
  ],
  ['in a blank node', `[] a acl:Authorization; acl:agent <${bob.webId}>; acl:default <./>; acl:mode acl:Read.`, 200],
  [
    'of several agents',
    `<#r> a acl:Authorization; acl:agent <http://example.org/x>, <${bob.webId}>; acl:default <./>; acl:mode acl:Read.`,
    200,
  ],
  [
    'for the WebID without its fragment',
    `<#r> a acl:Authorization; acl:agent <${bob.webId!.split('#')[0]}>; acl:default <./>; acl:mode acl:Read.`,
    403,
  ],
  [
    'with a condition nobody knows (row 71)',
    `<#r> a acl:Authorization; acl:agent <${bob.webId}>; acl:default <./>; acl:mode acl:Read; acl:condition [ a <http://example.org/Moonlight> ].`,
    403,
  ],
] as const) {
  test(`row 65: an Authorization ${what} ${status === 200 ? 'counts' : 'is ignored'}`, async () => {
    const { url } = await below(rule)
    expectStatus(await bob.get(url), status)
  })
}

test('row 65: modes of several Authorizations add up', async () => {
  const { url } = await below(
    `<#r> a acl:Authorization; acl:agent <${bob.webId}>; acl:default <./>; acl:mode acl:Read. <#w> a acl:Authorization; acl:agentClass acl:AuthenticatedAgent; acl:default <./>; acl:mode acl:Write.`,
  )
  expectStatus(await bob.get(url), 200)
  must(await bob.put(url, 'text/turtle', turtle))
})

test('row 66: Control implies nothing on the resource itself', async () => {
  const { url } = await below('')
  await protect(alice, url, { who: bobIs, modes: 'C' })
  for (const answer of [
    await bob.get(url),
    await bob.put(url, 'text/turtle', turtle),
    await bob.delete(url),
    await bob.patch(url, sparql, 'INSERT DATA { <#a> <#b> <#c> }'),
  ]) {
    expectStatus(answer, 403)
  }
  expectStatus(await bob.get(`${url}.acl`), 200)
  must(await bob.put(`${url}.acl`, 'text/turtle', aclFor(url, [{ who: bobIs, modes: 'RC' }], alice.webId)))
  expectStatus(await bob.get(url), 200)
})

test('row 66: Read, Write and Append give nothing on the ACL', async () => {
  const { url } = await below('')
  await protect(alice, url, { who: bobIs, modes: 'RWA' })
  expectStatus(await bob.get(`${url}.acl`), 403)
  expectStatus(await bob.put(`${url}.acl`, 'text/turtle', aclFor(url, [{ who: bobIs, modes: 'RWC' }])), 403)
  expectStatus(await bob.delete(`${url}.acl`), 403)
})

for (const [what, type, body] of [
  ['malformed', 'text/turtle', '<#r> a acl:'],
  ['no RDF', 'text/plain', 'Hello'],
  ['JSON that is no JSON-LD', 'application/ld+json', '{'],
] as const) {
  test(`pitfall 8: an ACL that is ${what} answers 400 or 415, and the old one stays in force`, async () => {
    const { container, url } = await below(
      `<#bob> a acl:Authorization; acl:agent <${bob.webId}>; acl:default <./>; acl:mode acl:Read.`,
    )
    expectStatus(await alice.put(`${container}.acl`, type, body), 400, 415)
    expectStatus(await bob.get(url), 200)
    expectStatus(await anyone.get(url), 401)
  })
}

test('an ACL in JSON-LD counts like one in Turtle', async () => {
  const { container, url } = await below('')
  const acl = 'http://www.w3.org/ns/auth/acl#'
  const rule = (agent: string, modes: string[]) => ({
    '@type': `${acl}Authorization`,
    [`${acl}agent`]: { '@id': agent },
    [`${acl}accessTo`]: { '@id': './' },
    [`${acl}default`]: { '@id': './' },
    [`${acl}mode`]: modes.map((mode) => ({ '@id': acl + mode })),
  })
  const body = JSON.stringify({
    '@graph': [rule(alice.webId!, ['Read', 'Write', 'Control']), rule(bob.webId!, ['Read'])],
  })
  must(await alice.put(`${container}.acl`, 'application/ld+json', body))
  expectStatus(await bob.get(url), 200)
})

test('pitfall 9, rule 4: an ACL below the root that names nobody leaves the owner in Control, and nothing else', async () => {
  const { url } = await below('')
  must(await alice.put(`${url}.acl`, 'text/turtle', ''))
  expectStatus(await alice.get(url), 403)
  expectStatus(await alice.put(url, 'text/turtle', turtle), 403)
  expectStatus(await alice.get(`${url}.acl`), 200)
  must(await alice.put(`${url}.acl`, 'text/turtle', aclFor(url, [], alice.webId)))
  expectStatus(await alice.get(url), 200)
})

test('pitfall 13: the ACL of a child that leaves the owner out shuts the owner out of the child', async () => {
  const { url } = await below('')
  must(await alice.put(`${url}.acl`, 'text/turtle', aclFor(url, [{ who: bobIs, modes: 'RW' }])))
  expectStatus(await alice.get(url), 403)
  expectStatus(await bob.get(url), 200)
  must(await alice.delete(`${url}.acl`))
  expectStatus(await alice.get(url), 200)
})

test('rule 4: an owner has no Control in the pod of somebody else', async () => {
  const other = await world.center.createPod('other', { webId: bob.webId! })
  expectStatus(await alice.get(`${other.base}.acl`), 403)
  expectStatus(await alice.get(`${other.base}x.acl`), 403)
})

test('a change of an ACL takes effect at once, both ways', async () => {
  const { container, url } = await below('')
  for (let round = 0; round < 10; round++) {
    await protect(alice, container, { who: bobIs, modes: round % 2 === 0 ? 'R' : 'A' })
    expectStatus(await bob.get(url), round % 2 === 0 ? 200 : 403)
  }
})

test('one pod’s ACLs say nothing about another pod', async () => {
  const { base } = await world.center.createPod('third', { webId: bob.webId! })
  await alice.store(`${pod}third-note`)
  must(
    await alice.put(
      `${pod}third-note.acl`,
      'text/turtle',
      `${prefix}${owner} acl:accessTo <third-note>. <#r> a acl:Authorization; acl:agent <${alice.webId}>; acl:accessTo <${base}>; acl:default <${base}>; acl:mode acl:Read.`,
    ),
  )
  expectStatus(await alice.get(`${base}.acl`), 403)
})

test('rule 5: rights are judged again at commit: a Write revoked while a body is on its way is refused', async () => {
  const { container, url } = await below('')
  await protect(alice, container, { who: bobIs, modes: 'RW' })
  const size = 256 * 1024
  const login = await world.issuer.login('bob')
  const proof = await login.headers('PUT', url)
  const outgoing = request(url, {
    method: 'PUT',
    headers: { ...proof, 'Content-Type': 'text/plain', 'Content-Length': String(size), Expect: '100-continue' },
  })
  const status = new Promise<number>((resolve, reject) => {
    outgoing.on('response', (answer) => {
      answer.resume()
      resolve(answer.statusCode!)
    })
    outgoing.on('error', reject)
  })
  const asked = new Promise<void>((resolve) => outgoing.once('continue', resolve))
  outgoing.flushHeaders()
  await Promise.race([asked, status])
  outgoing.write(Buffer.alloc(size / 2, 'x'))
  await protect(alice, container, { who: bobIs, modes: 'R' })
  outgoing.end(Buffer.alloc(size / 2, 'x'))
  assert.equal(await status, 403)
  assert.equal((await alice.get(url)).text, turtle)
})
