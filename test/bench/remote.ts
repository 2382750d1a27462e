// P1, P3, P5, P6 and P12 with the data in PostgreSQL and S3: real servers of the tests on this machine, so both sides of each
// ratio share their cost. Only by name, because the servers must be installed.

import { get } from 'node:http'

import { startPostgres } from '../support/postgres-server.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import type { S3Place } from './bare.ts'
import { alternate, residentMiB } from './measure.ts'
import { putCard } from './reading.ts'
import { atLeast, atMost, type BenchOptions, type Claim, perSecond, type Row, Stage } from './stage.ts'
import { blobPuts, durablePuts } from './writing.ts'

const mebibyte = 1 << 20
const connections = 16

interface Remote extends AsyncDisposable {
  readonly stage: Stage
  readonly s3: S3Server
  /** An object for the bare client. */
  place(key: string): S3Place
}

/** A stage of its own, on servers of its own. */
async function openRemote(options: BenchOptions, cache: string): Promise<Remote> {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await startPostgres())
  const s3 = stack.use(await startS3Server())
  const dir = stack.use(await temporaryDirectory())
  const { endpoint, bucket, region, accessKey, secretKey, port } = s3
  const env = {
    XPOD_DB: await database.freshDatabase(),
    XPOD_S3: `${endpoint}/${bucket}/bench/`,
    XPOD_S3_REGION: region,
    XPOD_S3_ACCESS_KEY: accessKey,
    XPOD_S3_SECRET_KEY: secretKey,
    XPOD_CACHE_PATH: dir.path,
    XPOD_CACHE_MAX_SIZE: cache,
  }
  const stage = stack.use(await Stage.open({ ...options, resources: 0 }, env))
  const owned = stack.move()
  return {
    stage,
    s3,
    place: (key) => ({ port, region, accessKey, secretKey, bucket, key }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const fromMemory: Claim = {
  name: 'P1-postgres',
  async run(embedded) {
    await using remote = await openRemote(embedded.options, '10GB')
    const sides = []
    for (const stage of [remote.stage, embedded]) {
      sides.push({ side: stage.xpod, requests: [stage.request('GET', await putCard(stage))], connections })
    }
    const [ours, limit] = await alternate(embedded.generator, sides, embedded.options)
    const texts = { figure: perSecond(ours!), limit: perSecond(limit!) }
    return [atLeast('P1 on PostgreSQL and S3, against P1 on SQLite', ours!.rate / limit!.rate, 0.9, texts)]
  },
}

const durablePut: Claim = {
  name: 'P3-postgres',
  async run({ options }) {
    await using remote = await openRemote(options, '10GB')
    return await durablePuts(remote.stage, 'P3 on PostgreSQL')
  },
}

/** Without a cache the way to the store is compared; with one, what it saves. */
async function gets(options: BenchOptions, cache: 'off' | '10GB'): Promise<Row[]> {
  await using remote = await openRemote(options, cache)
  const { stage, s3 } = remote
  const rows: Row[] = []
  for (const [bytes, goal, at] of [
    [mebibyte, 0.7, connections],
    [100 * mebibyte, 0.9, 2],
  ] as const) {
    const path = `${stage.pod}p5/${bytes}.bin`
    const body = Buffer.alloc(bytes, 'xpod')
    await stage.put(path, 'application/octet-stream', body)
    await s3.client().putObject(s3.bucket, `bare-${bytes}`, body)
    const headers = ['Content-Type', 'application/octet-stream', 'Content-Length', String(bytes)]
    const before = residentMiB(stage.running.pid)
    const bare = { kind: 's3-get', place: remote.place(`bare-${bytes}`), headers } as const
    const [xpod, limit] = await stage.against(bare, [stage.request('GET', path)], at)
    const grown = residentMiB(stage.running.pid) - before
    const what = `P5 on S3, GET of ${bytes / mebibyte} MiB${cache === 'off' ? '' : ' from the cache'}`
    const texts = { figure: perSecond(xpod), limit: perSecond(limit) }
    rows.push(atLeast(`${what}, against the bare client`, xpod.rate / limit.rate, goal, texts))
    const memory = { figure: `${grown.toFixed(0)} MiB`, limit: '' }
    if (bytes > mebibyte) rows.push(atMost(`${what}, growth of memory in MiB`, grown, 32, memory))
  }
  return rows
}

const largeGet: Claim = {
  name: 'P5-s3',
  run: async ({ options }) => [...(await gets(options, 'off')), ...(await gets(options, '10GB'))],
}

const blobPut: Claim = {
  name: 'P6-s3',
  async run({ options }) {
    await using remote = await openRemote(options, 'off')
    const bare = { kind: 's3-put', place: remote.place('bare') } as const
    return await blobPuts(remote.stage, { claim: 'P6 on S3', against: 'the bare client', bare: () => bare })
  },
}

const readers = 1000

/** Through the whole server, from one object that only S3 has. */
const stampede: Claim = {
  name: 'P12-s3',
  async run({ options }) {
    // More than a twentieth of the cache is not copied while it is written.
    const bytes = 5 * mebibyte
    await using remote = await openRemote(options, '100MB')
    const { stage } = remote
    const path = `${stage.pod}p12/cold.bin`
    await stage.put(path, 'application/octet-stream', Buffer.alloc(bytes, 'cold'))
    const metric = async (name: string): Promise<number> => {
      const answer = await fetch(`http://127.0.0.1:${stage.scene.adminPort}/metrics`)
      const line = (await answer.text()).split('\n').find((one) => one.startsWith(`${name} `))
      return Number(line?.slice(name.length + 1) ?? 0)
    }
    if ((await metric('xpod_cache_used_bytes')) > bytes) throw new Error('it is not cold')
    const fetched = (): Promise<number> => metric('xpod_cache_s3_requests_total{op="get"}')
    const before = await fetched()
    const startMs = performance.now()
    const url = new URL(path, stage.scene.baseUrl)
    const got = await Promise.all(Array.from({ length: readers }, () => drain(url)))
    const seconds = (performance.now() - startMs) / 1000
    if (got.some((size) => size !== bytes)) throw new Error('somebody got too little')
    const gets = (await fetched()) - before
    const blocks = Math.ceil(bytes / (4 * mebibyte))
    const texts = { figure: `${gets} in ${seconds.toFixed(1)} s`, limit: `${blocks} blocks` }
    return [atMost(`P12 on S3, ${readers} clients of one cold object: fetches`, gets / blocks, 1, texts)]
  },
}

function drain(url: URL): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  get(url, { agent: false }, (answer) => {
    let bytes = 0
    answer.on('data', (chunk: Buffer) => (bytes += chunk.length)).on('end', () => resolve(bytes))
  }).on('error', reject)
  return promise
}

export const remote: readonly Claim[] = [fromMemory, durablePut, largeGet, blobPut, stampede]
