// Who is dead, by two clocks: nodes with hearts of their own on one PostgreSQL, whose own clock the test moves. The clocks of the
// nodes go thirty times as fast, so that a lease is half a second.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { type Clock, systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { createMetrics } from '../../src/base/metrics.ts'
import { systemRandom } from '../../src/base/random.ts'
import { connectPostgres, openPostgres, type PostgresEngine } from '../../src/core/db/postgres/open.ts'
import { type Heartbeat, startHeartbeat } from '../../src/core/heartbeat/heartbeat.ts'
import { createAdoption } from '../../src/pod/store/postgres/adoption.ts'
import { createBeat } from '../../src/pod/store/postgres/beats.ts'
import type { PodHead } from '../../src/pod/store/resource.ts'
import { laterPodMigrations, podMigrations } from '../../src/pod/store/schema/migrations.ts'
import { lacksPostgres } from '../support/postgres-programs.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { until } from '../support/until.ts'

const speed = 30
const fast: Clock = {
  nowMs: () => systemClock.nowMs() * speed,
  monotonicMs: () => systemClock.monotonicMs() * speed,
  after: (ms, callback) => systemClock.after(ms / speed, callback),
  every: (ms, callback) => systemClock.every(ms / speed, callback),
}
const parts = { log: silentLog, metrics: createMetrics(), random: systemRandom }
const pod = 'p1'

let server: Promise<PostgresServer> | undefined

after(async () => (await server)?.[Symbol.asyncDispose]())

interface Node extends AsyncDisposable {
  readonly id: string
  readonly heart: Heartbeat
  /** Whether it became the pod's home. */
  adopts(): Promise<boolean>
}

interface World extends AsyncDisposable {
  readonly url: string
  readonly engine: PostgresEngine
  node(id: string): Promise<Node>
  /** From now on nodes are at this server. */
  moveTo(engine: PostgresEngine): void
  homeOf(): Promise<string>
}

/** A database whose clock is `later` ahead of its machine's. */
async function openWorld(): Promise<World> {
  await using stack = new AsyncDisposableStack()
  server ??= startPostgres()
  const url = await (await server).freshDatabase()
  const name = new URL(url).pathname.slice(1)
  const query = async (sql: string): Promise<unknown> => (await server!).query(sql, [], name)
  await query(`CREATE SCHEMA shim; CREATE TABLE shim.ahead AS SELECT interval '0 s' AS later;
    CREATE FUNCTION shim.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
      'SELECT pg_catalog.clock_timestamp() + later FROM shim.ahead'`)
  await query(`ALTER DATABASE ${name} SET search_path = public, shim, pg_catalog`)
  const migrations = [...podMigrations, ...laterPodMigrations]
  let engine = stack.use(await openPostgres({ ...parts, url, migrations, clock: systemClock }))
  await engine.write([
    {
      query: `INSERT INTO pod (pod, id, name, base, aliases, owners, quota_bytes, quota_resources, created_ms)
        VALUES (1, '${pod}', 'alice', 'https://h/alice/', '[]', '[]', 1, 1, 1)`,
      args: [],
    },
    {
      query: `INSERT INTO pod_head (pod, node, epoch, state, seq, mark, acl_seq, bytes, resources, digest, floor_seq,
        floor_mark, pins) VALUES (1, 'a', 1, 'active', 0, 0, 0, 0, 0, '', 0, 0, 0)`,
      args: [],
    },
  ])
  const owned = stack.move()
  const head = async (): Promise<PodHead> =>
    (await engine.read('SELECT node, epoch FROM pod_head', []))[0] as unknown as PodHead
  return {
    url,
    get engine() {
      return engine
    },
    async node(id) {
      const instance = systemRandom.uuid()
      await engine.call('INSERT INTO node (id, instance, place) VALUES (?, ?, ?)', [id, instance, id])
      const beat = (): ReturnType<ReturnType<typeof createBeat>> =>
        createBeat(engine, { node: id, instance, place: id })()
      const heart = await startHeartbeat({ ...parts, beat, clock: fast, onReplaced: () => undefined })
      return {
        id,
        heart,
        async adopts() {
          const adopt = createAdoption({ ...parts, db: engine, heartbeat: heart, node: id, instance })
          await adopt({ ...(await head()), pod })
          return (await head()).node === id
        },
        [Symbol.asyncDispose]: () => heart[Symbol.asyncDispose](),
      }
    },
    moveTo: (other) => void (engine = other),
    homeOf: async () => (await head()).node,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** The clock of the database jumps. */
async function jump({ engine }: World, by: string): Promise<void> {
  await engine.call(`UPDATE shim.ahead SET later = later + interval '${by}'`, [])
}

/** Longer than a lease and the time that a node must be seen dead. */
async function neverFor(ms: number, what: () => Promise<boolean>): Promise<void> {
  const endMs = fast.monotonicMs() + ms
  await until('the time is over', async () => {
    assert.equal(await what(), false)
    return fast.monotonicMs() > endMs
  })
}

test('a living home keeps its pods when the clock of the database jumps', { skip: lacksPostgres }, async () => {
  await using world = await openWorld()
  await using home = await world.node('a')
  await using other = await world.node('b')
  await neverFor(20_000, () => other.adopts())
  await jump(world, '1 hour')
  await neverFor(40_000, () => other.adopts())
  await jump(world, '-2 hours')
  await neverFor(20_000, () => other.adopts())
  assert.notEqual(home.heart.term(), 0)
})

test('a dead home is dead only when both clocks say so', { skip: lacksPostgres }, async () => {
  await using world = await openWorld()
  const home = await world.node('a')
  await using other = await world.node('b')
  await home[Symbol.asyncDispose]()
  await neverFor(30_000, () => other.adopts())
  await jump(world, '1 hour')
  assert.equal(await other.adopts(), true, 'it was seen dead long ago')
  assert.equal(await world.homeOf(), 'b')
})

test('a node that has just come has not seen anybody dead', { skip: lacksPostgres }, async () => {
  await using world = await openWorld()
  const home = await world.node('a')
  await home[Symbol.asyncDispose]()
  await jump(world, '1 hour')
  await using other = await world.node('b')
  await neverFor(10_000, () => other.adopts())
  await until('it has seen enough', () => other.adopts())
})

test('of several that take a pod over one gets it', { skip: lacksPostgres }, async () => {
  await using world = await openWorld()
  const home = await world.node('a')
  await using b = await world.node('b')
  await using c = await world.node('c')
  await home[Symbol.asyncDispose]()
  await jump(world, '1 hour')
  await until('they have seen enough', () => [b, c].every(({ heart }) => heart.seen('a')!.unchangedMs > 15_000))
  await Promise.all([b.adopts(), c.adopts(), b.adopts(), c.adopts()])
  const [row] = await world.engine.read('SELECT node, epoch FROM pod_head', [])
  assert.equal(row!.epoch, 2)
  assert.ok(row!.node === 'b' || row!.node === 'c')
})

test('who was replaced takes nothing over', { skip: lacksPostgres }, async () => {
  await using world = await openWorld()
  const home = await world.node('a')
  await using other = await world.node('b')
  await home[Symbol.asyncDispose]()
  await jump(world, '1 hour')
  await until('it has seen enough', () => other.heart.seen('a')!.unchangedMs > 14_000)
  await world.engine.call("UPDATE node SET instance = 'another', place = 'another' WHERE id = 'b'", [])
  await neverFor(10_000, () => other.adopts())
})

test('a promoted standby with old beats makes nobody take a living home for dead', {
  skip: lacksPostgres,
}, async () => {
  await using world = await openWorld()
  await using standby = await (await server!).standby()
  await using home = await world.node('a')
  await using other = await world.node('b')
  await jump(world, '1 hour')
  // From here on the standby hears of no beat.
  await standby.set({ primary_conninfo: '' })
  await until(
    'the standby is on its own',
    async () => (await standby.query('SELECT FROM pg_stat_wal_receiver')).length === 0,
  )
  await neverFor(30_000, () => other.adopts())
  await standby.promote()
  const name = new URL(world.url).pathname.slice(1)
  await using promoted = await connectPostgres({ ...parts, url: standby.url(name), clock: systemClock })
  // The one that would take over is there first, and finds beats that are older than any lease.
  const homeBeats = home.heart.term()
  assert.notEqual(homeBeats, 0)
  await promoted.call("UPDATE shim.ahead SET later = later + interval '1 hour'", [])
  world.moveTo(promoted)
  await neverFor(60_000, () => other.adopts())
  assert.notEqual(home.heart.term(), 0)
})
