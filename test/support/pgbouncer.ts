// A real PgBouncer (Debian: pgbouncer) in front of a PostgreSQL of a test, in transaction mode, on a free port, with the
// same user and password as the server behind it. It dies with the test process.

import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import pg from 'pg'

import { giveToServer, startChildServer } from './child-server.ts'
import { canRun, lacks } from './needs.ts'
import { superuser } from './postgres-programs.ts'
import { freePort } from './free-port.ts'
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
  const port = await freePort()
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
  const args = [join(dir, 'pgbouncer.ini')]
  const server = startChildServer({ command: program, args, cwd: dir, refusesRoot: true })
  const bouncer: PgBouncer = {
    port,
    url(databaseUrl) {
      const url = new URL(databaseUrl)
      url.port = String(port)
      return url.href
    },
    log: () => server.output(),
    unref: () => server.unref(),
    async [Symbol.asyncDispose]() {
      await server.end('SIGKILL')
      await rm(dir, { recursive: true, force: true })
    },
  }
  try {
    const { user, password } = superuser
    const url = `postgres://${user}:${password}@127.0.0.1:${port}/postgres`
    await until('PgBouncer answers', () => {
      if (!server.isRunning()) throw new Error(`PgBouncer ended:\n${server.output()}`)
      return answers(url)
    })
    return bouncer
  } catch (error) {
    await bouncer[Symbol.asyncDispose]()
    throw error
  }
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
