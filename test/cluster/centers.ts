// Centers as processes on one database and one object store, under one base URL, as behind a proxy that sends a request to any of
// them: each is asked at its own port with the Host of all.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { freePort } from '../support/free-port.ts'
import { startIssuer } from '../support/issuer.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { startS3Server } from '../support/s3-server.ts'
import { aclFor } from '../support/solid-client-acl.ts'
import { runXpod, type SpawnedXpod, spawnXpod } from '../support/spawn.ts'

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface Asking {
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Connections that stay. */
  readonly agent?: Agent
}

export interface PlaceOptions {
  /** Where the centers look for the database, which is at `url`. */
  readonly databaseUrl?: (url: string) => string
  /** Of the centers, beside those of their stores. */
  readonly env?: Readonly<Record<string, string>>
  /** Instead of one that ends with the place. */
  readonly database?: PostgresServer
}

export interface Place extends AsyncDisposable {
  readonly database: PostgresServer
  /** Of the database of the centers, in its server. */
  readonly databaseName: string
  /** Of all centers. */
  readonly env: Readonly<Record<string, string>>
  readonly baseUrl: string
  /** The port of the first. */
  readonly port: number
  /** Of all centers. */
  readonly host: string
  /** Starts a center on the data directory that this name has. */
  start(name: string): Promise<SpawnedXpod>
  dataDir(name: string): string
  /** A pod that everybody may write to, whose home is this one; its path. */
  createPod(home: SpawnedXpod, name: string): Promise<string>
  ask(center: Pick<SpawnedXpod, 'port'>, method: string, path: string, asking?: Asking): Promise<Reply>
  /** A row of the database of the centers each. */
  rows(sql: string): Promise<Record<string, unknown>[]>
}

export async function openPlace(options: PlaceOptions = {}): Promise<Place> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'xpod-cluster-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const database = options.database ?? stack.use(await startPostgres())
  const objects = stack.use(await startS3Server())
  const db = await database.freshDatabase()
  const databaseName = new URL(db).pathname.slice(1)
  const port = await freePort()
  const baseUrl = `http://localhost:${port}/`
  const host = `localhost:${port}`
  const env = {
    XPOD_DB: options.databaseUrl?.(db) ?? db,
    XPOD_S3: `${objects.endpoint}/${objects.bucket}/cluster/`,
    XPOD_S3_REGION: objects.region,
    XPOD_S3_ACCESS_KEY: objects.accessKey,
    XPOD_S3_SECRET_KEY: objects.secretKey,
    XPOD_SECRET_FILE: join(folder, 'secret.key'),
    XPOD_CACHE_PATH: join(folder, 'cache'),
    XPOD_CACHE_MAX_SIZE: '0',
    ...options.env,
  }
  const centers = new Map<string, SpawnedXpod>()
  stack.defer(async () => {
    for (const center of centers.values()) {
      center.process.kill('SIGCONT')
      await center[Symbol.asyncDispose]()
    }
  })
  const owned = stack.move()
  const dataDir = (name: string): string => join(folder, name)
  const place: Place = {
    database,
    databaseName,
    env,
    baseUrl,
    port,
    host,
    async start(name) {
      const own = { dataDir: dataDir(name), port: centers.size === 0 ? port : await freePort(), env }
      const center = await spawnXpod(['--base-url', baseUrl], own)
      centers.set(name, center)
      return center
    },
    dataDir,
    async createPod(home, name) {
      await using issuer = await startIssuer()
      const webId = issuer.webId('owner')
      const made = await runXpod(['pod', 'create', name, '--webid', webId, '--data-dir', home.dataDir], { env })
      assert.equal(made.status, 0, made.stderr)
      const owner = await issuer.login('owner')
      const base = new URL(`${name}/`, baseUrl).href
      const body = aclFor(base, [{ who: 'public', modes: 'RWA' }], webId)
      assert.equal(home.port, port, 'tokens are for the address of the first')
      const headers = { 'content-type': 'text/turtle' }
      assert.ok((await owner.fetch(`${base}.acl`, { method: 'PUT', headers, body })).ok)
      return new URL(base).pathname
    },
    ask: (center, method, path, asking = {}) => ask({ port: center.port, host, method, path }, asking),
    rows: (sql) => database.query(sql, [], databaseName),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
  return place
}

interface Where {
  readonly port: number
  readonly host: string
  readonly method: string
  readonly path: string
}

function ask({ port, host, method, path }: Where, { body, headers = {}, agent }: Asking): Promise<Reply> {
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'text/plain' }
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, method, path, agent: agent ?? false, headers: { host, ...type, ...headers } },
      (response) => {
        text(response).then(
          (all) => resolve({ status: response.statusCode!, headers: response.headers, text: all }),
          reject,
        )
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}
