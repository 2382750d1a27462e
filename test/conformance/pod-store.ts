// What every pod store must do, whatever it stands on. A function of a factory, so that each implementation runs the same
// tests; batches against the model are in pod-batches.ts.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { XpodError } from '../../src/base/errors.ts'
import type { ObjectStore } from '../../src/core/objects/object-store.ts'
import type { Change, Made, Outcome } from '../../src/pod/store/change.ts'
import type { PodStore } from '../../src/pod/store/pod-store.ts'
import type { PodId, PodRecord, Resource, Version } from '../../src/pod/store/resource.ts'
import type { FakeClock } from '../support/fake-clock.ts'
import { bodyOf, changeOf, chunksOf, createPod, inlineBody, podRecord, putOp } from '../support/temporary-store.ts'
import { until } from '../support/until.ts'

export interface PodStoreWorld extends AsyncDisposable {
  readonly store: PodStore
  readonly objects: ObjectStore
  readonly clock: FakeClock
}

const signal = new AbortController().signal
const limits = { maxBytes: 10_000_000, expectedBytes: undefined }
const large = new Uint8Array(100_000).fill(7)

export function podStoreSuite(name: string, open: () => Promise<PodStoreWorld>): void {
  describe(`${name}: committing`, () => committing(open))
  describe(`${name}: bodies`, () => bodies(open))
  describe(`${name}: versions and the feed`, () => versions(open))
  describe(`${name}: containers`, () => containers(open))
  describe(`${name}: the directory of pods`, () => directory(open))
}

async function put(store: PodStore, pod: PodId, path: string, content: string): Promise<Version> {
  return committed(await store.commit(changeOf(pod, [putOp(path, content)]))).at
}

function committed(outcome: Outcome): Extract<Outcome, { ok: true }> {
  assert(outcome.ok, JSON.stringify(outcome))
  return outcome
}

async function refused(outcome: Promise<Outcome>): Promise<string> {
  const { ok, ...rest } = await outcome
  assert(!ok, JSON.stringify(rest))
  return (rest as { why: string }).why
}

async function row(store: PodStore, pod: PodId, path: string): Promise<Resource> {
  const { resource } = await store.find(pod, path)
  assert(resource !== undefined, `${path} is there`)
  return resource
}

function failsWith(code: string): (error: unknown) => boolean {
  return (error) => error instanceof XpodError && error.code === code
}

function committing(open: () => Promise<PodStoreWorld>): void {
  test('a retried change returns its first outcome and happens once', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice')
    const change = changeOf(pod, [
      { kind: 'create', container: '/', wish: 'x', fallback: 'y', mediaType: 'a/b', body: inlineBody('1') },
    ])
    const first = await store.commit(change)
    assert.deepEqual(await store.commit(change), first)
    assert.equal((await store.children(pod, '/', undefined, 10))?.page.length, 1)
  })

  test('a retry counts before the requirements that it would fail now', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice')
    const change = changeOf(pod, [putOp('/x', '1')], { require: [{ kind: 'absent', path: '/x' }] })
    const first = await store.commit(change)
    assert.deepEqual(await store.commit(change), first)
    assert.equal(await refused(store.commit({ ...change, opId: 'other' })), 'exists')
  })

  test('ten creations of one name at once: one wins', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice')
    const changes = Array.from({ length: 10 }, (_, index) =>
      changeOf(pod, [putOp('/x', String(index))], { require: [{ kind: 'absent', path: '/x' }] }),
    )
    const outcomes = await Promise.all(changes.map((change) => store.commit(change)))
    assert.equal(outcomes.filter((outcome) => outcome.ok).length, 1)
  })

  test('a change at another epoch, or to a pod that is not active, is refused as moved', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice')
    assert.equal(await refused(store.commit(changeOf(pod, [putOp('/x', '1')], { epoch: 2 }))), 'moved')
    await store.directory.setState(pod, 'sealed')
    assert.equal(await refused(store.commit(changeOf(pod, [putOp('/x', '1')]))), 'moved')
    assert.equal(await refused(store.commit(changeOf('nobody', [putOp('/x', '1')]))), 'moved')
  })

  test('quota: nothing grows beyond it, what does not grow passes, ACLs may go 1 MiB over', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice', { bytes: 2000 })
    await put(store, pod, '/x', 'a'.repeat(1200))
    assert.equal(await refused(store.commit(changeOf(pod, [putOp('/y', 'a'.repeat(400))]))), 'quota')
    await put(store, pod, '/x', 'b'.repeat(1200))
    await put(store, pod, '/.acl', 'c'.repeat(5000))
    await put(store, pod, '/x', 'b'.repeat(1199))
    assert.equal(await refused(store.commit(changeOf(pod, [putOp('/x.acl', 'a'.repeat(1_048_576))]))), 'quota')
    committed(await store.commit(changeOf(pod, [{ kind: 'delete', path: '/x' }])))
  })

  test('a pod holds no more resources than its quota says', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice', { resources: 2 })
    await put(store, pod, '/x', '1')
    assert.equal(await refused(store.commit(changeOf(pod, [putOp('/y', '1')]))), 'quota')
    await put(store, pod, '/x.acl', '1')
  })

  test('a commit that touches a group document named by an ACL moves aclSeq, another does not', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice')
    await put(store, pod, '/group', '1')
    const groups = [{ acl: '/.acl', documents: ['/group'] }]
    const acl = committed(await store.commit(changeOf(pod, [putOp('/.acl', 'a')], { groups })))
    assert.equal(acl.aclSeq, acl.at.seq)
    const other = committed(await store.commit(changeOf(pod, [putOp('/other', '1')])))
    assert.equal(other.aclSeq, acl.aclSeq)
    const group = committed(await store.commit(changeOf(pod, [putOp('/group', '2')])))
    assert.equal(group.aclSeq, group.at.seq)
    await put(store, pod, '/.acl', 'without groups')
    const before = (await store.head(pod))!.aclSeq
    await put(store, pod, '/group', '3')
    assert.equal((await store.head(pod))!.aclSeq, before)
  })

  test('deleting a resource takes its ACL along and moves aclSeq', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice')
    await put(store, pod, '/x', '1')
    await put(store, pod, '/x.acl', '1')
    await put(store, pod, '/x.meta', '1')
    const gone = committed(await store.commit(changeOf(pod, [{ kind: 'delete', path: '/x' }])))
    assert.deepEqual(
      gone.made.map((made: Made) => made.path),
      ['/x', '/x.acl', '/x.meta'],
    )
    assert.equal(gone.aclSeq, gone.at.seq)
    assert.equal((await store.find(pod, '/x.acl')).resource, undefined)
  })
}

function bodies(open: () => Promise<PodStoreWorld>): void {
  async function stageAndPut(store: PodStore, pod: PodId, path: string, bytes: Uint8Array): Promise<Outcome> {
    await using staged = await store.stage(pod, chunksOf(bytes), limits, signal)
    return store.commit(changeOf(pod, [putOp(path, bodyOf(staged))]))
  }

  test('bodies of every size come back as they were sent', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice')
    for (const size of [0, 1, 16_384, 16_385, 1_000_000]) {
      const bytes = new Uint8Array(size).map((_, index) => (index * 31) & 0xff)
      committed(await stageAndPut(store, pod, '/x', bytes))
      const resource = await row(store, pod, '/x')
      assert.equal(resource.size, size)
      assert(Buffer.from(await store.readBody(pod, resource, signal)).equals(bytes))
    }
  })

  test('a range of a body is streamed, small or large', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice')
    for (const size of [1000, 300_000]) {
      const bytes = new Uint8Array(size).map((_, index) => index & 0xff)
      committed(await stageAndPut(store, pod, '/x', bytes))
      const chunks: Uint8Array[] = []
      for await (const chunk of store.streamBody(pod, await row(store, pod, '/x'), { start: 10, end: 499 }, signal)) {
        chunks.push(chunk)
      }
      assert(Buffer.concat(chunks).equals(bytes.subarray(10, 500)))
    }
  })

  test('a body above the limit, or shorter than announced, is refused and leaves nothing', async () => {
    await using world = await open()
    const { store, objects } = world
    const pod = await createPod(store, 'alice')
    const stage = (more: object): Promise<unknown> => store.stage(pod, chunksOf(large), { ...limits, ...more }, signal)
    await assert.rejects(stage({ maxBytes: 50_000 }), failsWith('BODY_TOO_LARGE'))
    await assert.rejects(stage({ maxBytes: 50_000, expectedBytes: 100_000 }), failsWith('BODY_TOO_LARGE'))
    await assert.rejects(stage({ expectedBytes: 100_001 }), failsWith('BODY_INCOMPLETE'))
    await until('the chores are done', async () => (await objects.list('', undefined, 10)).length === 0)
  })

  test('an aborted upload throws the reason and leaves nothing', async () => {
    await using world = await open()
    const { store, objects } = world
    const pod = await createPod(store, 'alice')
    const abort = new AbortController()
    const reason = new Error('gone')
    async function* body(): AsyncGenerator<Uint8Array> {
      yield large
      abort.abort(reason)
      yield large
    }
    await assert.rejects(store.stage(pod, body(), limits, abort.signal), reason)
    await until('the chores are done', async () => (await objects.list('', undefined, 10)).length === 0)
  })

  test('a staged body that was disposed cannot be committed any more', async () => {
    await using world = await open()
    const { store, objects } = world
    const pod = await createPod(store, 'alice')
    const staged = await store.stage(pod, chunksOf(large), limits, signal)
    await staged[Symbol.asyncDispose]()
    assert.equal(await refused(store.commit(changeOf(pod, [putOp('/x', bodyOf(staged))]))), 'stage-lost')
    await until('the chores are done', async () => (await objects.list('', undefined, 10)).length === 0)
  })

  test('a thousand uploads at once cannot pass the quota together', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice', { bytes: 1_000_000 })
    const uploads = Array.from({ length: 1000 }, () =>
      store.stage(pod, chunksOf(large.subarray(0, 70_000)), { ...limits, expectedBytes: 70_000 }, signal),
    )
    const results = await Promise.allSettled(uploads)
    const staged = results.filter((result) => result.status === 'fulfilled')
    assert.equal(staged.length, 14)
    for (const result of results) {
      if (result.status === 'rejected') assert(failsWith('QUOTA_EXCEEDED')(result.reason), String(result.reason))
    }
    for (const { value } of staged) await value[Symbol.asyncDispose]()
    await using again = await store.stage(pod, chunksOf(large), limits, signal)
    assert.equal(again.size, large.length)
  })

  test('a body that replaces another as large may be staged on a full pod', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice', { bytes: 101_000 })
    committed(await stageAndPut(store, pod, '/x', large))
    await assert.rejects(store.stage(pod, chunksOf(large), limits, signal), failsWith('QUOTA_EXCEEDED'))
    await using staged = await store.stage(pod, chunksOf(large), { ...limits, spareBytes: large.length }, signal)
    committed(await store.commit(changeOf(pod, [putOp('/x', bodyOf(staged))])))
  })
}

function versions(open: () => Promise<PodStoreWorld>): void {
  test('delete and re-create never repeats a version', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice')
    const first = await put(store, pod, '/x', '1')
    committed(await store.commit(changeOf(pod, [{ kind: 'delete', path: '/x' }])))
    const second = await put(store, pod, '/x', '1')
    assert.notDeepEqual(second, first)
    const require: Change['require'] = [{ kind: 'version', path: '/x', version: first }]
    assert.equal(await refused(store.commit(changeOf(pod, [putOp('/x', '2')], { require }))), 'version')
  })

  test('times go forward even when the clock does not', async () => {
    await using world = await open()
    const { store, clock } = world
    const pod = await createPod(store, 'alice')
    await put(store, pod, '/x', '1')
    const { modifiedMs } = await row(store, pod, '/x')
    clock.jump(-60_000)
    await put(store, pod, '/x', '2')
    assert.equal((await row(store, pod, '/x')).modifiedMs, modifiedMs + 1)
  })

  test('the feed names every key of every commit, ancestors and cascades included, in order', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice')
    const agent = { webId: 'https://bob.example/#me' }
    await store.commit(changeOf(pod, [putOp('/a/x', '12')], { agent }))
    await put(store, pod, '/a/x.meta', '1')
    await store.commit(changeOf(pod, [{ kind: 'delete', path: '/a/x' }]))
    const page = await store.changes(pod, { seq: 1, mark: (await firstEntry(store, pod)).mark }, 10)
    assert('entries' in page)
    const touched = page.entries.map((entry) => entry.touched.map(({ path, act }) => `${act} ${path}`))
    assert.deepEqual(touched, [
      ['create /a/x', 'create /a/'],
      ['create /a/x.meta'],
      ['delete /a/x', 'delete /a/x.meta'],
    ])
    assert.deepEqual(page.entries[0]!.agent, agent)
    assert.deepEqual(
      page.entries.map((entry) => entry.bytesDelta),
      [514, 257, -515],
    )
    assert.deepEqual(page.next, page.entries.at(-1)!.version)
  })

  test('the feed keeps the rules of an ACL that a deletion took along, and only with that entry', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice')
    const agent = { webId: 'https://bob.example/#me' }
    const ended = { subject: '/x', rules: '[{"agents":["https://carol.example/#\\u00e9"]}]' }
    await put(store, pod, '/x', '1')
    await store.commit(changeOf(pod, [{ kind: 'delete', path: '/x' }], { agent, ended }))
    await put(store, pod, '/x', '1')
    const page = await store.changes(pod, await firstEntry(store, pod), 10)
    assert('entries' in page)
    assert.deepEqual(
      page.entries.map((entry) => entry.ended),
      [undefined, ended, undefined],
    )
    assert.deepEqual(page.entries[1]!.agent, agent)
  })

  test('a position from another history is diverged, one before the floor is truncated', async () => {
    await using world = await open()
    const { store, clock } = world
    const pod = await createPod(store, 'alice')
    const at = await put(store, pod, '/x', '1')
    const changes = async (after: Version): Promise<unknown> => {
      const page = await store.changes(pod, after, 10)
      return 'gone' in page ? page.gone : page.entries.length
    }
    assert.equal(await changes(at), 0)
    assert.equal(await changes({ seq: at.seq, mark: at.mark ^ 1 }), 'diverged')
    assert.equal(await changes({ seq: at.seq + 5, mark: at.mark }), 'diverged')
    const first = await firstEntry(store, pod)
    clock.advance(25 * 3_600_000)
    await until('the chores are done', async () => (await changes(first)) === 'truncated')
    assert.equal(await changes(at), 0)
  })

  test('a pin keeps feed and replaced small bodies until it is gone, over its cap it is dropped', async () => {
    await using world = await open()
    const { store, clock } = world
    const pod = await createPod(store, 'alice')
    const at = await put(store, pod, '/x', 'old')
    const old = await row(store, pod, '/x')
    const untilMs = clock.nowMs() + 90 * 3_600_000
    await store.pin(pod, { name: 'move', from: at, untilMs, maxRows: 1000 })
    await store.pin(pod, { name: 'webhook', from: { seq: 1, mark: 0 }, untilMs, maxRows: 1 })
    await put(store, pod, '/x', 'new')
    clock.advance(30 * 3_600_000)
    await until('the chores are done', async () => 'gone' in (await store.changes(pod, { seq: 0, mark: 0 }, 10)))
    const page = await store.changes(pod, at, 10)
    assert('entries' in page && page.entries.length === 1)
    assert.equal(Buffer.from(await store.readBody(pod, old, signal)).toString(), 'old')
    await store.unpin(pod, 'move')
    clock.advance(60_000)
    await until('the chores are done', async () => 'gone' in (await store.changes(pod, at, 10)))
  })

  async function firstEntry(store: PodStore, pod: PodId): Promise<Version> {
    const page = await store.changes(pod, { seq: 0, mark: 0 }, 1)
    assert('entries' in page)
    return page.entries[0]!.version
  }
}

function containers(open: () => Promise<PodStoreWorld>): void {
  test('either slash form of a path finds the row; both forms never exist', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice')
    await put(store, pod, '/a/x', '1')
    assert.equal((await row(store, pod, '/a/x/')).path, '/a/x')
    assert.equal((await row(store, pod, '/a')).path, '/a/')
    assert.equal(await refused(store.commit(changeOf(pod, [putOp('/a', '1')]))), 'slash-twin')
    assert.equal(await refused(store.commit(changeOf(pod, [{ kind: 'container', path: '/a/x/' }]))), 'slash-twin')
    assert.equal(await refused(store.commit(changeOf(pod, [putOp('/a/x/y', '1')]))), 'ancestor-is-document')
    assert.equal(await refused(store.commit(changeOf(pod, [{ kind: 'delete', path: '/a/x/' }]))), 'missing')
    assert.equal(await refused(store.commit(changeOf(pod, [{ kind: 'delete', path: '/a/' }]))), 'not-empty')
    assert.equal(await refused(store.commit(changeOf(pod, [{ kind: 'delete', path: '/' }]))), 'not-empty')
  })

  test('a container deleted beside a child created in it: never an orphan', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice')
    for (let round = 0; round < 20; round++) {
      committed(await store.commit(changeOf(pod, [{ kind: 'container', path: '/c/' }])))
      const create = changeOf(pod, [
        { kind: 'create', container: '/c/', wish: 'x', fallback: 'y', mediaType: 'a/b', body: inlineBody('1') },
      ])
      const [gone, made] = await Promise.all([
        store.commit(changeOf(pod, [{ kind: 'delete', path: '/c/' }])),
        store.commit(create),
      ])
      assert.notEqual(gone.ok, made.ok)
      if (made.ok) await store.commit(changeOf(pod, [{ kind: 'delete', path: '/c/x' }]))
      if (made.ok) await store.commit(changeOf(pod, [{ kind: 'delete', path: '/c/' }]))
    }
  })

  test('a listing is paged in key order without auxiliaries', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice')
    const names = ['b', 'a%20x', 'c-d', 'a', 'B', 'c/', 'a.txt']
    for (const name of names) {
      const op = name.endsWith('/') ? ({ kind: 'container', path: `/l/${name}` } as const) : putOp(`/l/${name}`, '1')
      committed(await store.commit(changeOf(pod, [op])))
    }
    await put(store, pod, '/l/a.acl', '1')
    await put(store, pod, '/l/.meta', '1')
    const seen: string[] = []
    for (let after: string | undefined; ; ) {
      const page = await store.children(pod, '/l/', after, 2)
      if (page === undefined || page.page.length === 0) break
      seen.push(...page.page.map((child) => child.path))
      after = seen.at(-1)
    }
    const sorted = names.map((name) => `/l/${name}`).sort((a, b) => Buffer.compare(keyBytes(a), keyBytes(b)))
    assert.deepEqual(seen, sorted)
    assert.equal(await store.children(pod, '/nothing/', undefined, 10), undefined)
    assert.equal(await store.children(pod, '/l/a', undefined, 10), undefined)
  })

  test('an auxiliary needs its subject and makes no ancestors', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice')
    assert.equal(await refused(store.commit(changeOf(pod, [putOp('/x.acl', '1')]))), 'missing')
    assert.equal(await refused(store.commit(changeOf(pod, [putOp('/c/.meta', '1')]))), 'missing')
    await put(store, pod, '/x', '1')
    await put(store, pod, '/x.acl', '1')
    assert.equal(await refused(store.commit(changeOf(pod, [putOp('/x/.acl', '1')]))), 'missing')
    assert.equal(await refused(store.commit(changeOf(pod, [putOp('/x.acl.meta', '1')]))), 'missing')
    assert.equal(await refused(store.commit(changeOf(pod, [putOp('/y.acl/z', '1')]))), 'ancestor-is-document')
  })
}

function keyBytes(path: string): Buffer {
  return Buffer.from(path.replace(/\/$/, ''))
}

function directory(open: () => Promise<PodStoreWorld>): void {
  test('a pod is found by id and by name, listed by name, and its changes are told in order', async () => {
    await using world = await open()
    const { store } = world
    const told: string[] = []
    using _listener = store.directory.onChange((change) => {
      told.push(change.kind === 'put' ? `put ${change.record.name} ${change.record.quotaBytes}` : 'delete')
    })
    const bob = await createPod(store, 'bob')
    const alice = await createPod(store, 'alice')
    await store.directory.setQuota(alice, { bytes: 5, resources: 6 })
    const [shown, hidden] = ['https://a.example/#a', 'https://a.example/#b']
    await store.directory.setOwners(alice, { owners: [hidden, shown], shownOwners: [shown] })
    const record = await store.directory.get('alice')
    assert.equal(record?.id, alice)
    assert.deepEqual(record, await store.directory.get(alice))
    assert.deepEqual([record?.quotaBytes, record?.quotaResources], [5, 6])
    assert.deepEqual([record?.owners, record?.shownOwners], [[hidden, shown], [shown]])
    assert.deepEqual(
      (await store.directory.list(undefined, 10)).map((one) => one.name),
      ['alice', 'bob'],
    )
    assert.deepEqual(
      (await store.directory.list('alice', 10)).map((one) => one.id),
      [bob],
    )
    const each: PodRecord[] = []
    await store.directory.each((one) => each.push(one))
    assert.deepEqual(each.map((one) => one.id).sort(), [alice, bob].sort())
    assert.deepEqual(
      each.find((one) => one.id === alice),
      record,
    )
    await store.directory.delete(bob)
    assert.deepEqual(told, ['put bob 1000000000', 'put alice 1000000000', 'put alice 5', 'put alice 5', 'delete'])
  })

  test('a name is taken while its pod lives and reserved after; an administrator may reuse it', async () => {
    await using world = await open()
    const { store } = world
    const pod = await createPod(store, 'alice')
    await assert.rejects(createPod(store, 'alice'), failsWith('POD_EXISTS'))
    await store.directory.delete(pod)
    await assert.rejects(createPod(store, 'alice'), failsWith('POD_NAME_RESERVED'))
    await store.directory.create(
      { record: podRecord('alice'), ops: [{ kind: 'container', path: '/' }] },
      { reuseName: true },
    )
    assert.notEqual((await store.directory.get('alice'))?.id, pod)
  })

  test('a deleted pod is gone at once, emptied beside, and its blobs go in time', async () => {
    await using world = await open()
    const { store, objects, clock } = world
    const pod = await createPod(store, 'alice')
    await using staged = await store.stage(pod, chunksOf(large), limits, signal)
    committed(await store.commit(changeOf(pod, [putOp('/large', bodyOf(staged))])))
    for (let index = 0; index < 30; index++) await put(store, pod, `/f/${index}`, 'x')
    await store.directory.delete(pod)
    assert.equal(await store.directory.get('alice'), undefined)
    assert.equal(await refused(store.commit(changeOf(pod, [putOp('/x', '1')]))), 'moved')
    await until('the chores are done', async () => (await store.head(pod)) === undefined)
    assert.equal((await objects.list('', undefined, 10)).length, 1)
    clock.advance(25 * 3_600_000)
    await until('the chores are done', async () => (await objects.list('', undefined, 10)).length === 0)
  })

  test('an import keeps versions, times and the digest, and may come twice', async () => {
    await using world = await open()
    const { store } = world
    const from = await createPod(store, 'alice')
    await put(store, from, '/a/x', 'hello')
    await put(store, from, '/a/x.acl', 'rules')
    const source = (await store.head(from))!
    const entries = []
    for (const path of ['/', '/a/', '/a/x', '/a/x.acl']) {
      const resource = await row(store, from, path)
      const body = resource.bodyRef === undefined ? undefined : await store.readBody(from, resource, signal)
      entries.push({ resource, body, deleted: false })
    }
    const to = await createPod(store, 'copy')
    await assert.rejects(store.apply(to, entries), failsWith('POD_READ_ONLY'))
    await store.directory.setState(to, 'staging')
    await store.apply(to, entries)
    await store.apply(to, entries)
    const target = (await store.head(to))!
    assert.deepEqual(target.digest, source.digest)
    assert.deepEqual([target.bytes, target.resources, target.aclSeq], [source.bytes, source.resources, source.aclSeq])
    assert.deepEqual(target.version, source.version)
    const { bodyRef: _, ...copied } = await row(store, to, '/a/x')
    const { bodyRef: __, ...original } = await row(store, from, '/a/x')
    assert.deepEqual(copied, original)
  })
}
