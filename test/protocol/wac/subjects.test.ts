// Web Access Control, access subjects and the origin of an application: rows 67 and 68, pitfall 43, rules 4 and 6. Groups live
// in the same pod, in another pod of this server and on a server elsewhere.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { expectStatus, must, sparql, turtle } from '../../support/solid-client.ts'
import { type Who, protect } from '../../support/solid-client-acl.ts'
import { openWorld } from '../../support/solid-client-world.ts'

const world = await openWorld()
const strict = await openWorld({ aclOrigin: true })
after(() => Promise.all([world[Symbol.asyncDispose](), strict[Symbol.asyncDispose]()]))
const { alice, bob, anyone, fresh, pod } = world

const vcard = '@prefix vcard: <http://www.w3.org/2006/vcard/ns#>.\n'
const groupOf = (...members: string[]) =>
  `${vcard}<#team> a vcard:Group; vcard:hasMember ${members.map((member) => `<${member}>`).join(', ')}.`

let second: string
before(async () => {
  second = (await world.center.createPod('second', { webId: alice.webId! })).base
})

async function guarded(who: Who): Promise<string> {
  const url = `${fresh()}a.ttl`
  await alice.store(url)
  await protect(alice, url, { who, modes: 'R' })
  return url
}

test('row 67: acl:agent matches this WebID only', async () => {
  const url = await guarded({ agent: bob.webId! })
  expectStatus(await bob.get(url), 200)
  expectStatus(await anyone.get(url), 401)
})

test('row 67, pitfall 43: AuthenticatedAgent matches whoever is logged in, and not the public', async () => {
  const url = await guarded('authenticated')
  expectStatus(await bob.get(url), 200)
  expectStatus(await anyone.get(url), 401)
})

test('row 67, pitfall 43: foaf:Agent matches everybody, also for writing without a token', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  await protect(alice, container, { who: 'public', modes: 'RW' })
  for (const client of [anyone, bob]) {
    const made = expectStatus(await client.post(container, 'text/turtle', turtle), 201).header('location')!
    must(await client.put(made, 'text/turtle', turtle))
    expectStatus(await client.get(made), 200)
    must(await client.delete(made))
  }
})

test('rule 6: a group document in the same pod counts, private as it is, and a change of it counts at once', async () => {
  const group = `${fresh()}groups/team.ttl`
  await alice.store(group, groupOf('http://example.org/nobody'))
  const url = await guarded({ group: `${group}#team` })
  expectStatus(await bob.get(url), 403)
  must(
    await alice.patch(
      group,
      sparql,
      `INSERT DATA { <#team> <http://www.w3.org/2006/vcard/ns#hasMember> <${bob.webId}> }`,
    ),
  )
  expectStatus(await bob.get(url), 200)
  expectStatus(await bob.get(group), 403)
  await alice.store(group, groupOf('http://example.org/nobody'))
  expectStatus(await bob.get(url), 403)
  await alice.store(group, groupOf(bob.webId!))
  expectStatus(await bob.get(url), 200)
  must(await alice.delete(group))
  expectStatus(await bob.get(url), 403)
})

test('rule 6: a group that is written after the ACL that names it counts', async () => {
  const group = `${fresh()}team.ttl`
  const url = await guarded({ group: `${group}#team` })
  expectStatus(await bob.get(url), 403)
  await alice.store(group, groupOf(bob.webId!))
  expectStatus(await bob.get(url), 200)
})

test('rule 6: members of another group in the document do not count, nor does the public', async () => {
  const group = `${fresh()}team.ttl`
  await alice.store(
    group,
    `${groupOf('http://example.org/x')}\n<#others> a vcard:Group; vcard:hasMember <${bob.webId}>.`,
  )
  const url = await guarded({ group: `${group}#team` })
  expectStatus(await bob.get(url), 403)
  expectStatus(await anyone.get(url), 401)
  expectStatus(await bob.get(await guarded({ group: `${group}#others` })), 200)
})

test('rule 6: a group in another pod here counts when everybody may read it', async () => {
  const group = `${second}open.ttl`
  await alice.store(group, groupOf(bob.webId!))
  await protect(alice, group, { who: 'public', modes: 'R' })
  expectStatus(await bob.get(await guarded({ group: `${group}#team` })), 200)
})

test('rule 6: a private group in another pod here is no match, and no error', async () => {
  const group = `${second}closed.ttl`
  await alice.store(group, groupOf(bob.webId!))
  expectStatus(await bob.get(await guarded({ group: `${group}#team` })), 403)
})

test('rule 6: a group elsewhere is fetched', async () => {
  world.issuer.documents.set('/team', { body: groupOf(bob.webId!), type: 'text/turtle' })
  const url = await guarded({ group: `${world.issuer.url}team#team` })
  expectStatus(await bob.get(url), 200)
  expectStatus(await bob.get(url), 200)
  assert.ok(world.issuer.requests.filter((path) => path === '/team').length === 1, 'it is remembered')
})

for (const [what, document] of Object.entries({
  missing: { body: '', type: 'text/plain', status: 404 },
  'an error': { body: 'oops', type: 'text/plain', status: 500 },
  'no RDF': { body: '<html>', type: 'text/html' },
  malformed: { body: '<#team> a', type: 'text/turtle' },
})) {
  test(`row 67: a group elsewhere that is ${what} is no match, not an error`, async () => {
    const path = `/group-${what.replaceAll(' ', '-')}`
    world.issuer.documents.set(path, document)
    expectStatus(await bob.get(await guarded({ group: `${world.issuer.url.slice(0, -1)}${path}#team` })), 403)
  })
}

test('row 67: a group at an address where nobody listens is no match', async () => {
  expectStatus(await bob.get(await guarded({ group: 'http://127.0.0.1:1/team#team' })), 403)
})

test('rule 12: a WebID of a pod here is read from the store', async () => {
  const { base } = await world.center.createPod('carol', { webId: alice.webId! })
  const card = `${base}card`
  await alice.store(card, `<#me> <http://www.w3.org/ns/solid/terms#oidcIssuer> <${world.issuer.url}> .`)
  const login = await world.issuer.login('carol', { webId: `${card}#me` })
  const url = await guarded({ agent: `${card}#me` })
  const ask = async () => await anyone.get(url, await login.headers('GET', url))
  expectStatus(await ask(), 401)
  await protect(alice, card, { who: 'public', modes: 'R' })
  const again = await world.issuer.login('carol', { webId: `${card}#me` })
  const answer = await anyone.get(url, await again.headers('GET', url))
  // what was found about the profile a moment ago may be remembered for a while; it is never an error
  expectStatus(answer, 200, 401)
})

test('rule 4, row 68: without --acl-origin the Origin header changes no right', async () => {
  const url = await guarded({ agent: bob.webId! })
  expectStatus(await bob.get(url, { Origin: 'https://evil.example' }), 200)
})

async function withOrigin(rule: string): Promise<string> {
  const url = `${strict.fresh()}a.ttl`
  await strict.alice.store(url)
  const prefix = '@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.\n'
  const own = `<#owner> a acl:Authorization; acl:agent <${strict.alice.webId}>; acl:accessTo <a.ttl>; acl:mode acl:Read, acl:Write, acl:Control.\n`
  must(await strict.alice.put(`${url}.acl`, 'text/turtle', prefix + own + rule))
  return url
}

test('row 68: with --acl-origin a rule for an agent in an application is for this agent in this application', async () => {
  const url = await withOrigin(
    `<#r> a acl:Authorization; acl:agent <${strict.bob.webId}>; acl:origin <https://app.example>; acl:accessTo <a.ttl>; acl:mode acl:Read.`,
  )
  expectStatus(await strict.bob.get(url, { Origin: 'https://app.example' }), 200)
  expectStatus(await strict.bob.get(url, { Origin: 'https://evil.example' }), 403)
  expectStatus(await strict.anyone.get(url, { Origin: 'https://app.example' }), 401)
})

test('row 68: with --acl-origin an agent may without a page what no page may', async () => {
  const url = await withOrigin(
    `<#r> a acl:Authorization; acl:agent <${strict.bob.webId}>; acl:accessTo <a.ttl>; acl:mode acl:Read.`,
  )
  expectStatus(await strict.bob.get(url), 200)
  expectStatus(await strict.bob.get(url, { Origin: 'https://app.example' }), 403)
})

test('row 68: with --acl-origin an origin alone gives nothing', async () => {
  const url = await withOrigin(
    '<#o> a acl:Authorization; acl:origin <https://app.example>; acl:accessTo <a.ttl>; acl:mode acl:Read.',
  )
  expectStatus(await strict.bob.get(url, { Origin: 'https://app.example' }), 403)
  expectStatus(await strict.anyone.get(url, { Origin: 'https://app.example' }), 401)
})

test('row 68: with --acl-origin what everybody may is open to every origin', async () => {
  const url = await withOrigin(
    '<#r> a acl:Authorization; acl:agentClass foaf:Agent; acl:accessTo <a.ttl>; acl:mode acl:Read.',
  )
  expectStatus(await strict.anyone.get(url, { Origin: 'https://evil.example' }), 200)
  expectStatus(await strict.bob.get(url, { Origin: 'https://evil.example' }), 200)
})

test('a container of another pod of the same owner follows its own ACL', async () => {
  await alice.store(`${second}x/a.ttl`)
  await protect(alice, `${second}x/`, { who: { agent: bob.webId! }, modes: 'R' })
  expectStatus(await bob.get(`${second}x/a.ttl`), 200)
  expectStatus(await bob.get(`${pod}x/a.ttl`), 403)
})
