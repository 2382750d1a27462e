// PostgreSQL that goes away, stands still, takes no writes or changes place: nothing that was acknowledged is lost, nothing
// happens twice, callers are told at once, and it is found again.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { systemClock } from '../../../src/base/clock.ts'
import { toXpodError, XpodError } from '../../../src/base/errors.ts'
import { silentLog } from '../../../src/base/log.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import { systemRandom } from '../../../src/base/random.ts'
import type { Migration } from '../../../src/core/db/migrations.ts'
import { connectPostgres, openPostgres, type PostgresEngine } from '../../../src/core/db/postgres/open.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { lacksPostgres } from '../../support/postgres-programs.ts'
import { startPostgres } from '../../support/postgres-server.ts'
import { sharedPostgres } from '../../support/stores.ts'
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'

const skip = lacksPostgres
const table: Migration = {
  number: 1,
  name: 'one',
  sql: '',
  postgres: 'CREATE TABLE one (id text PRIMARY KEY, n bigint NOT NULL); INSERT INTO one VALUES (0, 0)',
}
const parts = { log: silentLog, clock: systemClock, metrics: createMetrics(), random: systemRandom }
const timeouts = { statementMs: 500, lockMs: 300, idleMs: 500, connectMs: 500, resolveMs: 5000 }
const add = { query: "UPDATE one SET n = n + 1 WHERE id = '0'", args: [], expect: 1 }

function failsWith(code: string, detail = /^/): (error: unknown) => boolean {
  return (error) => error instanceof XpodError && error.code === code && detail.test(error.detail)
}

interface Proxied extends AsyncDisposable {
  readonly proxy: TcpProxy
  /** Through the proxy. */
  readonly db: PostgresEngine
  /** Beside it. */
  count(): Promise<number>
}

async function openProxied(poolSize = 1): Promise<Proxied> {
  await using stack = new AsyncDisposableStack()
  const server = await sharedPostgres()
  const url = await server.freshDatabase()
  const proxy = stack.use(await startTcpProxy(server.port))
  const through = url.replace(`:${server.port}/`, `:${proxy.port}/`)
  const direct = stack.use(await openPostgres({ ...parts, url, migrations: [table] }))
  const db = stack.use(await openPostgres({ ...parts, url: through, migrations: [table], poolSize, timeouts }))
  const owned = stack.move()
  return {
    proxy,
    db,
    count: async () => (await direct.read<{ n: number }>("SELECT n FROM one WHERE id = '0'", []))[0]!.n,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

for (const direction of ['sent', 'received'] as const) {
  test(`a write whose connection breaks after any byte that was ${direction} happens once`, { skip }, async () => {
    await using world = await openProxied()
    const { proxy, db, count } = world
    await db.write([add])
    const before = proxy[direction]
    await db.write([add])
    const bytes = proxy[direction] - before
    assert.ok(bytes > 40, `${bytes} bytes`)
    let expected = 2
    for (let at = 0; at < bytes; at += 5) {
      const cut = proxy.cutAfter(at, direction)
      assert.deepEqual(await db.write([add]), { ok: true, changed: [1] }, `after ${at} bytes`)
      await cut
      assert.equal(await count(), ++expected, `after ${at} bytes`)
    }
  })
}

test('a call that may be repeated is, one that may not says that nobody knows', { skip }, async () => {
  await using world = await openProxied()
  const { proxy, db, count } = world
  const query = 'INSERT INTO one VALUES (?, 1) ON CONFLICT (id) DO NOTHING RETURNING id'
  const before = proxy.received
  await db.call(query, ['a'])
  const bytes = proxy.received - before
  const cut = proxy.cutAfter(bytes - 8, 'received')
  assert.deepEqual(await db.call(query, ['b'], { repeatable: true }), [])
  await cut
  const another = proxy.cutAfter(bytes - 8, 'received')
  await assert.rejects(db.call(query, ['c']), failsWith('OUTCOME_UNKNOWN'))
  await another
  assert.deepEqual(await db.read('SELECT id FROM one ORDER BY id', []), [
    { id: '0' },
    { id: 'a' },
    { id: 'b' },
    { id: 'c' },
  ])
  assert.equal(await count(), 0)
})

test('a read is tried on another connection', { skip }, async () => {
  await using world = await openProxied()
  const { proxy, db } = world
  await db.read('SELECT 1 AS one', [])
  const cut = proxy.cutAfter(3, 'received')
  assert.deepEqual(await db.read('SELECT 1 AS one', []), [{ one: 1 }])
  await cut
})

test('while it is away everybody is told at once, attempts are few, and it is found again', { skip }, async () => {
  await using world = await openProxied(4)
  const { proxy, db } = world
  await proxy.refuse()
  await until('it is down', async () => {
    await db.read('SELECT 1 AS one', []).catch(() => [])
    return !db.isUp
  })
  const startMs = performance.now()
  const asks = Array.from({ length: 100 }, () => db.write([add]))
  for (const result of await Promise.allSettled(asks)) {
    assert.ok(result.status === 'rejected' && failsWith('DATABASE_UNAVAILABLE')(result.reason))
    assert.equal(toXpodError(result.reason).status, 503)
  }
  assert.ok(performance.now() - startMs < 500)
  await proxy.heal()
  const accepted = proxy.accepted
  await until('it is up again', () => db.isUp)
  assert.ok(proxy.accepted - accepted <= 2)
  assert.deepEqual(await db.write([add]), { ok: true, changed: [1] })
})

test('a connection that nothing comes through any more is left', { skip }, async () => {
  await using world = await openProxied()
  const { proxy, db, count } = world
  await db.read('SELECT 1 AS one', [])
  proxy.halfOpen()
  await assert.rejects(db.read('SELECT 1 AS one', []), failsWith('DATABASE_UNAVAILABLE'))
  proxy.cut()
  await proxy.heal()
  await until('it is up again', () => db.isUp)
  await db.write([add])
  assert.equal(await count(), 1)
})

test('a server that takes no writes: writes are told so, reads go on, and later both work', { skip }, async () => {
  const server = await sharedPostgres()
  await using db = await openPostgres({ ...parts, url: await server.freshDatabase(), migrations: [table] })
  await server.set({ default_transaction_read_only: 'on' })
  try {
    await until('writes are refused', () =>
      db.write([add]).then(
        () => false,
        (error: unknown) => failsWith('DATABASE_READ_ONLY')(error),
      ),
    )
    assert.equal((await db.read('SELECT n FROM one', [])).length, 1)
  } finally {
    await server.set({ default_transaction_read_only: 'off' })
  }
  await until('writes work again', () =>
    db.write([add]).then(
      () => true,
      () => false,
    ),
  )
})

test('a commit that no standby confirms is not acknowledged', { skip }, async () => {
  await using server = await startPostgres()
  const url = await server.freshDatabase()
  const hasty = { ...timeouts, resolveMs: 1000 }
  await using db = await openPostgres({ ...parts, url, migrations: [table], timeouts: hasty })
  await server.set({ synchronous_standby_names: 'nobody' })
  const writing = db.write([add])
  // Somebody ends the wait: committed here, says the server, and only warns that it may be nowhere else.
  const end = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
  const [, ended] = await Promise.all([
    assert.rejects(writing, failsWith('OUTCOME_UNKNOWN')),
    until('it waits for the standby', async () => (await server.query(end)).length),
  ])
  assert.equal(ended, 1)
  await server.set({ synchronous_standby_names: '' })
  await until('it is confirmed', () =>
    db.write([add]).then(
      () => true,
      () => false,
    ),
  )
})

test('a server that starts later is waited for, wrong settings are not', { skip }, async () => {
  await using server = await startPostgres()
  const url = await server.freshDatabase()
  await server.stop()
  const opening = openPostgres({ ...parts, url, migrations: [table] })
  await server.start()
  await using db = await opening
  assert.deepEqual(await db.write([add]), { ok: true, changed: [1] })
})

test('marks of writes go after a while', { skip }, async () => {
  const clock = createFakeClock()
  const url = await (await sharedPostgres()).freshDatabase()
  await using db = await openPostgres({ ...parts, url, migrations: [table], clock })
  const old =
    "INSERT INTO write_mark SELECT n, clock_timestamp() - interval '1 hour' FROM generate_series(1, 1200) AS n"
  await db.write([{ query: old, args: [] }])
  clock.advance(60_000)
  await until('only the new one is left', async () => {
    const [row] = await db.read<{ n: number }>('SELECT count(*) AS n FROM write_mark', [])
    return row!.n === 1
  })
})

test('restarts under load: what was acknowledged is there, nothing is there twice', {
  skip,
  timeout: 60_000,
}, async () => {
  await using server = await startPostgres()
  await using db = await openPostgres({ ...parts, url: await server.freshDatabase(), migrations: [table], timeouts })
  const acknowledged: string[] = []
  const failures = new Set<string>()
  const stop = new AbortController()
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    for (let n = 0; !stop.signal.aborted; n++) {
      const id = `${writer} ${n}`
      try {
        // A second time it would fail: what is not marked as done is not run again.
        await db.write([{ query: 'INSERT INTO one VALUES (?, 1)', args: [id] }, add])
        acknowledged.push(id)
      } catch (error) {
        failures.add(toXpodError(error).code)
        await until('it is up', () => db.isUp || stop.signal.aborted, 20_000)
      }
    }
  })
  for (const mode of ['fast', 'immediate', 'kill'] as const) {
    const before = acknowledged.length
    await until('writes go through', () => acknowledged.length > before + 50, 20_000)
    await server.restart(mode)
  }
  const before = acknowledged.length
  await until('writes go through', () => acknowledged.length > before + 50, 20_000)
  stop.abort()
  await Promise.all(writers)
  const stored = new Set((await db.read<{ id: string }>('SELECT id FROM one', [])).map(({ id }) => id))
  assert.deepEqual(
    acknowledged.filter((id) => !stored.has(id)),
    [],
  )
  const [sum] = await db.read<{ n: number }>("SELECT n FROM one WHERE id = '0'", [])
  assert.equal(sum?.n, stored.size - 1)
  for (const code of failures) assert.ok(['DATABASE_UNAVAILABLE', 'OVERLOADED', 'OUTCOME_UNKNOWN'].includes(code), code)
})

test('of two hosts the one that takes writes is used, and after a failover the other', {
  skip,
  timeout: 60_000,
}, async () => {
  await using first = await startPostgres()
  const url = await first.freshDatabase()
  await using second = await first.standby()
  const standbyUrl = url.replace(`:${first.port}/`, `:${second.port}/`)
  await assert.rejects(
    connectPostgres({ ...parts, url: standbyUrl, startWithinMs: 0 }),
    failsWith('DATABASE_UNAVAILABLE', /standby/),
  )
  const both = url.replace(`127.0.0.1:${first.port}/`, `127.0.0.1:${second.port},127.0.0.1:${first.port}/`)
  await using db = await openPostgres({ ...parts, url: both, migrations: [table], timeouts })
  await db.write([add])
  await until('the standby has it', async () => {
    const name = new URL(url).pathname.slice(1)
    const rows = await second.query<{ n: string }>("SELECT n FROM one WHERE id = '0'", [], name).catch(() => [])
    return rows[0]?.n === '1'
  })
  await first.stop('kill')
  await second.promote()
  await until('writes go through', () =>
    db.write([add]).then(
      () => true,
      () => false,
    ),
  )
  assert.deepEqual(await db.read("SELECT n FROM one WHERE id = '0'", []), [{ n: 2 }])
})

test('of two hosts the one that takes writes is preferred to one that is set to read-only', { skip }, async () => {
  const first = await sharedPostgres()
  const url = await first.freshDatabase()
  const name = new URL(url).pathname.slice(1)
  await using second = await startPostgres()
  await first.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`)
  await second.query(`CREATE DATABASE ${name}`)
  const portOf = async (text: string): Promise<number> => {
    await using db = await connectPostgres({ ...parts, url: text, timeouts })
    return (await db.read<{ port: number }>("SELECT current_setting('port')::bigint AS port", []))[0]!.port
  }
  const both = url.replace(`:${first.port}/`, `:${first.port},127.0.0.1:${second.port}/`)
  assert.equal(await portOf(both), second.port)
  assert.equal(await portOf(url), first.port, 'better than none')
})

test('the pauses between attempts grow, and are not the same for everybody', { skip }, async () => {
  for (const [drawn, expected] of [
    [0, [50, 100, 200]],
    [2 ** 32 - 1, [100, 200, 400]],
  ] as const) {
    const url = await (await sharedPostgres()).freshDatabase()
    await using proxy = await startTcpProxy((await sharedPostgres()).port)
    const pauses: number[] = []
    const clock = {
      ...systemClock,
      after(ms: number, callback: () => void) {
        pauses.push(Math.round(ms))
        return systemClock.after(ms, callback)
      },
    }
    const random = { ...systemRandom, uint32: () => drawn }
    const through = url.replace(/:\d+\//, `:${proxy.port}/`)
    await using db = await connectPostgres({ ...parts, url: through, clock, random, timeouts })
    await proxy.refuse()
    await until('it is down', async () => {
      await db.read('SELECT 1 AS one', []).catch(() => [])
      return !db.isUp
    })
    await until('it has tried', () => expected.every((ms) => pauses.includes(ms)))
    const tried = pauses.filter((ms) => (expected as readonly number[]).includes(ms))
    assert.deepEqual(tried.slice(0, 3), expected)
  }
})
