// Many writers at once: one name has one creator, a name is a document or a container, a container that is deleted takes
// no child with it. Pitfalls 19, 36 and 37, and what the crud suite and G.18 ask.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { type Answer, expectStatus, must, n3, patchOf, sparql, turtle } from '../support/solid-client.ts'
import { aclFor } from '../support/solid-client-acl.ts'
import { openWorld } from '../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, fresh } = world

const rounds = 8

function tally(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

const ten = Array.from({ length: 10 }, (_, index) => index)

test('pitfall 19: ten parallel PUT with If-None-Match: * give one 201 and nine 412', async () => {
  for (let round = 0; round < rounds; round++) {
    const url = `${fresh()}deep/x`
    const answers = await Promise.all(
      ten.map(async (n) => await alice.put(url, 'text/plain', `writer ${n}`, { 'If-None-Match': '*' })),
    )
    assert.deepEqual(tally(answers), { 201: 1, 412: 9 })
    const winner = answers.findIndex((answer) => answer.status === 201)
    assert.equal((await alice.get(url)).text, `writer ${winner}`)
  }
})

test('pitfall 19: ten parallel PATCH with If-None-Match: * create once', async () => {
  const url = `${fresh()}x`
  const answers = await Promise.all(
    ten.map(async (n) => await alice.patch(url, sparql, `INSERT DATA { <#a> <#n> ${n} }`, { 'If-None-Match': '*' })),
  )
  assert.deepEqual(tally(answers), { 201: 1, 412: 9 })
  assert.equal((await alice.triples(url)).length, 1)
})

test('ten parallel PUT of a container with If-None-Match: * create once', async () => {
  const url = `${fresh()}c/`
  const answers = await Promise.all(
    ten.map(
      async () => await alice.send('PUT', url, { headers: { 'Content-Type': 'text/turtle', 'If-None-Match': '*' } }),
    ),
  )
  assert.deepEqual(tally(answers), { 201: 1, 412: 9 })
})

test('ten parallel PUT with the same If-Match: one passes', async () => {
  const url = `${fresh()}x`
  await alice.store(url, 'start', 'text/plain')
  const etag = (await alice.head(url)).header('etag')!
  const answers = await Promise.all(
    ten.map(async (n) => await alice.put(url, 'text/plain', String(n), { 'If-Match': etag })),
  )
  assert.deepEqual(tally(answers), { 204: 1, 412: 9 })
})

test('ten parallel PUT without a condition: one creates, the last one stays whole', async () => {
  const url = `${fresh()}x`
  const bodies = ten.map((n) => String(n).repeat(50_000))
  const answers = await Promise.all(bodies.map(async (body) => await alice.put(url, 'text/plain', body)))
  assert.equal(tally(answers)[201], 1)
  for (const answer of answers) expectStatus(answer, 201, 204)
  assert.ok(bodies.includes((await alice.get(url)).text))
})

for (const [type, body] of [
  [sparql, (n: number) => `INSERT DATA { <#a> <#n> ${n} }`],
  [n3, (n: number) => patchOf({ inserts: `<#a> <#n> ${n} .` })],
] as const) {
  test(`ten parallel patches (${type}) all count`, async () => {
    const url = `${fresh()}x.ttl`
    await alice.store(url)
    for (const answer of await Promise.all(ten.map(async (n) => await alice.patch(url, type, body(n))))) must(answer)
    assert.equal((await alice.triples(url)).length, 11)
  })
}

test('ten patches that each move one counter on: the ones that lost say 409, none is lost', async () => {
  const url = `${fresh()}counter.ttl`
  await alice.store(url, '<#c> <#n> 0 .')
  const answers = await Promise.all(
    ten.map(
      async (n) => await alice.patch(url, n3, patchOf({ deletes: '<#c> <#n> 0 .', inserts: `<#c> <#n> ${n + 1} .` })),
    ),
  )
  const { 409: lost, ...others } = tally(answers)
  assert.equal(lost, 9)
  assert.equal(
    Object.values(others).reduce((sum, count) => sum + count, 0),
    1,
  )
  assert.equal((await alice.triples(url)).length, 1)
})

test('pitfall 36: PUT /x and PUT /x/y at once: exactly one wins, and the tree is whole', async () => {
  for (let round = 0; round < rounds; round++) {
    const container = fresh()
    await alice.makeContainer(container)
    const [document, child] = await Promise.all([
      alice.put(`${container}x`, 'text/turtle', turtle),
      alice.put(`${container}x/y`, 'text/turtle', turtle),
    ])
    assert.deepEqual(tally([document, child]), { 201: 1, 409: 1 })
    const members = await alice.members(container)
    assert.deepEqual(members, [document.status === 201 ? `${container}x` : `${container}x/`])
    if (child.status === 201) assert.deepEqual(await alice.members(`${container}x/`), [`${container}x/y`])
  }
})

test('pitfall 36: PUT /x and PUT /x/ at once: exactly one wins', async () => {
  for (let round = 0; round < rounds; round++) {
    const container = fresh()
    const answers = await Promise.all([
      alice.put(`${container}x`, 'text/turtle', turtle),
      alice.send('PUT', `${container}x/`),
    ])
    assert.deepEqual(tally(answers), { 201: 1, 409: 1 })
    assert.equal((await alice.members(container)).length, 1)
  }
})

test('pitfall 37: deleting a container while a child is POSTed: no orphan, no resurrected parent', async () => {
  for (let round = 0; round < rounds; round++) {
    const outer = fresh()
    const container = `${outer}c/`
    await alice.makeContainer(container)
    const [removed, made] = await Promise.all([
      alice.delete(container),
      alice.post(container, 'text/turtle', turtle, { Slug: 'child' }),
    ])
    if (made.status === 201) {
      expectStatus(removed, 409)
      assert.deepEqual(await alice.members(container), [`${container}child`])
    } else {
      expectStatus(made, 404, 409)
      must(removed)
      assert.deepEqual(await alice.members(outer), [])
      expectStatus(await alice.get(`${container}child`), 404)
    }
  }
})

test('pitfall 37: deleting a container while a child is PUT: the child is there with its parents, or nothing is', async () => {
  for (let round = 0; round < rounds; round++) {
    const outer = fresh()
    await alice.makeContainer(`${outer}c/`)
    const [removed, made] = await Promise.all([
      alice.delete(`${outer}c/`),
      alice.put(`${outer}c/child`, 'text/turtle', turtle),
    ])
    expectStatus(removed, 204, 200, 205, 409)
    expectStatus(made, 201)
    assert.deepEqual(await alice.members(outer), [`${outer}c/`])
    assert.deepEqual(await alice.members(`${outer}c/`), [`${outer}c/child`])
  }
})

test('ten parallel POST with one Slug give ten names', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  const answers = await Promise.all(
    ten.map(async () => await alice.post(container, 'text/turtle', turtle, { Slug: 'same' })),
  )
  assert.deepEqual(tally(answers), { 201: 10 })
  const locations = answers.map((answer) => answer.header('location')!).sort()
  assert.deepEqual(await alice.members(container), locations)
  assert.ok(locations.includes(`${container}same`))
})

test('parallel creation below one missing ancestor makes it once, with every child', async () => {
  const container = fresh()
  const answers = await Promise.all(
    ten.map(async (n) => await alice.put(`${container}a/b/${n}`, 'text/turtle', turtle)),
  )
  assert.deepEqual(tally(answers), { 201: 10 })
  assert.deepEqual(await alice.members(container), [`${container}a/`])
  assert.equal((await alice.members(`${container}a/b/`)).length, 10)
})

test('ten parallel DELETE of one resource: one succeeds, nine find nothing', async () => {
  const url = `${fresh()}x`
  await alice.store(url)
  const counts = tally(await Promise.all(ten.map(async () => await alice.delete(url))))
  assert.equal(counts[404], 9)
})

test('a reader never sees half a write', async () => {
  const url = `${fresh()}x`
  const bodies = [('a'.repeat(1000) + '\n').repeat(60), ('b'.repeat(1000) + '\n').repeat(40)]
  await alice.store(url, bodies[0]!, 'text/plain')
  const writing = (async () => {
    for (let n = 0; n < 20; n++) await alice.store(url, bodies[n % 2]!, 'text/plain')
  })()
  for (let n = 0; n < 40; n++) {
    const answer = must(await alice.get(url))
    assert.ok(bodies.includes(answer.text))
  }
  await writing
})

test('what a write answered is what the next read sees, listing included', async () => {
  const container = fresh()
  for (const n of ten) {
    await alice.store(`${container}x`, String(n), 'text/plain')
    assert.equal((await alice.get(`${container}x`)).text, String(n))
    await alice.store(`${container}n${n}`, 'x', 'text/plain')
    assert.equal((await alice.members(container)).length, n + 2)
  }
})

test('ACLs put by ten writers starve no other write of the pod', async () => {
  const answers = await Promise.all(
    ten.flatMap((n) => {
      const container = fresh()
      return [
        (async () => {
          await alice.makeContainer(container)
          const acl = aclFor(container, [{ who: 'public', modes: 'R' }], alice.webId)
          return await Promise.all(ten.map(async () => await alice.put(`${container}.acl`, 'text/turtle', acl)))
        })(),
        Promise.all([
          alice.put(`${fresh()}x${n}`, 'text/turtle', turtle),
          alice.put(`${fresh()}y${n}`, 'text/turtle', turtle),
        ]),
      ]
    }),
  )
  for (const answer of answers.flat()) must(answer)
})
