// The commit function reaches every table by its index, with one and the same plan whether the tables hold ten rows or a
// million (store rule 4; XPOD_TEST_ROUNDS_ROWS says how many): a plan that changes with the feed's growth once cost two
// thirds of the speed. Reads do not go through whole tables either.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'

import { encodeParameter, numberPlaceholders } from '../../../src/core/db/postgres/values.ts'
import type { PodStore } from '../../../src/pod/store/pod-store.ts'
import { commitQuery, commitValues, encodeBatch } from '../../../src/pod/store/postgres/call.ts'
import { compile } from '../../../src/pod/store/postgres/lines.ts'
import type { PodId } from '../../../src/pod/store/resource.ts'
import { rounds } from '../../support/needs.ts'
import { lacksPostgres } from '../../support/postgres-programs.ts'
import { openPostgresTestStore, type PostgresTestStore } from '../../support/postgres-store.ts'
import { changeOf, createPod, inlineBody, putOp } from '../../support/temporary-store.ts'
import { until } from '../../support/until.ts'

const manyRows = rounds('ROWS', 20_000)
const reads = 20

test('commits have the same index plan at ten rows and at very many; reads use indexes', {
  skip: lacksPostgres,
}, async () => {
  await using world = await openPostgresTestStore()
  const { store } = world
  const pod = await createPod(store, 'alice')
  for (let index = 0; index < 5; index++) await store.commit(changeOf(pod, [putOp(`/a/${index}`, 'x')]))
  const small = await planOf(world, pod)
  await fill(world)
  const large = await planOf(world, pod)
  assert.deepEqual(large, small)
  for (const table of ['resource', 'feed', 'pod_head', 'stage', 'group_ref', 'body', 'pod', 'node']) {
    const scans = [...small.entries()].filter(([, step]) => new RegExp(`Scan .*on ${table}\\b`).test(step))
    assert(scans.length > 0, `${table} is looked into`)
    for (const [index, scan] of scans) {
      assert.match(scan, /(?:Index|Index Only|Tid) Scan/)
      assert.match(small[index + 1]!, /(?:Index|TID) Cond: /, `${scan} looks for something`)
    }
  }
  await assertReadsUseIndexes(world, store, pod)
})

/** The steps of every statement of the function, as a new session plans them. */
async function planOf({ url, instance, clock }: PostgresTestStore, pod: PodId): Promise<string[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('ANALYZE')
    await client.query("LOAD 'auto_explain'")
    await client.query('SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on')
    await client.query('SET client_min_messages = log')
    const plans: string[] = []
    client.on('notice', ({ message }) => plans.push(message ?? ''))
    const stamp = { node: 'node-1', instance, nowMs: clock.nowMs(), isRoomLow: false }
    const change = changeOf(pod, [putOp(`/a/${crypto.randomUUID()}`, 'x'), { kind: 'delete', path: '/nothing' }])
    const { rows } = await client.query<{ pod: string }>('SELECT pod FROM pod WHERE id = $1', [pod])
    plans.length = 0
    const local = [Number(rows[0]!.pod)]
    const values = commitValues(stamp, local, encodeBatch([{ change, compiled: compile(change), mark: 1 }], local))
    const answer = await client.query<{ answer: string }>(numberPlaceholders(commitQuery), values.map(encodeParameter))
    assert.match(answer.rows[0]!.answer, /"missing"/)
    return plans.flatMap((plan) => plan.split('\n')).flatMap(stepOf)
  } finally {
    await client.end()
  }
}

/** A step without its costs, or what it looks for. */
function stepOf(line: string): string[] {
  const cut = line.indexOf('  (cost=')
  if (cut >= 0) return [line.slice(0, cut)]
  return /(?:Index|TID) Cond: /.test(line) ? [line] : []
}

/** On a connection of its own, because it takes longer than the engine lets a statement take. */
async function fill({ url }: PostgresTestStore): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const numbers = `generate_series(1000, ${999 + manyRows}) n`
    await client.query(
      `INSERT INTO resource (pod, parent, name, kind, seq, mark, child_seq, media_type, size, sha256, modified_ms, d)
       SELECT n % 100, '/f' || n / 1000, 'n' || n, 1, n, 1, 0, 'a/b', 1, '', 1, decode(repeat('00', 16), 'hex') FROM ${numbers}`,
    )
    await client.query(
      `INSERT INTO feed (pod, seq, mark, epoch, at_ms, op_id, agent, bytes_delta, acl_seq, touched, parents)
       SELECT n % 100, n, 1, 1, 1, 'op' || n, '{}', 0, 0, '[]', '[]' FROM ${numbers}`,
    )
  } finally {
    await client.end()
  }
}

async function assertReadsUseIndexes(world: PostgresTestStore, store: PodStore, pod: PodId): Promise<void> {
  const query = `SELECT sum(seq_scan)::bigint AS whole, sum(idx_scan)::bigint AS by_index FROM pg_stat_user_tables
    WHERE relname IN ('resource', 'feed')`
  const counted = async (): Promise<{ whole: number; by_index: number }> =>
    (await world.db.read(query, []))[0]! as never
  const put = await store.commit(changeOf(pod, [putOp('/a/b/c', inlineBody('x'))]))
  assert(put.ok)
  // What was counted so far has reached the shared numbers once they stand still.
  let before = await counted()
  await until('the numbers stand still', async () => {
    const last = before
    before = await counted()
    return last.by_index === before.by_index
  })
  for (let index = 0; index < reads; index++) {
    const { resource } = await store.find(pod, '/a/b/c')
    await store.readBody(pod, resource!, new AbortController().signal)
    await store.children(pod, '/a/', undefined, 10)
    await store.changes(pod, put.at, 10)
  }
  let after = before
  await until('the reads are counted', async () => (after = await counted()).by_index >= before.by_index + 3 * reads)
  // What the server counted late, and its chores, are a few; one kind of read that went through a table would be all of them.
  assert.ok(after.whole - before.whole < reads, `${after.whole - before.whole} scans of whole tables`)
}
