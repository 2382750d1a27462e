// bin/xpod db copy, killed with SIGKILL again and again: it goes on where it was, the source keeps its bytes, nobody starts on
// what is not finished, and in the end a center serves the copy as its source was. The source itself was killed as well, so
// part of it lies in the write-ahead log. Rounds by XPOD_TEST_ROUNDS_CRASH.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import type { CopyMark } from '../../src/center/database/copy/mark.ts'
import { copiedTables } from '../../src/center/database/copy/tables.ts'
import type { S3Place } from '../../src/center/options.ts'
import { bytesOf, expectKept, fill, type Kept, largeBody, look, startAgain } from '../center/copy/world.ts'
import { rounds } from '../support/needs.ts'
import { lacksPostgres } from '../support/postgres-programs.ts'
import { lacksS3, type S3Server, startS3Server } from '../support/s3-server.ts'
import { runXpod, spawnXpod, startXpod } from '../support/spawn.ts'
import { sharedPostgres } from '../support/stores.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const smallOnes = 400
const largeOnes = 12
/** Of four kills each. */
const mostRounds = 5
/** Of each round trip: so slow that a kill comes in between. */
const latencyMs = 4

/** Adds many resources through a server that is then killed, and looks at all again. */
async function growAndKill(kept: Kept): Promise<Kept> {
  await using server = await spawnXpod([], { dataDir: kept.dataDir, port: kept.port })
  const put = async (name: string, body: Buffer): Promise<void> => {
    const sent = { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: new Uint8Array(body) }
    assert.equal((await kept.login.fetch(`${kept.base}many/${name}`, sent)).status, 201)
  }
  for (let at = 0; at < smallOnes; at += 20) {
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => put(`s${at + index}`, Buffer.from(`body ${at + index}`))),
    )
  }
  for (let at = 0; at < largeOnes; at++) await put(`l${at}`, largeBody(`l${at}`))
  const answers = await look(kept)
  server.process.kill('SIGKILL')
  await once(server.process, 'exit')
  return { ...kept, answers }
}

/** How far: tables that are done, then 100 for bodies, 200 for comparing, 300 at the end; undefined before the first step. */
function farOf(mark: CopyMark | undefined): number | undefined {
  const stages = { rows: 0, bodies: 100, compare: 200, done: 300 }
  return mark && stages[mark.stage] + (mark.stage === 'rows' ? Object.keys(mark.rows).length : mark.bodies)
}

interface Target {
  /** Of the database, past the proxy. */
  readonly direct: string
  readonly s3: S3Place | undefined
  /** What the copy and centers on it are told. */
  readonly env: Readonly<Record<string, string>>
  /** How the copy stands. */
  readMark(): Promise<CopyMark | undefined>
}

async function freshTarget(proxy: TcpProxy, objects: S3Server | undefined): Promise<Target> {
  const server = await sharedPostgres()
  const direct = await server.freshDatabase()
  const database = new URL(direct).pathname.slice(1)
  const env = { XPOD_DB: direct.replace(`:${server.port}/`, `:${proxy.port}/`) }
  const readMark = async (): Promise<CopyMark | undefined> => {
    const [there] = await server.query<{ it: boolean }>("SELECT to_regclass('setting') IS NOT NULL AS it", [], database)
    if (there?.it !== true) return undefined
    const query = "SELECT value FROM setting WHERE key = 'copy'"
    const [row] = await server.query<{ value: string }>(query, [], database)
    return row && (JSON.parse(row.value) as CopyMark)
  }
  if (objects === undefined) return { direct, s3: undefined, env, readMark }
  const { endpoint, bucket, region, accessKey, secretKey } = objects
  const s3 = { endpoint, bucket, region, accessKey, secretKey, prefix: `${database}/`, addressing: undefined }
  const more = {
    XPOD_S3: `${endpoint}/${bucket}/${database}`,
    XPOD_S3_REGION: region,
    XPOD_S3_ACCESS_KEY: accessKey,
    XPOD_S3_SECRET_KEY: secretKey,
  }
  return { direct, s3, env: { ...env, ...more }, readMark }
}

/** Starts a copy and kills it once it is so far. Gives the mark that is left. */
async function killAt(stop: number, args: readonly string[], { env, readMark }: Target): Promise<CopyMark | undefined> {
  const child = startXpod(args, { env })
  child.stderr!.resume()
  const ended = once(child, 'exit')
  const isFar = async (): Promise<boolean> => child.exitCode !== null || (farOf(await readMark()) ?? -1) >= stop
  await until(`it is at ${stop}`, isFar, 60_000)
  child.kill('SIGKILL')
  await ended
  return readMark()
}

async function expectServed(kept: Kept, { direct, s3 }: Target): Promise<void> {
  await using center = await startAgain(kept, { db: direct, s3 })
  await expectKept(kept, center)
  for (const [name, body] of [
    ['s399', Buffer.from('body 399')],
    ['l11', largeBody('l11')],
  ] as const) {
    const answer = await kept.login.fetch(`${kept.base}many/${name}`)
    assert.ok(Buffer.from(await answer.arrayBuffer()).equals(body), name)
  }
}

test('killed at any moment, run again, it goes on', { skip: lacksPostgres || lacksS3 }, async (context) => {
  await using folder = await temporaryDirectory()
  await using filled = await fill(folder.path)
  const kept = await growAndKill(filled)
  await using objects = await startS3Server()
  await using proxy = await startTcpProxy((await sharedPostgres()).port)
  proxy.latency(latencyMs)
  const untouched = bytesOf(kept.dataDir)
  assert.ok(statSync(join(kept.dataDir, 'xpod.db-wal')).size > 0)
  const args = ['db', 'copy', '--data-dir', kept.dataDir]
  const places: number[] = []
  const count = Math.min(rounds('CRASH', 2), mostRounds)
  for (let round = 0; round < count; round++) {
    const hasS3 = round % 2 === 0
    const target = await freshTarget(proxy, hasS3 ? objects : undefined)
    const { env, readMark } = target
    const half = copiedTables.length / 2
    let far = 0
    // In the first tables, in the last ones, in the bodies, while all is compared.
    for (const stop of [Math.random() * half, half + Math.random() * half, 100, 200]) {
      const mark = await killAt(stop, args, target)
      const now = farOf(mark) ?? 0
      assert.ok(now >= far, `at ${now}, and was at ${far}`)
      far = now
      assert.equal(bytesOf(kept.dataDir), untouched)
      if (mark?.stage === 'done') continue
      places.push(Math.round(now))
      const refused = await runXpod(['center', '--data-dir', kept.dataDir, '--listen', '127.0.0.1:0'], { env })
      assert.match(refused.stderr, /COPY_UNFINISHED/)
    }
    const before = await readMark()
    const last = await runXpod([...args, '--json'], { env })
    assert.equal(last.status, 0, last.stderr)
    for (const [name, rows] of Object.entries(before?.rows ?? {})) {
      if (rows > 0) assert.doesNotMatch(last.stderr, new RegExp(`^copying ${name}:`, 'm'), 'what was done stays done')
    }
    const report = JSON.parse(last.stdout) as { pods: number; bodies: { copied: number } }
    assert.deepEqual([report.pods, report.bodies.copied], [2, hasS3 ? 2 + largeOnes : 0])
    assert.equal(bytesOf(kept.dataDir), untouched)
    await expectServed(kept, target)
  }
  context.diagnostic(`killed at ${places.join(' ')}`)
  assert.ok(places.length >= count * 2, `only ${places.length} kills before the end`)
})
