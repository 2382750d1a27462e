// Who may be told of what, asked of a real pod with real ACLs.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { silentLog } from '../../../src/base/log.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import { createWacAuthorizer } from '../../../src/pod/access/wac.ts'
import { createJudge, type Judge } from '../../../src/pod/notify/judge.ts'
import { openRdfWorkers } from '../../../src/pod/rdf/workers.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { aclFor } from '../../support/solid-client-acl.ts'
import { alice, bob, openScene, type Scene } from '../scene.ts'

const stack = new AsyncDisposableStack()
const clock = createFakeClock()
/** Grants that are gone from the database, and those that memory knows to be taken back. */
const gone = new Set<string>()
const revoked = new Set<string>()
let lookUps = 0
let scene: Scene
let judge: Judge

before(async () => {
  scene = stack.use(await openScene())
  const rdf = stack.use(openRdfWorkers({ log: silentLog, metrics: createMetrics() }))
  const groups = { groups: () => new Map() } as never
  const authorizer = createWacAuthorizer({ acls: scene.homes, groups, acceptOrigin: false, rdf, log: silentLog })
  const grants = {
    isRevoked: (grant: string) => revoked.has(grant),
    stands: async (grant: string) => {
      lookUps++
      return !gone.has(grant)
    },
  }
  judge = createJudge({ homes: scene.homes, authorizer, grants, clock })
})
after(() => stack.disposeAsync())

async function protect(path: string, modes: string): Promise<void> {
  const acl = aclFor(scene.pod.base + path.slice(1), [{ who: { agent: bob }, modes }], alice)
  await scene.put(`${path}.acl`, acl)
}

test('Read on the topic decides, and each change of the rules counts at once', async () => {
  await scene.put('/r/a.txt', 'x', 'text/plain')
  assert.equal(await judge.mayRead(scene.pod, '/r/a.txt', { webId: bob }), false)
  await protect('/r/', 'R')
  assert.equal(await judge.mayRead(scene.pod, '/r/a.txt', { webId: bob }), true)
  assert.equal(await judge.mayRead(scene.pod, '/r/a.txt', {}), false)
  await protect('/r/', 'WA')
  assert.equal(await judge.mayRead(scene.pod, '/r/a.txt', { webId: bob }), false)
})

test('a deletion is judged by the rules that went with it, by these alone', async () => {
  const rules = (modes: number): string =>
    JSON.stringify([
      {
        agents: [bob],
        modes,
        everyone: false,
        authenticated: false,
        groups: [],
        origins: [],
        accessTo: [],
        default: [],
      },
    ])
  await scene.put('/d/a.txt', 'x', 'text/plain')
  const asked = async (modes: number, webId: string): Promise<boolean> =>
    judge.mayRead(scene.pod, '/d/a.txt', { webId }, rules(modes))
  assert.equal(await asked(1, bob), true)
  assert.equal(await asked(4, bob), false)
  assert.equal(await asked(1, alice), false, 'by the rules of now')
  assert.equal(await judge.mayRead(scene.pod, '/d/a.txt.acl', { webId: bob }, rules(1)), false)
  assert.equal(await judge.mayRead(scene.pod, '/d/a.txt.acl', { webId: bob }, rules(8)), true)
  gone.add('later')
  assert.equal(await judge.mayRead(scene.pod, '/d/a.txt', { webId: bob, grant: 'later' }, rules(1)), false)
})

test('it answers at once when rules and resource are in memory', async () => {
  await scene.put('/fast.txt', 'x', 'text/plain')
  await judge.mayRead(scene.pod, '/fast.txt', { webId: alice })
  assert.equal(judge.mayRead(scene.pod, '/fast.txt', { webId: alice }), true)
  assert.equal(typeof judge.stateOf(scene.pod, '/fast.txt'), 'string')
})

test('an ACL needs Control, a description Read of what it describes', async () => {
  await scene.put('/c/a.txt', 'x', 'text/plain')
  await protect('/c/', 'R')
  assert.equal(await judge.mayRead(scene.pod, '/c/a.txt.meta', { webId: bob }), true)
  assert.equal(await judge.mayRead(scene.pod, '/c/.acl', { webId: bob }), false)
  assert.equal(await judge.mayRead(scene.pod, '/c/.acl', { webId: alice }), true)
})

test('the state is the ETag that a GET answers, of documents and containers, and nothing of what is not there', async () => {
  await scene.put('/s/a.txt', 'x', 'text/plain')
  for (const path of ['/s/a.txt', '/s/', '/s/.meta']) {
    if (path.endsWith('.meta')) await scene.put(path, '<a> <b> <c>.')
    const { header } = await scene.ask('GET', path, { as: alice })
    assert.equal(await judge.stateOf(scene.pod, path), header('etag'), path)
  }
  assert.equal(await judge.stateOf(scene.pod, '/s'), undefined, 'the other slash form is another resource')
  assert.equal(await judge.stateOf(scene.pod, '/missing'), undefined)
})

test('what changed since a version is told apart from what did not', async () => {
  await scene.put('/w/a.txt', 'x', 'text/plain')
  const at = (await scene.store.head(scene.pod.id))!.version
  assert.equal(await judge.changedSince(scene.pod, '/w/a.txt', at), false)
  assert.equal(await judge.changedSince(scene.pod, '/w/', at), false)
  await scene.put('/w/b.txt', 'x', 'text/plain')
  assert.equal(await judge.changedSince(scene.pod, '/w/a.txt', at), false)
  assert.equal(await judge.changedSince(scene.pod, '/w/', at), true)
  const later = (await scene.store.head(scene.pod.id))!.version
  await scene.put('/w/.meta', '<a> <b> <c>.')
  assert.equal(await judge.changedSince(scene.pod, '/w/', later), true)
  assert.equal(await judge.changedSince(scene.pod, '/never', later), true)
})

test('a grant that was taken back silences what was subscribed with it, whoever it was', async () => {
  await scene.put('/g.txt', 'x', 'text/plain')
  const subscriber = { webId: alice, grant: 'one' }
  assert.equal(await judge.mayRead(scene.pod, '/g.txt', subscriber), true)
  revoked.add('one')
  assert.equal(await judge.mayRead(scene.pod, '/g.txt', subscriber), false)
  assert.equal(await judge.stands(subscriber), false)
  assert.equal(await judge.mayRead(scene.pod, '/g.txt', { webId: alice }), true)
})

test('a grant is looked up now and then only, and that it is gone is found when memory has forgotten it', async () => {
  const subscriber = { webId: alice, grant: 'two' }
  const before = lookUps
  for (let turn = 0; turn < 10; turn++) assert.equal(await judge.stands(subscriber), true)
  assert.equal(lookUps, before + 1)
  gone.add('two')
  clock.advance(20 * 60_000)
  assert.equal(await judge.stands(subscriber), false)
})

test('a grant that is taken back while it is looked up does not stand', async () => {
  const asked = judge.stands({ grant: 'three' })
  revoked.add('three')
  assert.equal(await asked, false)
})

test('a pod that is not here has no readers', async () => {
  const elsewhere = { ...scene.pod, id: '00000000-0000-7000-8000-000000000000' }
  await assert.rejects(async () => judge.stateOf(elsewhere, '/a'), /no such pod/i)
})
