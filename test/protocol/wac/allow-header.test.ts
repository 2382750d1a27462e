// Web Access Control, Access Privileges: row 70 and the four groups of official tests of WAC-Allow (user and public, by an ACL
// of the resource and by that of its container), as the official tests and the jest suites read the header.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { type Answer, expectStatus, must } from '../../support/solid-client.ts'
import { aclFor, protect } from '../../support/solid-client-acl.ts'
import { openWorld } from '../../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, bob, anyone, fresh, pod } = world

const modeSets: readonly (readonly [string, readonly string[]])[] = [
  ['R', ['read']],
  ['RC', ['control', 'read']],
  ['RW', ['append', 'read', 'write']],
  ['RA', ['append', 'read']],
  ['RWA', ['append', 'read', 'write']],
]
const full = ['append', 'control', 'read', 'write']

const user = (answer: Answer) => [...(answer.wacAllow.user ?? [])].sort()
const everyone = (answer: Answer) => [...(answer.wacAllow.public ?? [])].sort()

async function granted(who: 'bob' | 'public', place: 'direct' | 'indirect', modes: string): Promise<string> {
  const container = fresh()
  const url = `${container}a.ttl`
  await alice.store(url)
  const subject = who === 'bob' ? { agent: bob.webId! } : 'public'
  if (place === 'direct') await protect(alice, url, { who: subject, modes })
  else await protect(alice, container, { who: subject, modes, on: 'default' })
  return url
}

for (const method of ['GET', 'HEAD']) {
  test(`header-exists: ${method} has the header, of a document, a container and the root`, async () => {
    const url = await granted('bob', 'direct', 'R')
    for (const target of [url, url.slice(0, url.lastIndexOf('/') + 1), pod]) {
      const answer = must(await alice.send(method, target))
      assert.deepEqual(user(answer), full)
    }
  })

  for (const place of ['direct', 'indirect'] as const) {
    for (const [modes, expected] of modeSets) {
      test(`user-access-${place}: ${method} by Bob who was granted ${modes}`, async () => {
        const url = await granted('bob', place, modes)
        const answer = must(await bob.send(method, url))
        assert.deepEqual(user(answer), expected)
        assert.deepEqual(everyone(answer), [])
        const asOwner = must(await alice.send(method, url))
        assert.deepEqual(user(asOwner), full)
        assert.deepEqual(everyone(asOwner), [])
      })

      test(`public-access-${place}: ${method} by the public that was granted ${modes}`, async () => {
        const url = await granted('public', place, modes)
        const answer = must(await anyone.send(method, url))
        assert.deepEqual(everyone(answer), expected)
        assert.deepEqual(user(answer), expected)
        const asBob = must(await bob.send(method, url))
        assert.deepEqual(everyone(asBob), expected)
        assert.deepEqual(user(asBob), expected)
        const asOwner = must(await alice.send(method, url))
        assert.deepEqual(user(asOwner), full)
        assert.deepEqual(everyone(asOwner), expected)
      })
    }
  }
}

test('user-access: the ACL is where it was put, and nowhere else', async () => {
  const direct = await granted('bob', 'direct', 'R')
  assert.ok(must(await alice.get(`${direct}.acl`, { Accept: 'text/turtle' })).text.includes(bob.webId!))
  expectStatus(await alice.get(`${direct.slice(0, direct.lastIndexOf('/') + 1)}.acl`), 404)
  const indirect = await granted('bob', 'indirect', 'R')
  expectStatus(await alice.get(`${indirect}.acl`), 404)
  assert.ok(must(await alice.get(`${indirect.slice(0, indirect.lastIndexOf('/') + 1)}.acl`)).text.includes(bob.webId!))
})

test('row 70: the header reads user="…",public="…" with double quotes and no space after the comma', async () => {
  const url = await granted('public', 'direct', 'R')
  const shape = /^user="(?:[a-z]+(?: [a-z]+)*)?"(?:,public="(?:[a-z]+(?: [a-z]+)*)?")?$/
  for (const client of [alice, bob, anyone]) assert.match(must(await client.get(url)).header('wac-allow')!, shape)
  assert.equal((await alice.get(url)).header('wac-allow'), 'user="read write append control",public="read"')
})

test('row 70: the jest suites split the header at "," without trimming', async () => {
  const url = await granted('public', 'direct', 'R')
  const parsed = Object.fromEntries(
    must(await alice.get(url))
      .header('wac-allow')!
      .split(',')
      .map((part) => part.split('=') as [string, string]),
  )
  assert.deepEqual(Object.keys(parsed), ['user', 'public'])
  assert.equal(parsed.public, '"read"')
})

test('row 70: it is exposed to other origins', async () => {
  const url = await granted('bob', 'direct', 'R')
  const exposed = (await bob.get(url, { Origin: 'https://tester' })).list('access-control-expose-headers')
  assert.ok(exposed.some((name) => name.toLowerCase() === 'wac-allow'))
})

test('rule 4: an owner whom an ACL leaves out sees control and nothing else on the ACL', async () => {
  const url = await granted('bob', 'direct', 'R')
  must(await alice.put(`${url}.acl`, 'text/turtle', aclFor(url, [{ who: 'public', modes: 'R' }])))
  const answer = must(await alice.get(url))
  assert.deepEqual(user(answer), ['control', 'read'])
  assert.deepEqual(everyone(answer), ['read'])
})

test('row 70: user contains what the public has, also through a group of modes', async () => {
  const url = await granted('public', 'direct', 'R')
  await protect(alice, url, { who: 'public', modes: 'R' }, { who: { agent: bob.webId! }, modes: 'A' })
  const answer = must(await bob.get(url))
  assert.deepEqual(user(answer), ['append', 'read'])
  assert.deepEqual(everyone(answer), ['read'])
})

test('G.15: the 404 of something that may be created says what the user may', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  assert.deepEqual(user(expectStatus(await alice.get(`${container}new.ttl`), 404)), full)
})
