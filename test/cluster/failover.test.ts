// A whole center whose database fails over to a standby: one that has every commit, and one that has not. What the new server
// has is what there is from then on: nothing that was lost is answered from memory, no ETag names two contents, nobody goes
// back to the former server, and it is said aloud.

import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'

import { History, judge } from '../support/checker.ts'
import { LoadClient } from '../support/load-client.ts'
import { observe, seeded, write } from '../support/load-writers.ts'
import { lacksPostgres } from '../support/postgres-programs.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { lacksS3 } from '../support/s3-server.ts'
import type { SpawnedXpod } from '../support/spawn.ts'
import { until } from '../support/until.ts'
import { openPlace, type Place, type Reply } from './centers.ts'

const skip = lacksPostgres || lacksS3
const timeout = 180_000
const backMs = 20_000

interface Pair extends AsyncDisposable {
  readonly primary: PostgresServer
  readonly standby: PostgresServer
  readonly place: Place
}

/** Centers know both servers. */
async function openPair(synchronous: boolean): Promise<Pair> {
  await using stack = new AsyncDisposableStack()
  const primary = stack.use(await startPostgres())
  const standby = stack.use(await primary.standby({ synchronous }))
  const databaseUrl = (url: string): string =>
    url.replace(`127.0.0.1:${primary.port}`, `127.0.0.1:${primary.port},127.0.0.1:${standby.port}`)
  const place = stack.use(await openPlace({ database: primary, databaseUrl }))
  const owned = stack.move()
  return { primary, standby, place, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

test('a failover to a synchronous standby under load loses nothing', { skip, timeout }, async () => {
  await using pair = await openPair(true)
  const { primary, standby, place } = pair
  const center = await place.start('first')
  const pod = await place.createPod(center, 'alice')
  const seed = Number(process.env.XPOD_TEST_SEED ?? randomInt(2 ** 31))
  const chance = seeded(seed)
  const history = new History()
  const root = `${pod}load/`
  const clients = Array.from({ length: 3 }, () => new LoadClient(place.baseUrl))
  let isOver = false
  let serial = 0
  const writing = Promise.all(
    clients.map((client, index) =>
      write({ client, history, chance, folder: `${root}w${index}/`, serial: () => ++serial }, () => isOver),
    ),
  )
  try {
    await until('writes are acknowledged', () => history.acknowledged > 30, backMs)
    await primary.stop('kill')
    await standby.promote()
    const before = history.acknowledged
    await until('writes are acknowledged again', () => history.acknowledged > before + 30, backMs)
  } finally {
    isOver = true
    await writing
  }
  const observed = await observe(clients[0]!, root, history)
  assert.deepEqual(judge(history, observed, root), [], `seed ${seed}`)
  for (const client of clients) client.close()
  assert.match(center.output(), /db\.failed-over/)
  assert.doesNotMatch(center.output(), /pod\.diverged/)
  assert.equal(await metric(center, 'xpod_db_failovers_total'), 1)
})

async function metric({ adminUrl }: SpawnedXpod, name: string): Promise<number> {
  const text = await (await fetch(new URL('/metrics', adminUrl))).text()
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1])
}

/** Which content each ETag has stood for. */
class Tags {
  readonly #contents = new Map<string, string>()

  note(path: string, { status, headers, text }: Reply): void {
    if (status !== 200) return
    const tag = `${path} ${headers.etag}`
    assert.equal(this.#contents.get(tag) ?? text, text, `one ETag for two contents: ${tag}`)
    this.#contents.set(tag, text)
  }
}

const turtle = { accept: 'text/turtle' }

test('a failover that loses acknowledged commits mixes nothing and is said aloud', { skip, timeout }, async () => {
  await using pair = await openPair(false)
  const { primary, standby, place } = pair
  const center = await place.start('first')
  const pod = await place.createPod(center, 'alice')
  const put = (name: string, body: string, headers = {}): Promise<Reply> =>
    place.ask(center, 'PUT', `${pod}${name}`, { body, headers })
  // In memory as well, and nobody writes to it afterwards.
  const quiet = `${await place.createPod(center, 'bob')}doc`
  assert.equal((await place.ask(center, 'PUT', quiet, { body: 'kept' })).status, 201)
  const tags = new Tags()
  const get = async (name: string, headers = {}): Promise<Reply> => {
    const reply = await place.ask(center, 'GET', `${pod}${name}`, { headers })
    tags.note(`${pod}${name}`, reply)
    return reply
  }
  const names = ['a', 'b', 'folder/one', 'folder/two', '', 'folder/']
  const look = async (): Promise<Reply[]> => {
    const replies: Reply[] = []
    for (const name of names) replies.push(await get(name, name.endsWith('/') || name === '' ? turtle : {}))
    return replies
  }

  for (const name of ['a', 'b', 'folder/one', 'folder/two']) assert.equal((await put(name, 'kept')).status, 201)
  await look()
  await until('the standby has it all', async () => {
    const count = 'SELECT count(*) AS n FROM feed'
    const there = await standby.query<{ n: string }>(count, [], place.databaseName)
    return there[0]!.n === (await primary.query<{ n: string }>(count, [], place.databaseName))[0]!.n
  })
  await cutOff(standby)

  assert.equal((await put('a', 'lost')).status, 204)
  assert.equal((await put('folder/one', 'lost')).status, 204)
  assert.equal((await put('only', 'lost')).status, 201)
  assert.equal((await place.ask(center, 'PUT', quiet, { body: 'lost' })).status, 204)
  assert.equal((await place.ask(center, 'GET', quiet)).text, 'lost')
  const lost = await get('a')
  assert.equal(lost.text, 'lost')
  await look()

  await primary.stop('kill')
  await standby.promote()
  await until('it serves from the other server', async () => (await put('b', 'new')).status === 204, backMs)
  assert.equal((await place.ask(center, 'GET', quiet)).text, 'kept')
  assert.equal((await get('a')).text, 'kept')
  assert.equal((await get('only')).status, 404)
  const { etag = '' } = lost.headers
  assert.equal((await get('a', { 'if-none-match': etag })).status, 200)
  assert.equal((await put('a', 'on what was lost', { 'if-match': etag })).status, 412)
  await look()
  // The same numbers of commits as those that were lost, with other contents.
  for (const name of ['folder/two', 'folder/one', 'b', 'only', 'a']) {
    assert.ok((await put(name, `other ${name}`)).status < 300)
    await look()
  }

  assert.match(center.output(), /db\.failed-over/)
  await until('both pods are named', () => center.output().split('pod.diverged').length === 3)
  assert.equal(await metric(center, 'xpod_db_failovers_total'), 1)
  assert.equal(await metric(center, 'xpod_pods_diverged_total'), 2)

  const before = await look()
  center.process.kill('SIGKILL')
  const again = await place.start('first')
  for (const [index, name] of names.entries()) {
    const headers = name.endsWith('/') || name === '' ? turtle : {}
    const reply = await place.ask(again, 'GET', `${pod}${name}`, { headers })
    assert.deepEqual([reply.text, reply.headers.etag], [before[index]!.text, before[index]!.headers.etag], name)
  }
})

test('nobody goes back to a server that was replaced', { skip, timeout }, async () => {
  await using pair = await openPair(false)
  const { primary, standby, place } = pair
  const center = await place.start('first')
  const pod = await place.createPod(center, 'alice')
  const put = (name: string): Promise<Reply> => place.ask(center, 'PUT', `${pod}${name}`, { body: name })
  assert.equal((await put('one')).status, 201)
  await until('the standby has it', async () => {
    const rows = await standby.query("SELECT FROM resource WHERE name = 'one'", [], place.databaseName)
    return rows.length === 1
  })
  await primary.stop('fast')
  await standby.promote()
  await until('it serves from the other server', async () => (await put('two')).status < 300, backMs)

  // Nobody told it that its time is over.
  await primary.start()
  await standby.stop('immediate')
  const written = async (): Promise<number> =>
    (await primary.query("SELECT FROM resource WHERE name LIKE 'three%'", [], place.databaseName)).length
  for (let index = 0; index < 20; index++) {
    const reply = await put(`three${index}`)
    assert.equal(reply.status, 503, reply.text)
  }
  await until('it has been tried', () => /another server has taken its place/.test(center.output()))
  assert.equal((await put('three')).status, 503)
  assert.equal(await written(), 0)
  await standby.start()
  await until('it serves again', async () => (await put('four')).status < 300, backMs)
  for (const name of ['one', 'two', 'four']) assert.equal((await place.ask(center, 'GET', `${pod}${name}`)).text, name)
  assert.equal(await written(), 0)
})

test('a center that was started after the last thing that the standby heard goes on there', {
  skip,
  timeout,
}, async () => {
  await using pair = await openPair(false)
  const { primary, standby, place } = pair
  const before = await place.start('first')
  const pod = await place.createPod(before, 'alice')
  const instances = 'SELECT instance FROM node'
  await until('the standby knows the pod', async () => {
    const rows = await standby.query('SELECT FROM pod_head', [], place.databaseName).catch(() => [])
    return rows.length === 1
  })
  await cutOff(standby)
  before.process.kill('SIGKILL')
  const center = await place.start('first')
  assert.notDeepEqual(
    await primary.query(instances, [], place.databaseName),
    await standby.query(instances, [], place.databaseName),
  )
  await primary.stop('kill')
  await standby.promote()
  const put = (): Promise<Reply> => place.ask(center, 'PUT', `${pod}doc`, { body: 'on' })
  await until('it serves from the other server', async () => (await put()).status < 300, backMs)
  assert.equal(center.process.exitCode, null, center.output())
  assert.equal((await place.ask(center, 'GET', `${pod}doc`)).text, 'on')
})

/** It hears of nothing any more. */
async function cutOff(standby: PostgresServer): Promise<void> {
  await standby.set({ primary_conninfo: '' })
  await until('it is cut off', async () => (await standby.query('SELECT FROM pg_stat_wal_receiver')).length === 0)
}
