// A center whose database is out of reach: what it has in memory is served while its lease lasts and not a moment longer, then
// it says so until the database is back, and nothing has to be started again. Its clock is moved by the test.

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { type Clock, systemClock } from '../../src/base/clock.ts'
import { createLog } from '../../src/base/log.ts'
import { createMetrics } from '../../src/base/metrics.ts'
import { systemRandom } from '../../src/base/random.ts'
import { type Center, startCenter } from '../../src/center/center.ts'
import { testOptions } from '../support/center.ts'
import { startIssuer } from '../support/issuer.ts'
import { lacksPostgres } from '../support/postgres-programs.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { aclFor } from '../support/solid-client-acl.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

interface World extends AsyncDisposable {
  readonly center: Center
  readonly server: PostgresServer
  readonly proxy: TcpProxy
  readonly doc: string
  /** Lines of the log of the center. */
  readonly log: readonly string[]
  readonly fatal: unknown[]
  /** The clock of the center goes forward. */
  pass(ms: number): void
  query(sql: string): Promise<unknown>
}

async function openWorld(): Promise<World> {
  await using stack = new AsyncDisposableStack()
  const dataDir = await mkdtemp(join(tmpdir(), 'xpod-away-'))
  stack.defer(() => rm(dataDir, { recursive: true, force: true }))
  const server = stack.use(await startPostgres())
  const proxy = stack.use(await startTcpProxy(server.port))
  const database = new URL(await server.freshDatabase())
  const name = database.pathname.slice(1)
  database.port = String(proxy.port)
  let passedMs = 0
  const clock: Clock = {
    ...systemClock,
    nowMs: () => systemClock.nowMs() + passedMs,
    monotonicMs: () => systemClock.monotonicMs() + passedMs,
  }
  const fatal: unknown[] = []
  const lines: string[] = []
  const write = (line: string): void => void lines.push(line)
  const log = createLog({ level: 'info', format: 'json', clock, write, journal: false })
  const surround = { clock, random: systemRandom, log, metrics: createMetrics() }
  const options = { ...testOptions, dataDir, db: database.href }
  const onFatal = (error: unknown): void => void fatal.push(error)
  const center = stack.use(await startCenter(options, { ...surround, onFatal }))
  await using issuer = await startIssuer()
  const webId = issuer.webId('owner')
  const { base } = await center.pods.create({ name: 'alice', webId })
  const owner = await issuer.login('owner')
  const body = aclFor(base, [{ who: 'public', modes: 'RWA' }], webId)
  const acl = { method: 'PUT', headers: { 'content-type': 'text/turtle' }, body }
  assert.ok((await owner.fetch(`${base}.acl`, acl)).ok)
  const doc = `${base}doc`
  assert.equal((await put(doc, 'one')).status, 201)
  assert.equal(await read(doc), 'one')
  const owned = stack.move()
  return {
    center,
    server,
    proxy,
    doc,
    log: lines,
    fatal,
    pass: (ms) => void (passedMs += ms),
    query: (sql) => server.query(sql, [], name),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function put(url: string, body: string): Promise<Response> {
  return fetch(url, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body })
}

async function read(url: string): Promise<string> {
  return (await fetch(url)).text()
}

async function assertAway(answer: Response): Promise<void> {
  assert.equal(answer.status, 503, await answer.text())
  assert.equal(answer.headers.get('retry-after'), '1')
}

test('memory answers while the lease lasts, then nothing does until the database is back', {
  skip: lacksPostgres,
}, async () => {
  await using world = await openWorld()
  const { proxy, doc } = world
  const etag = (await fetch(doc)).headers.get('etag')!
  await proxy.refuse()
  assert.equal(await read(doc), 'one')
  assert.equal((await fetch(doc, { headers: { 'if-none-match': etag } })).status, 304)
  await assertAway(await put(doc, 'during'))

  world.pass(10_000)
  await assertAway(await fetch(doc))
  await assertAway(await fetch(doc, { headers: { 'if-none-match': etag } }))
  await assertAway(await fetch(doc, { method: 'HEAD' }))
  await assertAway(await fetch(new URL('.', doc)))
  await assertAway(await put(doc, 'later'))

  await proxy.heal()
  assert.equal(await until('reads work', async () => ((await fetch(doc)).ok ? read(doc) : undefined)), 'one')
  assert.equal((await put(doc, 'two')).status, 204)
  assert.equal(await read(doc), 'two')
  assert.deepEqual(world.fatal, [])
})

test('without a lease every read is what the database has', { skip: lacksPostgres }, async () => {
  await using world = await openWorld()
  const { doc } = world
  for (let round = 0; round < 20; round++) {
    world.pass(10_000)
    assert.equal(await read(doc), round === 0 ? 'one' : `round ${round - 1}`)
    world.pass(10_000)
    assert.equal((await put(doc, `round ${round}`)).status, 204)
  }
})

test('a pod that another node has by now is not answered from memory once the lease was lost', {
  skip: lacksPostgres,
}, async () => {
  await using world = await openWorld()
  const { doc } = world
  await world.query(`INSERT INTO node (id, instance) VALUES ('other', 'i')`)
  await world.query(`UPDATE pod_head SET node = 'other', epoch = epoch + 1`)
  assert.equal(await read(doc), 'one', 'nobody may do that while the lease lasts')
  world.pass(10_000)
  const answer = await fetch(doc)
  await assertAway(answer)
  assert.equal((await fetch(doc).then((again) => again.json() as Promise<{ code: string }>)).code, 'POD_ELSEWHERE')
  await assertAway(await put(doc, 'mixed'))
})

test('a process whose node was given to another one ends', { skip: lacksPostgres }, async () => {
  await using world = await openWorld()
  await world.query(`UPDATE node SET instance = 'another', place = 'elsewhere'`)
  await assertAway(await put(world.doc, 'mixed'))
  await until('it says that it must end', () => world.fatal.length > 0)
  assert.match(String(world.fatal[0]), /another process/i)
})

test('a database that takes no writes is read all the same, and the log says why', {
  skip: lacksPostgres,
}, async () => {
  await using world = await openWorld()
  const { server, doc, log } = world
  await server.set({ default_transaction_read_only: 'on' })
  const refused = await until('writes are refused', async () => {
    const answer = await put(doc, 'no')
    return answer.status === 503 && answer
  })
  assert.ok(refused)
  assert.equal(refused.headers.get('retry-after'), '1')
  assert.equal(((await refused.json()) as { code: string }).code, 'DATABASE_READ_ONLY')
  assert.equal(await read(doc), 'one')
  // No beat is taken there: everything is read from the database.
  for (let round = 0; round < 3; round++) {
    world.pass(10_000)
    assert.equal(await read(doc), 'one')
    assert.equal((await fetch(new URL('.', doc))).status, 200)
    assert.equal((await put(doc, 'no')).status, 503)
  }
  await until('the log says so', () => log.some((line) => /db\.read-only.*default_transaction_read_only/.test(line)))
  await server.set({ default_transaction_read_only: 'off' })
  await until('writes work', async () => (await put(doc, 'two')).status === 204)
  assert.equal(await read(doc), 'two')
  await until('the log says so', () => log.some((line) => line.includes('db.writable')))
  assert.equal(log.filter((line) => line.includes('db.read-only')).length, 1)
  assert.deepEqual(world.fatal, [])
})

test('a standby alone is not read: what it has may be old', { skip: lacksPostgres, timeout: 120_000 }, async () => {
  await using world = await openWorld()
  const { server, doc, log } = world
  await writeFile(join(server.dir, 'standby.signal'), '')
  await server.restart()
  assert.equal(await read(doc), 'one', 'memory answers while the lease lasts')
  await assertAway(await put(doc, 'no'))
  world.pass(10_000)
  await assertAway(await fetch(doc))
  await until('the log says why', () => log.some((line) => /db\.down.*it is a standby/.test(line)))
  await server.promote()
  await until('writes work', async () => (await put(doc, 'two')).status === 204)
  assert.equal(await read(doc), 'two')
  assert.ok(log.some((line) => line.includes('db.failed-over')))
  assert.ok(!log.some((line) => line.includes('pod.diverged')))
})
