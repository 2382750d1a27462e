// The permission matrix of section 1.13 for writes: rights on the container C and by its default on what is in it, for a
// stranger who is logged in (403) and for the public (401), on an existing and on a missing child.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import type { Agent } from '../../../src/pod/auth/agent.ts'
import { aclFor, bob, nobody, openWorld, turtle, type World } from './world.ts'

let world: World
before(async () => {
  world = await openWorld()
})
after(() => world[Symbol.asyncDispose]())

/** Status of success or of a missing resource; 'denied' is 401 for the public and 403 for others. */
type Expected = number | 'denied'
type Row = readonly [onC: string, onChild: string, exists: Expected, missing: Expected]

const insert =
  '@prefix solid: <http://www.w3.org/ns/solid/terms#>. <> a solid:InsertDeletePatch; solid:inserts { <#a> <#b> 2 }.'
const remove =
  '@prefix solid: <http://www.w3.org/ns/solid/terms#>. <> a solid:InsertDeletePatch; solid:deletes { <#a> <#b> 1 }.'
const n3 = { 'content-type': 'text/n3' }
const content = '<#a> <#b> 1 .'

interface Case {
  readonly name: string
  readonly rows: readonly Row[]
  readonly ask: (path: string, as: Agent) => Promise<{ readonly status: number }>
}

const cases: readonly Case[] = [
  {
    name: 'PUT',
    ask: (path, as) => world.send('PUT', path, { as, headers: turtle, body: content }),
    rows: [
      ['', '', 'denied', 'denied'],
      ['', 'Write', 204, 'denied'],
      ['', 'Append', 'denied', 'denied'],
      ['', 'Read Control', 'denied', 'denied'],
      ['Append', '', 'denied', 'denied'],
      ['Append', 'Write', 204, 201],
      ['Append', 'Append', 'denied', 201],
      ['Write', 'Append', 'denied', 201],
      ['Write', 'Read', 'denied', 'denied'],
      ['Read', 'Write', 204, 'denied'],
    ],
  },
  {
    name: 'PATCH that inserts',
    ask: (path, as) => world.send('PATCH', path, { as, headers: n3, body: insert }),
    rows: [
      ['', 'Append', 204, 'denied'],
      ['', 'Write', 204, 'denied'],
      ['', 'Read', 'denied', 'denied'],
      ['Append', 'Write', 204, 201],
      ['Append', 'Append', 204, 201],
      ['Read Write Append', '', 'denied', 'denied'],
    ],
  },
  {
    name: 'PATCH that deletes',
    ask: (path, as) => world.send('PATCH', path, { as, headers: n3, body: remove }),
    rows: [
      ['', 'Write', 'denied', 'denied'],
      ['', 'Read Append', 'denied', 'denied'],
      ['', 'Read Write', 204, 'denied'],
      ['Append', 'Read Write', 204, 409],
    ],
  },
  {
    name: 'DELETE',
    ask: (path, as) => world.send('DELETE', path, { as }),
    rows: [
      ['', '', 'denied', 'denied'],
      ['Write', 'Write', 205, 'denied'],
      ['', 'Write', 'denied', 'denied'],
      ['Append', 'Write', 'denied', 'denied'],
      ['', 'Read', 'denied', 404],
      ['Read Write Append', 'Read', 'denied', 404],
      ['Read', '', 'denied', 404],
      ['Write', 'Read Append', 'denied', 404],
    ],
  },
]

let round = 0

for (const { name, rows, ask } of cases) {
  for (const [onC, onChild, exists, missing] of rows) {
    test(`${name} with ${onC || 'nothing'} on the container and ${onChild || 'nothing'} on the resource`, async () => {
      for (const as of [bob, nobody]) {
        const denied = as === nobody ? 401 : 403
        const container = `/m${++round}/`
        await world.write(`${container}there`, content)
        await world.write(`${container}.acl`, aclFor(container, [{ to: as, here: onC, below: onChild }]))
        const seen = [(await ask(`${container}there`, as)).status, (await ask(`${container}missing`, as)).status]
        assert.deepEqual(
          seen,
          [exists, missing].map((one) => (one === 'denied' ? denied : one)),
        )
      }
    })
  }
}

test('POST needs Append on the container, and nothing on what it makes', async () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ['Append', '', true],
    ['Append', 'Read', true],
    ['Write', '', true],
    ['Read', 'Read Append Write', false],
    ['', 'Write', false],
  ]
  for (const [onC, onChild, isAllowed] of rows) {
    for (const as of [bob, nobody]) {
      const container = `/m${++round}/`
      await world.send('PUT', container)
      await world.write(`${container}.acl`, aclFor(container, [{ to: as, here: onC, below: onChild }]))
      const { status } = await world.send('POST', container, { as, headers: turtle, body: '' })
      assert.equal(status, isAllowed ? 201 : as === nobody ? 401 : 403, `${onC} ${onChild}`)
    }
  }
})

test('DELETE of an empty container needs Read and Write on it and Write on its parent', async () => {
  const rows: readonly (readonly [string, string, Expected, Expected])[] = [
    ['Write', 'Read Write', 205, 404],
    ['Write', 'Write', 'denied', 'denied'],
    ['Append', 'Read Write', 'denied', 404],
    ['', 'Read Write', 'denied', 404],
  ]
  for (const [onParent, onC, exists, missing] of rows) {
    for (const as of [bob, nobody]) {
      const parent = `/m${++round}/`
      await world.send('PUT', `${parent}c/`)
      await world.write(`${parent}.acl`, aclFor(parent, [{ to: as, here: onParent, below: onC }]))
      const denied = as === nobody ? 401 : 403
      const seen = [
        (await world.send('DELETE', `${parent}c/`, { as })).status,
        (await world.send('DELETE', `${parent}none/`, { as })).status,
      ]
      assert.deepEqual(
        seen,
        [exists, missing].map((one) => (one === 'denied' ? denied : one)),
        `${onParent} on the parent, ${onC} on the container`,
      )
    }
  }
})

test('ACLs need Control and nothing else; Control gives nothing on the resource', async () => {
  for (const [modes, isAllowed] of [
    ['Control', true],
    ['Read Write Append', false],
  ] as const) {
    for (const as of [bob, nobody]) {
      const path = `/m${++round}.ttl`
      await world.write(path, '')
      const acl = aclFor(path, [{ to: as, here: modes }])
      await world.write(`${path}.acl`, acl)
      const denied = as === nobody ? 401 : 403
      const put = await world.send('PUT', `${path}.acl`, { as, headers: turtle, body: acl })
      const patched = await world.send('PATCH', `${path}.acl`, { as, headers: n3, body: insert })
      const deleted = await world.send('DELETE', `${path}.acl`, { as })
      assert.deepEqual(
        [put.status, patched.status, deleted.status],
        isAllowed ? [204, 204, 205] : [denied, denied, denied],
      )
      if (isAllowed) await world.write(`${path}.acl`, acl)
      const onResource = await world.send('PUT', path, { as, headers: turtle, body: '' })
      assert.equal(onResource.status, isAllowed ? denied : 204)
    }
  }
})

test('.meta is judged as its subject: Write to PUT and DELETE, Append to add', async () => {
  for (const [modes, added, replaced] of [
    ['Append', 201, 403],
    ['Write', 201, 204],
    ['Read', 403, 403],
    ['Control', 403, 403],
  ] as const) {
    const path = `/m${++round}.ttl`
    await world.write(path, '')
    await world.write(`${path}.acl`, aclFor(path, [{ here: modes }]))
    const inserted = await world.send('PATCH', `${path}.meta`, { as: bob, headers: n3, body: insert })
    const put = await world.send('PUT', `${path}.meta`, { as: bob, headers: turtle, body: '' })
    const deleted = await world.send('DELETE', `${path}.meta`, { as: bob })
    assert.deepEqual([inserted.status, put.status], [added, replaced], modes)
    assert.equal(deleted.status, modes === 'Write' ? 205 : modes === 'Read' ? 404 : 403, modes)
  }
})
