// The permission table on which the specification's tests and Community Solid Server agree (section 1.13): rights on a
// container C and, by its acl:default, on a child C/R; each line for a child that exists and one that is missing. Played
// once with rights of the public (401 when refused) and once with rights of Bob (403).

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { type Client, expectStatus, n3, patchOf, turtle } from '../../support/solid-client.ts'
import { protect } from '../../support/solid-client-acl.ts'
import { openWorld } from '../../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, bob, anyone, fresh } = world

type Expected = readonly number[] | 'refused' | 'impossible'

interface Line {
  readonly request: string
  /** Modes on C itself, and on C/R. */
  readonly onC: string
  readonly onR: string
  readonly exists: Expected
  readonly missing: Expected
}

const ok = [200, 201, 204, 205]
const created = [201]
const line = (request: string, onC: string, onR: string, exists: Expected, missing: Expected): Line => ({
  request,
  onC,
  onR,
  exists,
  missing,
})

const table: readonly Line[] = [
  line('OPTIONS C/R', '', '', [200, 204], [200, 204]),
  line('OPTIONS C/R', 'RWA', 'RWA', [200, 204], [200, 204]),
  line('HEAD C/R', '', '', 'refused', 'refused'),
  line('HEAD C/R', '', 'R', [200], [404]),
  line('GET C/R', '', '', 'refused', 'refused'),
  line('GET C/R', '', 'R', [200], [404]),
  line('GET C/R', 'R', 'W', 'refused', 'refused'),
  line('GET C/R', 'R', 'A', 'refused', 'refused'),
  line('GET C/R', 'R', 'C', 'refused', 'refused'),
  line('GET C/R', '', 'RW', [200], [404]),
  line('POST C', '', 'RAWC', 'refused', 'impossible'),
  line('POST C', 'A', '', created, 'impossible'),
  line('POST C', 'W', '', created, 'impossible'),
  line('POST C', 'R', 'RAW', 'refused', 'impossible'),
  line('POST C', 'RC', 'RAW', 'refused', 'impossible'),
  line('PUT C/R', '', 'W', ok, 'refused'),
  line('PUT C/R', '', 'A', 'refused', 'refused'),
  line('PUT C/R', '', 'R', 'refused', 'refused'),
  line('PUT C/R', 'A', 'W', ok, created),
  line('PUT C/R', 'W', 'W', ok, created),
  line('PUT C/R', 'A', 'A', 'refused', created),
  line('PUT C/R', 'A', 'R', 'refused', 'refused'),
  line('PUT C/R', 'RW', '', 'refused', 'refused'),
  line('PUT C/R', 'RWAC', 'C', 'refused', 'refused'),
  line('PATCH insert C/R', '', 'A', ok, 'refused'),
  line('PATCH insert C/R', '', 'W', ok, 'refused'),
  line('PATCH insert C/R', '', 'R', 'refused', 'refused'),
  line('PATCH insert C/R', 'A', 'A', ok, created),
  line('PATCH insert C/R', 'A', 'W', ok, created),
  line('PATCH insert C/R', 'W', 'R', 'refused', 'refused'),
  line('PATCH delete C/R', '', 'W', 'refused', 'refused'),
  line('PATCH delete C/R', '', 'A', 'refused', 'refused'),
  line('PATCH delete C/R', '', 'RA', 'refused', 'refused'),
  line('PATCH delete C/R', '', 'RW', ok, 'refused'),
  line('PATCH delete C/R', 'A', 'RW', ok, [409]),
  line('DELETE C/R', 'W', 'W', ok, 'refused'),
  line('DELETE C/R', '', 'W', 'refused', 'refused'),
  line('DELETE C/R', 'A', 'W', 'refused', 'refused'),
  line('DELETE C/R', 'W', 'A', 'refused', 'refused'),
  line('DELETE C/R', '', 'R', 'refused', [404]),
  line('DELETE C/R', 'W', 'R', 'refused', [404]),
  line('DELETE C/R', 'W', 'RW', ok, [404]),
  line('DELETE C/R/', 'W', 'W', 'refused', 'refused'),
  line('DELETE C/R/', '', 'RW', 'refused', [404]),
  line('DELETE C/R/', 'W', 'RW', ok, [404]),
  line('GET ACL of C/R', 'RWA', 'RWA', 'refused', 'refused'),
  line('GET ACL of C/R', '', 'C', [404], [404]),
  line('PUT ACL of C/R', 'RWA', 'RWA', 'refused', 'refused'),
  line('PUT ACL of C/R', '', 'C', created, [404, 409]),
  line('DELETE ACL of C/R', 'RWA', 'RWA', 'refused', 'refused'),
  line('DELETE ACL of C/R', '', 'C', [404], [404]),
]

async function ask(client: Client, request: string, container: string, target: string) {
  const acl = `@prefix acl: <http://www.w3.org/ns/auth/acl#>. <#owner> a acl:Authorization; acl:agent <${alice.webId}>; acl:accessTo <${target}>; acl:mode acl:Control.`
  switch (request) {
    case 'POST C':
      return await client.post(container, 'text/turtle', turtle)
    case 'PUT C/R':
      return await client.put(target, 'text/turtle', turtle)
    case 'PATCH insert C/R':
      return await client.patch(target, n3, patchOf({ inserts: '<#x> <#y> <#z> .' }))
    case 'PATCH delete C/R':
      return await client.patch(target, n3, patchOf({ deletes: '<#it> <http://example.org/is> "here" .' }))
    case 'GET ACL of C/R':
      return await client.get(`${target}.acl`)
    case 'PUT ACL of C/R':
      return await client.put(`${target}.acl`, 'text/turtle', acl)
    case 'DELETE ACL of C/R':
      return await client.delete(`${target}.acl`)
    default:
      return await client.send(request.split(' ')[0]!, target)
  }
}

for (const [who, client, denied] of [
  ['the public', anyone, 401],
  ['Bob', bob, 403],
] as const) {
  describe(`row 69: rights of ${who}`, { concurrency: 8 }, () => {
    for (const { request, onC, onR, ...cases } of table) {
      for (const [presence, expected] of Object.entries(cases)) {
        if (expected === 'impossible') continue
        const status: readonly number[] = expected === 'refused' ? [denied] : (expected as readonly number[])
        test(`${request}, C: ${onC || '–'}, C/R: ${onR || '–'}, ${presence}: ${status.join('/')}`, async () => {
          const container = fresh()
          const target = `${container}R${request.endsWith('/') ? '/' : ''}`
          await alice.makeContainer(container)
          if (presence === 'exists') await (target.endsWith('/') ? alice.makeContainer(target) : alice.store(target))
          const subject = client === bob ? { agent: bob.webId! } : 'public'
          await protect(
            alice,
            container,
            { who: subject, modes: onC, on: 'accessTo' },
            { who: subject, modes: onR, on: 'default' },
          )
          const answer = expectStatus(await ask(client, request, container, target), ...status)
          if (answer.status === 401) assert.ok(answer.header('www-authenticate'))
        })
      }
    }
  })
}

test('row 69: creating below missing containers needs Append on the nearest one that exists', async () => {
  for (const [modes, status] of [
    ['A', 201],
    ['R', 403],
  ] as const) {
    const container = fresh()
    await alice.makeContainer(container)
    const who = { agent: bob.webId! }
    await protect(alice, container, { who, modes, on: 'accessTo' }, { who, modes: 'W', on: 'default' })
    expectStatus(await bob.put(`${container}a/b/c`, 'text/turtle', turtle), status)
  }
})

test('row 69: PUT of a new container needs what a new document needs', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  const who = { agent: bob.webId! }
  await protect(alice, container, { who, modes: 'R', on: 'accessTo' }, { who, modes: 'W', on: 'default' })
  expectStatus(await bob.send('PUT', `${container}c/`), 403)
  await protect(alice, container, { who, modes: 'A', on: 'accessTo' }, { who, modes: 'W', on: 'default' })
  expectStatus(await bob.send('PUT', `${container}c/`), 201)
})

test('pitfall 14: with Append alone, POST and inserting pass; replacing, deleting and a patch with deletes do not', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`)
  await protect(alice, container, { who: { agent: bob.webId! }, modes: 'A' })
  expectStatus(await bob.post(container, 'text/turtle', turtle), 201)
  expectStatus(await bob.patch(`${container}a.ttl`, n3, patchOf({ inserts: '<#x> <#y> <#z> .' })), ...ok)
  expectStatus(await bob.put(`${container}a.ttl`, 'text/turtle', turtle), 403)
  expectStatus(await bob.delete(`${container}a.ttl`), 403)
  expectStatus(await bob.patch(`${container}a.ttl`, n3, patchOf({ deletes: '<#no> <#such> <#triple> .' })), 403)
})
