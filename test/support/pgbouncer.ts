// A real PgBouncer (Debian: pgbouncer) in front of a PostgreSQL of a test, in transaction mode, on a free port, with the
// same user and password as the server behind it. It dies with the test process.

import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import pg from 'pg'

import { type ChildServer, giveToServer, startChildServer } from './child-server.ts'
import { canRun, lacks } from './needs.ts'
import { superuser } from './postgres-programs.ts'
import { startOnFreePort } from './free-port.ts'
import { until } from './until.ts'

export interface PgBouncer extends AsyncDisposable {
  readonly port: number
  /** postgres://… of the same database through the pooler. */
  url(databaseUrl: string): string
  log(): string
  /** It no longer keeps this process alive. */
  unref(): void
}

export interface PgBouncerOptions {
  /** Where PostgreSQL listens. */
  readonly port: number
  readonly mode?: 'transaction' | 'session' | 'statement'
  /** Further lines of its [pgbouncer] section. */
  readonly settings?: Readonly<Record<string, string | number>>
}

// Not on the PATH of everybody.
const debianProgram = '/usr/sbin/pgbouncer'
const program = existsSync(debianProgram) ? debianProgram : 'pgbouncer'

/** For a test's `skip` option. */
export const lacksPgBouncer = lacks('pgbouncer', canRun(program, '--version'))

export async function startPgBouncer(options: PgBouncerOptions): Promise<PgBouncer> {
  const dir = await mkdtemp(join(tmpdir(), 'xpod-pgbouncer-'))
  let server: ChildServer | undefined
  let port = 0
  const stop = async (): Promise<void> => server?.end('SIGKILL')
  const log = (): string => server?.output() ?? ''
  const bouncer: PgBouncer = {
    get port() {
      return port
    },
    url(databaseUrl) {
      const url = new URL(databaseUrl)
      url.port = String(port)
      return url.href
    },
    log,
    unref: () => server?.unref(),
    async [Symbol.asyncDispose]() {
      await stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
  const start = async (free: number): Promise<void> => {
    port = free
    await writeSettings(dir, port, options)
    const child = startChildServer({
      command: program,
      args: [join(dir, 'pgbouncer.ini')],
      cwd: dir,
      refusesRoot: true,
    })
    server = child
    const { user, password } = superuser
    await until('PgBouncer answers', () => {
      if (!child.isRunning()) throw new Error(`PgBouncer ended:\n${child.output()}`)
      return answers(`postgres://${user}:${password}@127.0.0.1:${port}/postgres`)
    })
  }
  try {
    await startOnFreePort({ start, stop, log })
    return bouncer
  } catch (error) {
    await bouncer[Symbol.asyncDispose]()
    throw error
  }
}

async function writeSettings(dir: string, port: number, options: PgBouncerOptions): Promise<void> {
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: join(dir, 'users.txt'),
    pool_mode: options.mode ?? 'transaction',
    default_pool_size: 20,
    max_client_conn: 500,
    ...options.settings,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`)
  const databases = `[databases]\n* = host=127.0.0.1 port=${options.port}\n`
  await writeFile(join(dir, 'pgbouncer.ini'), `${databases}[pgbouncer]\n${lines.join('')}`)
  await writeFile(join(dir, 'users.txt'), `"${superuser.user}" "${superuser.password}"\n`)
  giveToServer(dir)
}

async function answers(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('SELECT 1')
    return true
  } catch {
    return false
  } finally {
    await client.end()
  }
}
