// bin/xpod on a PostgreSQL that is reached in other ways than straight: through PgBouncer in transaction mode, where no two
// transactions need to meet the same connection, and over TLS, where it must be the server that the URL means.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { lacksOpenssl, makeCertificate } from '../support/certificate.ts'
import { LoadRounds } from '../support/load-rounds.ts'
import { Scene } from '../support/load-scene.ts'
import { rounds } from '../support/needs.ts'
import { lacksPgBouncer, startPgBouncer } from '../support/pgbouncer.ts'
import { lacksPostgres } from '../support/postgres-programs.ts'
import { startPostgres } from '../support/postgres-server.ts'
import { runXpod } from '../support/spawn.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const kills = Math.min(rounds('CRASH', 2), 5)
const unsuitable = /DATABASE_UNSUITABLE/

test(`through PgBouncer every acknowledged write survives ${kills} kills under load`, {
  skip: lacksPostgres || lacksPgBouncer,
}, async (t) => {
  await using server = await startPostgres()
  await using pooler = await startPgBouncer({ port: server.port, settings: { default_pool_size: 4 } })
  const direct = await server.freshDatabase()
  const env = { XPOD_DB: pooler.url(direct) }
  await using scene = await Scene.open()
  const load = new LoadRounds(scene)
  t.diagnostic(`seed ${load.seed}`)
  for (let round = 0; round < kills; round++) {
    const running = await scene.start({ env })
    if (round === 0) await load.createPod()
    await load.compare(`round ${round}`)
    await load.writeUntilKilled(running)
  }
  const last = await scene.start({ env })
  await load.compare('after the last kill')
  const sessions = 'SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = $1'
  const [row] = await server.query<{ n: number }>(sessions, [new URL(direct).pathname.slice(1)])
  assert.ok(row!.n <= 4, `${row!.n} connections of PgBouncer to the server`)
  assert.match((await runXpod(['db', 'status'], { env })).stdout, /through a pooler/)
  assert.equal(await last.stop(), 0)
  assert.ok(load.acknowledged > kills * 10, `only ${load.acknowledged} writes were acknowledged`)
})

test('over TLS a center starts on the server that its URL means, and on no other', {
  skip: lacksPostgres || lacksOpenssl,
}, async () => {
  await using dir = await temporaryDirectory()
  const right = await makeCertificate(dir.path, 'DNS:localhost,IP:127.0.0.1')
  const otherIssuer = await makeCertificate(dir.path, 'DNS:localhost,IP:127.0.0.1,IP:127.0.0.2')
  const otherName = await makeCertificate(dir.path, 'DNS:db.example')
  await using server = await startPostgres({ tls: { ...right, required: true } })
  const database = await server.freshDatabase()
  const urlBy = (file: string): string => `${database}?sslmode=verify-full&sslrootcert=${file}`
  const present = async ({ cert, key }: typeof right): Promise<void> => {
    await server.stop()
    await writeFile(join(server.dir, 'server.crt'), cert)
    await writeFile(join(server.dir, 'server.key'), key)
    await server.start()
  }
  await using scene = await Scene.open()
  const refused = async (file: string, why: RegExp): Promise<void> => {
    const listen = ['--listen', '127.0.0.1:0', '--admin-listen', 'off', '--data-dir', scene.dataDir]
    const { status, stderr } = await runXpod(['center', ...listen], { env: { XPOD_DB: urlBy(file) } })
    assert.equal(status, 78, stderr)
    assert.match(stderr, unsuitable)
    assert.match(stderr, why)
  }
  await refused(otherIssuer.file, /self-signed/)
  await present(otherName)
  await refused(otherName.file, /does not match/)

  await present(right)
  const running = await scene.start({ env: { XPOD_DB: urlBy(right.file) } })
  const pod = new URL(await scene.createPod('alice'), scene.baseUrl).href
  const put = async (name: string): Promise<number> => {
    const answer = await fetch(pod + name, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: name })
    await answer.arrayBuffer()
    return answer.status
  }
  assert.equal(await put('a.txt'), 201)
  const [sessions] = await server.query<{ clear: number; encrypted: number }>(
    `SELECT count(*) FILTER (WHERE NOT ssl)::int AS clear, count(*) FILTER (WHERE ssl)::int AS encrypted
      FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = $1`,
    [new URL(database).pathname.slice(1)],
  )
  assert.equal(sessions!.clear, 0)
  assert.ok(sessions!.encrypted > 0)

  // Somebody else answers at the same address while it runs.
  await present(otherIssuer)
  await until('the log says who it is', () => /does not match|self-signed|DATABASE_UNSUITABLE/.test(running.output()))
  assert.equal(await put('b.txt'), 503)
  await present(right)
  await until('the server is back', async () => (await put('b.txt')) === 201, 30_000)
  assert.equal(await (await fetch(`${pod}a.txt`)).text(), 'a.txt')
  assert.equal(await running.stop(), 0)
})
