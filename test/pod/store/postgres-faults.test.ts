// What the store does when the database fails it: answers lost on the way, a server that is killed, a statement that fails
// because of one change, a body that goes while it is committed, another run of the same node. Real servers, real sockets.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'

import { XpodError } from '../../../src/base/errors.ts'
import type { Change, Outcome } from '../../../src/pod/store/change.ts'
import type { PodStore } from '../../../src/pod/store/pod-store.ts'
import type { PodId } from '../../../src/pod/store/resource.ts'
import { lacksPostgres } from '../../support/postgres-programs.ts'
import { startPostgres } from '../../support/postgres-server.ts'
import { openPostgresTestStore } from '../../support/postgres-store.ts'
import { sharedPostgres } from '../../support/stores.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'
import { bodyOf, changeOf, chunksOf, createPod, inlineBody, putOp } from '../../support/temporary-store.ts'
import { until } from '../../support/until.ts'

const skip = { skip: lacksPostgres }
const signal = new AbortController().signal
const limits = { maxBytes: 10_000_000, expectedBytes: undefined }

function throughPort(url: string, port: number): string {
  const changed = new URL(url)
  changed.port = String(port)
  return changed.href
}

/** Each of these changes stands in the feed once, and none besides. */
async function assertOnce(store: PodStore, pod: PodId, changes: readonly Change[]): Promise<void> {
  const page = await store.changes(pod, { seq: 1, mark: await firstMark(store, pod) }, 1000)
  assert('entries' in page)
  assert.deepEqual(page.entries.map(({ opId }) => opId).sort(), changes.map(({ opId }) => opId).sort())
}

async function firstMark(store: PodStore, pod: PodId): Promise<number> {
  const page = await store.changes(pod, { seq: 0, mark: 0 }, 1)
  assert('entries' in page)
  return page.entries[0]!.version.mark
}

test(
  'a connection that is cut at any byte of a commit and its answer: it happens once, and is answered',
  skip,
  async () => {
    const server = await sharedPostgres()
    await using proxy = await startTcpProxy(server.port)
    const url = throughPort(await server.freshDatabase(), proxy.port)
    await using world = await openPostgresTestStore({ url })
    const { store } = world
    const pod = await createPod(store, 'alice')
    const changes: Change[] = []
    for (let round = 0; round < 24; round++) {
      const change = changeOf(pod, [putOp(`/x${round % 3}`, String(round))])
      changes.push(change)
      const direction = round % 2 === 0 ? 'received' : 'sent'
      const cut = proxy.cutAfter(round * (direction === 'sent' ? 60 : 15), direction)
      const outcome = await store.commit(change)
      assert(outcome.ok)
      assert.equal(outcome.at.seq, 2 + round)
      await proxy.heal()
      void cut
    }
    await assertOnce(store, pod, changes)
  },
)

test('a server that is killed under load: what was answered is there, and a retry has one effect', skip, async () => {
  await using server = await startPostgres()
  await using world = await openPostgresTestStore({ url: await server.freshDatabase() })
  const { store } = world
  const pods = await Promise.all(['a', 'b', 'c'].map((name) => createPod(store, name)))
  const changes: Change[] = []
  const answered = new Set<string>()
  let isOver = false
  async function write(pod: PodId): Promise<void> {
    for (let index = 0; !isOver; index++) {
      const change = changeOf(pod, [putOp(`/x${index}`, 'x')])
      changes.push(change)
      await until('it is answered', () => attempt(change), 30_000)
      answered.add(change.opId)
    }
  }
  async function attempt(change: Change): Promise<boolean> {
    try {
      return (await store.commit(change)).ok
    } catch (error) {
      if (error instanceof XpodError && error.retryable) return false
      throw error
    }
  }
  const writers = pods.map(write)
  for (let round = 1; round <= 3; round++) {
    await until('something is answered', () => answered.size >= round * 20, 30_000)
    await server.restart('kill')
  }
  isOver = true
  await Promise.all(writers)
  for (const pod of pods)
    await assertOnce(
      store,
      pod,
      changes.filter((change) => change.pod === pod),
    )
})

test('a change that the database refuses fails alone', skip, async () => {
  await using world = await openPostgresTestStore()
  const { store } = world
  const pod = await createPod(store, 'alice')
  const poisoned = { kind: 'put', path: '/p', mediaType: 'a/b\0', body: inlineBody('x') } as const
  const results = await Promise.allSettled([
    store.commit(changeOf(pod, [putOp('/a', '1')])),
    store.commit(changeOf(pod, [poisoned])),
    store.commit(changeOf(pod, [putOp('/b', '1')])),
  ])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.equal((await store.head(pod))!.version.seq, 3)
})

test('a body that goes between judging and writing is refused as lost', skip, async () => {
  await using world = await openPostgresTestStore()
  const { store, url } = world
  const pod = await createPod(store, 'alice')
  await using staged = await store.stage(pod, chunksOf(new Uint8Array(100_000)), limits, signal)
  const sweeper = new pg.Client({ connectionString: url })
  await sweeper.connect()
  let outcome: Promise<Outcome>
  try {
    await sweeper.query('BEGIN')
    await sweeper.query('DELETE FROM stage')
    outcome = store.commit(changeOf(pod, [putOp('/x', bodyOf(staged))]))
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    await until('the commit waits for the row', async () => (await world.db.read(waiting, [])).length > 0)
    await sweeper.query('COMMIT')
  } finally {
    await sweeper.end()
  }
  assert.deepEqual(await outcome, { ok: false, why: 'stage-lost', at: '/x' })
  assert.equal((await store.find(pod, '/x')).resource, undefined)
})

test('a new run of a node ends what the old one may write, and sweeps what it staged', skip, async () => {
  await using old = await openPostgresTestStore()
  const pod = await createPod(old.store, 'alice')
  const staged = await old.store.stage(pod, chunksOf(new Uint8Array(100_000)), limits, signal)
  await using again = await openPostgresTestStore({ url: old.url, objects: old.objects, clock: old.clock })
  const late = await old.store.commit(changeOf(pod, [putOp('/x', bodyOf(staged))]))
  assert.deepEqual(late, { ok: false, why: 'moved', at: '/' })
  assert((await again.store.commit(changeOf(pod, [putOp('/y', '1')]))).ok)
  await until('the body is swept', async () => (await old.objects.list('', undefined, 10)).length === 0)
})

test('a new run of a node begins when what the old one was writing is over', skip, async () => {
  await using old = await openPostgresTestStore()
  const pod = await createPod(old.store, 'alice')
  const holder = new pg.Client({ connectionString: old.url })
  await holder.connect()
  try {
    await holder.query('BEGIN')
    await holder.query('SELECT FROM pod_head FOR UPDATE')
    const written = old.store.commit(changeOf(pod, [putOp('/x', '1')]))
    const waiting = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    await until('the commit waits', async () => (await old.db.read(waiting, [])).length === 1)
    let isOpen = false
    const opening = openPostgresTestStore({ url: old.url, objects: old.objects, clock: old.clock }).finally(
      () => (isOpen = true),
    )
    await until('the new run waits, or has begun', async () => isOpen || (await old.db.read(waiting, [])).length === 2)
    assert.equal(isOpen, false)
    await holder.query('COMMIT')
    await using again = await opening
    assert((await written).ok)
    assert((await again.store.find(pod, '/x')).resource !== undefined)
  } finally {
    await holder.end()
  }
})

test('a center that lives keeps what it stages while another one sweeps', skip, async () => {
  await using one = await openPostgresTestStore()
  const pod = await createPod(one.store, 'alice')
  await using staged = await one.store.stage(pod, chunksOf(new Uint8Array(100_000)), limits, signal)
  const { url, objects, clock } = one
  await using other = await openPostgresTestStore({ url, objects, clock, node: 'node-2' })
  // Its first sweep is over once something that came later is swept.
  const other2 = await createPod(other.store, 'bob')
  const thrown = await other.store.stage(other2, chunksOf(new Uint8Array(100_000)), limits, signal)
  await thrown[Symbol.asyncDispose]()
  await until('the other body is swept', async () => (await objects.list('', undefined, 10)).length === 1)
  assert((await one.store.commit(changeOf(pod, [putOp('/x', bodyOf(staged))]))).ok)
})
