// Two processes that both pass the fence of the same pods, which no healthy cluster has: whatever meets whatever, the database
// alone keeps the order. Each race runs again and again (XPOD_TEST_ROUNDS_RACES; 1 000 in CI).

import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'

import type { Op, Outcome } from '../../../src/pod/store/change.ts'
import type { PodStore } from '../../../src/pod/store/pod-store.ts'
import type { PodId } from '../../../src/pod/store/resource.ts'
import { rounds } from '../../support/needs.ts'
import { lacksPostgres } from '../../support/postgres-programs.ts'
import { openPostgresTestStore } from '../../support/postgres-store.ts'
import { changeOf, createPod, inlineBody, putOp } from '../../support/temporary-store.ts'
import { until } from '../../support/until.ts'

const count = rounds('RACES', 30)
const skip = { skip: lacksPostgres }
const noRepeats = ['xpod_db_repeats_total 0', 'xpod_db_repeats_total 0']

interface Pair extends AsyncDisposable {
  readonly one: PodStore
  readonly other: PodStore
  readonly url: string
  /** Transactions that had to be run again: locks that are taken first and in one order leave none. */
  repeats(): readonly string[]
}

async function openPair(): Promise<Pair> {
  await using stack = new AsyncDisposableStack()
  const one = stack.use(await openPostgresTestStore())
  const { url, instance, clock, objects } = one
  const other = stack.use(await openPostgresTestStore({ url, instance, clock, objects }))
  const owned = stack.move()
  const repeats = (): string[] =>
    [one, other].flatMap(({ metrics }) => /^xpod_db_repeats_total.*$/m.exec(metrics.render()) ?? [])
  return { one: one.store, other: other.store, url, repeats, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

async function commit(store: PodStore, pod: PodId, ...ops: Op[]): Promise<Outcome> {
  return store.commit(changeOf(pod, ops))
}

/** Who begins first changes from round to round. */
function both<T>(round: number, first: () => Promise<T>, second: () => Promise<T>): Promise<[T, T]> {
  if (round % 2 === 0) return Promise.all([first(), second()])
  const late = second()
  return Promise.all([first(), late])
}

function whyOf(outcome: Outcome): string {
  return outcome.ok ? 'ok' : outcome.why
}

test('a child created while its container is deleted: one of the two happens', skip, async () => {
  await using pair = await openPair()
  const { one, other } = pair
  const pod = await createPod(one, 'alice')
  for (let round = 0; round < count; round++) {
    const path = `/c${round}/`
    assert((await commit(one, pod, { kind: 'container', path })).ok)
    const body = inlineBody('1')
    const create: Op = { kind: 'create', container: path, wish: 'x', fallback: 'y', mediaType: 'a/b', body }
    const [made, gone] = await both(
      round,
      () => commit(one, pod, create),
      () => commit(other, pod, { kind: 'delete', path }),
    )
    const outcome = `${whyOf(made)} ${whyOf(gone)}`
    assert(['ok not-empty', 'missing ok'].includes(outcome), outcome)
    assert.equal((await one.find(pod, `${path}x`)).resource !== undefined, made.ok)
    assert.equal((await one.find(pod, path)).resource !== undefined, made.ok)
  }
  await assertWhole(one, pod)
  assert.deepEqual(pair.repeats(), noRepeats)
})

test('a document and a child of a container of its name: one of the two happens', skip, async () => {
  await using pair = await openPair()
  const { one, other } = pair
  const pod = await createPod(one, 'alice')
  for (let round = 0; round < count; round++) {
    const path = `/x${round}`
    const [flat, deep] = await both(
      round,
      () => commit(one, pod, putOp(path, '1')),
      () => commit(other, pod, putOp(`${path}/y`, '1')),
    )
    assert(['ok ancestor-is-document', 'slash-twin ok'].includes(`${whyOf(flat)} ${whyOf(deep)}`))
    assert.equal((await one.find(pod, path)).resource?.path, flat.ok ? path : `${path}/`)
  }
  await assertWhole(one, pod)
  assert.deepEqual(pair.repeats(), noRepeats)
})

test('two PUTs of one path: both happen, one after the other, and the later one stands', skip, async () => {
  await using pair = await openPair()
  const { one, other } = pair
  const pod = await createPod(one, 'alice')
  for (let round = 0; round < count; round++) {
    const path = `/p${round % 7}/x`
    const outcomes = await both(
      round,
      () => commit(one, pod, putOp(path, 'one')),
      () => commit(other, pod, putOp(path, 'other')),
    )
    const versions = outcomes.map((outcome) => (outcome.ok ? outcome.at : assert.fail(outcome.why)))
    const later = versions[0]!.seq > versions[1]!.seq ? 0 : 1
    assert.equal(Math.abs(versions[0]!.seq - versions[1]!.seq), 1)
    const { resource } = await one.find(pod, path)
    assert.deepEqual(resource!.version, versions[later])
    const body = await one.readBody(pod, resource!, new AbortController().signal)
    assert.equal(Buffer.from(body).toString(), ['one', 'other'][later])
  }
  await assertWhole(one, pod)
  assert.deepEqual(pair.repeats(), noRepeats)
})

test('batches that lock the same pods in other orders all end, and none is lost', skip, async () => {
  await using pair = await openPair()
  const { one, other } = pair
  const pods: PodId[] = []
  for (let index = 0; index < 6; index++) pods.push(await createPod(one, `p${index}`))
  await using holder = await openHolder(pair.url)
  for (let round = 0; round < count; round++) {
    const put = (store: PodStore, name: string) => (pod: PodId) => commit(store, pod, putOp(`/${name}${round}`, name))
    // Both have begun to lock, and stand at the same pod in the middle, or before it.
    const release = await holder.hold(pods[2 + (round % 2)]!)
    const running = Promise.all([...pods.map(put(one, 'a')), ...pods.toReversed().map(put(other, 'b'))])
    await until('both wait', () => holder.hasWaiting(2))
    await release()
    assert.deepEqual(
      (await running).filter((outcome) => !outcome.ok),
      [],
    )
  }
  for (const pod of pods) {
    assert.equal((await one.head(pod))!.version.seq, 1 + 2 * count)
    await assertWhole(one, pod)
  }
  assert.deepEqual(pair.repeats(), noRepeats)
})

interface Holder extends AsyncDisposable {
  /** Locks a pod; what it returns lets go. */
  hold(pod: PodId): Promise<() => Promise<void>>
  /** Whether so many transactions wait for locks. */
  hasWaiting(transactions: number): Promise<boolean>
}

async function openHolder(url: string): Promise<Holder> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return {
    async hold(pod) {
      await client.query('BEGIN')
      await client.query('SELECT FROM pod_head WHERE pod = (SELECT pod FROM pod WHERE id = $1) FOR UPDATE', [pod])
      return async () => void (await client.query('COMMIT'))
    },
    async hasWaiting(transactions) {
      await client.query('SELECT pg_stat_clear_snapshot()')
      const { rows } = await client.query<{ count: string }>(
        `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      )
      return Number(rows[0]!.count) === transactions
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}

/** Counters, feed and digest agree with the rows that are there. */
async function assertWhole(store: PodStore, pod: PodId): Promise<void> {
  const head = (await store.head(pod))!
  const rows = await collectRows(store, pod, '/')
  assert.equal(head.resources, rows.length)
  assert.equal(
    head.bytes,
    rows.reduce((sum, { size }) => sum + size + 256, 0),
  )
  const page = await store.changes(pod, { seq: 0, mark: 0 }, 1000)
  if (!('entries' in page)) return
  assert.deepEqual(
    page.entries.map(({ version }) => version.seq),
    Array.from({ length: Math.min(1000, head.version.seq) }, (_, index) => index + 1),
  )
}

async function collectRows(store: PodStore, pod: PodId, path: string): Promise<{ readonly size: number }[]> {
  const listed = await store.children(pod, path, undefined, 10_000)
  const rows: { readonly size: number }[] = [{ size: 0 }]
  for (const child of listed!.page) {
    if (child.kind === 'container') rows.push(...(await collectRows(store, pod, child.path)))
    else rows.push(child)
  }
  return rows
}
