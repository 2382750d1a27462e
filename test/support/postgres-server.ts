// A real PostgreSQL 18 for tests, on a free port of 127.0.0.1 in a folder of its own; a start costs half a second. fsync stays
// on, as the store demands. A test file starts one server and takes a fresh database for each test. Fails over: standby()
// follows it by streaming, promote() ends that. It dies with the test process.

import { randomUUID } from 'node:crypto'
import { readdirSync, readlinkSync } from 'node:fs'
import { appendFile, chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

import pg from 'pg'

import { type ChildServer, giveToServer, startChildServer } from './child-server.ts'
import { copyTree, preparePostgres, superuser } from './postgres-programs.ts'
import { startOnFreePort } from './free-port.ts'
import { until } from './until.ts'

export type PostgresSettings = Readonly<Record<string, string | number>>

export interface PostgresOptions {
  /** Of postgresql.conf. */
  readonly settings?: PostgresSettings
  /** PEM texts: the server offers TLS, and refuses connections without it when they are not wanted. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly required?: boolean }
}

export type StopMode = 'fast' | 'immediate' | 'kill'

export interface PostgresServer extends AsyncDisposable {
  readonly port: number
  /** The data directory. */
  readonly dir: string
  /** postgres://… of a database, as superuser. */
  url(database?: string): string
  /** Makes an empty database and returns its url. */
  freshDatabase(): Promise<string>
  /** One statement as superuser, over a connection of its own. */
  query<Row extends pg.QueryResultRow>(sql: string, args?: readonly unknown[], database?: string): Promise<Row[]>
  /** ALTER SYSTEM, then reload; what needs a restart waits for one. */
  set(settings: PostgresSettings): Promise<void>
  isRunning(): boolean
  /** fast: ends connections; immediate: as after a crash; kill: SIGKILL of the postmaster. Keeps the folder. */
  stop(mode?: StopMode): Promise<void>
  /** On the same port and folder. */
  start(): Promise<void>
  restart(mode?: StopMode): Promise<void>
  /** A copy that follows this server. Synchronous: commits here wait until the standby has them on disk. */
  standby(options?: { readonly synchronous?: boolean }): Promise<PostgresServer>
  /** Of a standby: takes writes from now on. */
  promote(): Promise<void>
  log(): string
  /** It no longer keeps this process alive. */
  unref(): void
}

const startWithinMs = 30_000
const stopSignals = { fast: 'SIGINT', immediate: 'SIGQUIT', kill: 'SIGKILL' } as const

export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const { cluster } = await preparePostgres()
  const dir = await mkdtemp(join(tmpdir(), 'xpod-postgres-'))
  await copyTree(cluster, dir)
  const { tls } = options
  if (tls !== undefined) {
    await writeFile(join(dir, 'server.crt'), tls.cert)
    await writeFile(join(dir, 'server.key'), tls.key, { mode: 0o600 })
  }
  await addSettings(dir, 'postgresql.conf', {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    shared_buffers: '32MB',
    wal_level: 'logical',
    hot_standby: 'on',
    log_checkpoints: 'off',
    ssl: tls === undefined ? 'off' : 'on',
    ...options.settings,
  })
  const connections = tls?.required ? 'hostssl' : 'host'
  const lines = ['all', 'replication'].map((what) => `${connections} ${what} all 127.0.0.1/32 scram-sha-256\n`)
  await writeFile(join(dir, 'pg_hba.conf'), lines.join(''))
  return open(dir, tls !== undefined)
}

/** Starts a server in a folder that is ready for it, on a free port, and owns both from then on. */
async function open(dir: string, hasTls: boolean): Promise<PostgresServer> {
  const server = new Server(dir, hasTls, (await preparePostgres()).postgres)
  try {
    await chmod(dir, 0o700)
    giveToServer(dir)
    await startOnFreePort({
      async start(port) {
        server.port = port
        await server.start()
      },
      stop: () => server.stop('kill'),
      log: () => server.log(),
    })
    return server
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}

class Server implements PostgresServer {
  readonly dir: string
  readonly #hasTls: boolean
  readonly #program: string
  #child: ChildServer | undefined
  port = 0

  constructor(dir: string, hasTls: boolean, program: string) {
    this.dir = dir
    this.#hasTls = hasTls
    this.#program = program
  }

  url(database = 'postgres'): string {
    return `postgres://${superuser.user}:${superuser.password}@127.0.0.1:${this.port}/${database}`
  }

  async freshDatabase(): Promise<string> {
    const name = `t${randomUUID().replaceAll('-', '')}`
    await this.query(`CREATE DATABASE ${name}`)
    return this.url(name)
  }

  async query<Row extends pg.QueryResultRow>(
    sql: string,
    args: readonly unknown[] = [],
    database = 'postgres',
  ): Promise<Row[]> {
    const client = await this.#connect(database)
    try {
      return (await client.query<Row>(sql, [...args])).rows
    } finally {
      await client.end()
    }
  }

  async set(settings: PostgresSettings): Promise<void> {
    for (const [name, value] of Object.entries(settings)) {
      await this.query(`ALTER SYSTEM SET ${name} = ${quoted(value)}`)
    }
    await this.query('SELECT pg_reload_conf()')
  }

  isRunning(): boolean {
    return this.#child?.isRunning() === true
  }

  async start(): Promise<void> {
    if (this.isRunning()) return
    const args = ['-D', this.dir, '-p', String(this.port)]
    const command = this.#program
    this.#child = startChildServer({ command, args, cwd: this.dir, refusesRoot: true, deathSignal: 'QUIT' })
    await until('PostgreSQL answers', () => this.#answers(), startWithinMs)
  }

  async stop(mode: StopMode = 'fast'): Promise<void> {
    await this.#child?.end(stopSignals[mode])
    // Without their postmaster the others end by themselves; a start before that would be refused.
    if (mode === 'kill') await until('the backends have ended', () => !hasProcessesIn(this.dir))
  }

  async restart(mode: StopMode = 'fast'): Promise<void> {
    await this.stop(mode)
    await this.start()
  }

  async standby(options: { readonly synchronous?: boolean } = {}): Promise<PostgresServer> {
    const name = `s${randomUUID().replaceAll('-', '')}`
    const dir = await mkdtemp(join(tmpdir(), 'xpod-postgres-'))
    await this.#backUpTo(dir, name)
    await addSettings(dir, 'postgresql.auto.conf', {
      primary_conninfo: `host=127.0.0.1 port=${this.port} user=${superuser.user} password=${superuser.password} application_name=${name}`,
      primary_slot_name: name,
      synchronous_standby_names: '',
    })
    await writeFile(join(dir, 'standby.signal'), '')
    const standby = await open(dir, this.#hasTls)
    if (options.synchronous) await this.set({ synchronous_standby_names: name })
    const wanted = options.synchronous ? 'sync' : 'async'
    const follows = `SELECT 1 FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming' AND sync_state = $2`
    await until(
      'the standby follows',
      async () => (await this.query(follows, [name, wanted])).length > 0,
      startWithinMs,
    )
    return standby
  }

  async promote(): Promise<void> {
    await this.query('SELECT pg_promote(true, 30)')
  }

  log(): string {
    return this.#child?.output() ?? ''
  }

  unref(): void {
    this.#child?.unref()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('immediate')
    await rm(this.dir, { recursive: true, force: true })
  }

  async #connect(database: string): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.url(database),
      connectionTimeoutMillis: 5000,
      // Not what is under test here.
      ssl: this.#hasTls && { rejectUnauthorized: false },
    })
    // A server that a test stops meanwhile; the query tells.
    client.on('error', () => undefined)
    await client.connect()
    return client
  }

  async #answers(): Promise<boolean> {
    if (!this.isRunning()) throw new Error(`PostgreSQL ended:\n${this.log()}`)
    if (!this.log().includes('ready to accept')) return false
    return this.query('SELECT 1').then(
      () => true,
      () => false,
    )
  }

  /** Copies the running server; the slot keeps the log that the copy needs to catch up. */
  async #backUpTo(dir: string, slot: string): Promise<void> {
    const client = await this.#connect('postgres')
    try {
      await client.query('SELECT pg_create_physical_replication_slot($1, true)', [slot])
      await client.query('SELECT pg_backup_start($1, true)', [slot])
      await copyTree(this.dir, dir, (path) => !isOwnState(relative(this.dir, path)))
      const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)')
      await writeFile(join(dir, 'backup_label'), rows[0]!.labelfile)
      await mkdir(join(dir, 'pg_wal', 'archive_status'), { recursive: true })
    } finally {
      await client.end()
    }
  }
}

/** What belongs to the running server alone: of these folders only the folder itself is copied. */
function isOwnState(path: string): boolean {
  return (
    path.startsWith('postmaster.') ||
    /^(?:pg_wal|pg_replslot|pg_dynshmem|pg_notify|pg_stat_tmp|pg_subtrans)\/./.test(path)
  )
}

async function addSettings(dir: string, file: string, settings: PostgresSettings): Promise<void> {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${quoted(value)}\n`)
  await appendFile(join(dir, file), lines.join(''))
}

function quoted(value: string | number): string {
  return `'${String(value).replaceAll("'", "''")}'`
}

/** The backends of a server work in its data directory. */
function hasProcessesIn(dir: string): boolean {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === dir
      } catch {
        // It has ended.
        return false
      }
    })
}
