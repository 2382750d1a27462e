// Where the database is and how it is reached, from its URL. Read here rather than by the driver, which takes one host
// only and fills in what is missing from PG… variables of the environment. A host that is not this machine is reached over
// TLS with a verified name unless the URL says otherwise; `prefer` and `allow`, which protect nothing, are refused.

import { readFile } from 'node:fs/promises'
import type { ConnectionOptions as TlsOptions } from 'node:tls'

import { systemCode, XpodError } from '../../../base/errors.ts'

export interface PostgresAddress {
  /** A name, an IP address, or the directory of a Unix socket. */
  readonly host: string
  readonly port: number
  /** False: in clear. */
  readonly tls: TlsOptions | false
}

export interface PostgresTarget {
  /** In the order to try them; the one that takes writes is used. */
  readonly addresses: readonly PostgresAddress[]
  readonly user: string
  readonly password: string
  readonly database: string
  readonly applicationName: string
}

type SslMode = 'disable' | 'require' | 'verify-ca' | 'verify-full'

const sslModes: readonly string[] = ['disable', 'require', 'verify-ca', 'verify-full'] satisfies SslMode[]
const parameters = new Set([
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'application_name',
  'host',
  'port',
  'target_session_attrs',
])
const maxAddresses = 10
const standardPort = '5432'
const pattern = /^postgres(?:ql)?:\/\/(?:([^/?#]*)@)?([^/?#@]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/

/** Reads the certificates that the URL names. Throws CONFIG_INVALID without the password in it. */
export async function readPostgresUrl(url: string): Promise<PostgresTarget> {
  const match = pattern.exec(url)
  if (match === null) throw wrong('write it as postgres://USER:PASSWORD@HOST:5432/DATABASE')
  const [, login = '', hosts = '', path = '', query = ''] = match
  const options = new URLSearchParams(query)
  for (const name of options.keys()) if (!parameters.has(name)) throw wrong(`the parameter ${name} is not known`)
  const [user = '', ...password] = login.split(':')
  if (user === '') throw wrong('it names no user')
  const wanted = options.get('target_session_attrs') ?? 'read-write'
  if (wanted !== 'read-write' && wanted !== 'primary') throw wrong('target_session_attrs can only be read-write')
  return {
    addresses: await readAddresses(hosts === '' ? (options.get('host') ?? 'localhost') : hosts, options),
    user: decode(user),
    password: decode(password.join(':')),
    database: path === '' ? decode(user) : decode(path),
    applicationName: options.get('application_name') ?? 'xpod',
  }
}

async function readAddresses(hosts: string, options: URLSearchParams): Promise<readonly PostgresAddress[]> {
  const mode = options.get('sslmode') ?? undefined
  if (mode !== undefined && !sslModes.includes(mode)) throw wrong(`sslmode is one of ${sslModes.join(', ')}`)
  const names = hosts.split(',')
  if (names.length > maxAddresses) throw wrong(`at most ${maxAddresses} hosts`)
  const certificates = await readCertificates(options)
  return names.map((text) => {
    const { host, port } = readHost(text, options.get('port') ?? standardPort)
    const used = (mode as SslMode | undefined) ?? (isLocal(host) ? 'disable' : 'verify-full')
    return { host, port, tls: tlsOf(used, certificates) }
  })
}

/** A socket's directory has no place for a port but the parameter. */
function readHost(text: string, otherwise: string): { host: string; port: number } {
  const match = /^(?:(\/.*)|\[([^\]]+)\]|([^:[\]]+))(?::(\d+))?$/.exec(text)
  const port = Number(match?.[4] ?? otherwise)
  const isPort = Number.isInteger(port) && port >= 1 && port <= 65_535
  if (match === null || !isPort) throw wrong('a host is written as HOST or HOST:PORT')
  return { host: decode(match[1] ?? match[2] ?? match[3]!), port }
}

/** Nothing between here and there that could listen. */
function isLocal(host: string): boolean {
  return host.startsWith('/') || /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|::1)$/i.test(host)
}

type Certificates = Pick<TlsOptions, 'ca' | 'cert' | 'key'>

function tlsOf(mode: SslMode, certificates: Certificates): TlsOptions | false {
  const byMode: Readonly<Record<SslMode, TlsOptions | false>> = {
    disable: false,
    require: { ...certificates, rejectUnauthorized: false },
    'verify-ca': { ...certificates, checkServerIdentity: () => undefined },
    'verify-full': certificates,
  }
  return byMode[mode]
}

async function readCertificates(options: URLSearchParams): Promise<Certificates> {
  const root = options.get('sslrootcert')
  const [ca, cert, key] = await Promise.all([
    readNamed(root === 'system' ? null : root, 'sslrootcert'),
    readNamed(options.get('sslcert'), 'sslcert'),
    readNamed(options.get('sslkey'), 'sslkey'),
  ])
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
}

async function readNamed(file: string | null, name: string): Promise<string | undefined> {
  if (file === null) return undefined
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new XpodError('CONFIG_INVALID', `db: the file of ${name} cannot be read (${systemCode(error)})`, {
      cause: error,
    })
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    throw new XpodError('CONFIG_INVALID', 'db: the URL has a broken percent-encoding', { cause: error })
  }
}

function wrong(detail: string): XpodError {
  return new XpodError('CONFIG_INVALID', `db: ${detail}`)
}
