// Where whole servers under test keep things. XPOD_TEST_STORES=postgres gives each data directory a database of its own on a
// PostgreSQL that is started once for a test file, =pgbouncer the same behind a PgBouncer in transaction mode, and with s3 large
// bodies lie in an S3 store; without it everything lies in the data directory. Whoever starts on a directory again gets the same
// stores. The servers end with the process.

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'

import type { CenterOptions } from '../../src/center/options.ts'
import { type PgBouncer, startPgBouncer } from './pgbouncer.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'
import { type S3Server, startS3Server } from './s3-server.ts'

type Stores = Pick<CenterOptions, 'db' | 's3'>

const wanted = new Set((process.env.XPOD_TEST_STORES ?? '').split(',').filter((name) => name !== ''))
for (const name of wanted) {
  if (!['postgres', 'pgbouncer', 's3'].includes(name)) {
    throw new Error(`XPOD_TEST_STORES knows postgres, pgbouncer and s3, not ${name}`)
  }
}

export const usesPostgres = wanted.has('postgres') || wanted.has('pgbouncer')

let database: Promise<PostgresServer> | undefined
let pooler: Promise<PgBouncer> | undefined
let objects: Promise<S3Server> | undefined

/** Not in an `after` hook: those of the test file, which close its centers, run later than the ones of what it imports. */
process.on('beforeExit', () => void endServers())

async function endServers(): Promise<void> {
  const running = [pooler, database, objects]
  pooler = database = objects = undefined
  for (const server of running) await (await server)?.[Symbol.asyncDispose]()
}

const known = new Map<string, Promise<Stores>>()

/** Of a data directory. */
export function storesOf(dataDir: string): Promise<Stores> {
  const stores = known.get(dataDir) ?? freshStores()
  known.set(dataDir, stores)
  return stores
}

/** Whether somebody asked for those of this directory before. */
export const hasStores = (dataDir: string): boolean => known.has(dataDir)

/** A second data directory is on the stores of the first one. */
export function shareStores(dataDir: string, other: string): void {
  known.set(other, storesOf(dataDir))
}

/** Settings of a spawned server. */
export async function storeSettings(dataDir: string): Promise<Record<string, string>> {
  if (wanted.size === 0) return {}
  const { db, s3 } = await storesOf(dataDir)
  if (s3 === undefined) return { XPOD_DB: db }
  return {
    XPOD_DB: db,
    XPOD_S3: `${s3.endpoint}/${s3.bucket}/${s3.prefix}`,
    XPOD_S3_REGION: s3.region!,
    XPOD_S3_ACCESS_KEY: s3.accessKey,
    XPOD_S3_SECRET_KEY: s3.secretKey,
    XPOD_CACHE_PATH: cacheOf(dataDir),
  }
}

/** The default is one directory for all servers of a machine. */
export function cacheOf(dataDir: string): string {
  return join(dataDir, 'cache')
}

async function freshStores(): Promise<Stores> {
  const [db, s3] = await Promise.all([freshDatabase(), freshPrefix()])
  return { db, s3 }
}

/** Of this test file. */
export function sharedPostgres(): Promise<PostgresServer> {
  return (database ??= waitForNobody(startPostgres()))
}

async function freshDatabase(): Promise<string> {
  if (!usesPostgres) return 'sqlite:'
  const server = await sharedPostgres()
  const url = await server.freshDatabase()
  if (!wanted.has('pgbouncer')) return url
  pooler ??= waitForNobody(startPgBouncer({ port: server.port }))
  return (await pooler).url(url)
}

async function freshPrefix(): Promise<CenterOptions['s3']> {
  if (!wanted.has('s3')) return undefined
  objects ??= waitForNobody(startS3Server())
  const { endpoint, bucket, region, accessKey, secretKey } = await objects
  return { endpoint, bucket, region, accessKey, secretKey, prefix: `${randomUUID()}/`, addressing: undefined }
}

/** The process may end while it runs. */
async function waitForNobody<T extends { unref(): void }>(starting: Promise<T>): Promise<T> {
  const server = await starting
  server.unref()
  return server
}
