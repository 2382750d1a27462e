// The one table of settings. A row gives a setting its flag, its XPOD_… name, its name in a file, the names that other
// software gave it, its type, its default and its help. Help, manual, README and JSON Schema are made from it.

import * as types from './types.ts'
import type { SettingType } from './types.ts'

export interface Key<T> {
  readonly type: SettingType<T>
  /** Written as a person would write it. Undefined: found out at start. */
  readonly default: string | undefined
  readonly help: string
  /** Environment names besides XPOD_…, kept from software that came before. */
  readonly otherNames?: readonly string[]
  /** Flags besides its own, kept from software that came before; not shown in help. The camel case of its name. */
  readonly otherFlags?: readonly string[]
  /**
   * May also be given as NAME_FILE or a systemd credential; masked wherever it is shown: the password of a URL, or all of it.
   */
  readonly secret?: 'password' | 'whole'
}

function key<T>(type: SettingType<T>, standard: string | undefined, help: string, more: Partial<Key<T>> = {}): Key<T> {
  return { type, default: standard, help, ...more }
}

export const keys = {
  'data-dir': key(types.path, 'xpod-data', 'Where everything is kept'),
  db: key(
    types.databaseUrl,
    'sqlite:',
    'Database: sqlite: in the data directory, or postgres://USER:PASSWORD@HOST/NAME',
    {
      otherNames: ['CSS_DATABASE_URL'],
      secret: 'password',
    },
  ),
  s3: key(
    types.s3Url,
    undefined,
    'S3 store for large bodies: https://HOST/BUCKET; else they lie in the data directory',
    {
      otherNames: ['CSS_MINIO_ENDPOINT'],
      secret: 'password',
    },
  ),
  's3-bucket': key(types.bucketName, undefined, 'Bucket of the S3 store', { otherNames: ['CSS_MINIO_BUCKET_NAME'] }),
  's3-region': key(types.regionName, undefined, 'Region of the bucket; told by known hosts, else us-east-1'),
  's3-access-key': key(types.word, undefined, 'Access key of the S3 store', {
    otherNames: ['CSS_MINIO_ACCESS_KEY'],
    secret: 'whole',
  }),
  's3-secret-key': key(types.word, undefined, 'Secret key of the S3 store', {
    otherNames: ['CSS_MINIO_SECRET_KEY'],
    secret: 'whole',
  }),
  's3-addressing': key(
    types.oneOf('auto', 'path', 'host'),
    'auto',
    'Where the bucket stands in URLs of the S3 store: as known hosts want it, HOST/BUCKET or BUCKET.HOST',
  ),
  listen: key(types.address, '127.0.0.1:3000', 'Address and port to serve on'),
  'base-url': key(types.originUrl, undefined, 'Public URL of this server; kept from the first start on'),
  'trust-proxy': key(types.listOf(types.cidr), '', 'Reverse proxies whose Forwarded headers count (repeatable)'),
  pods: key(types.oneOf('path', 'host'), 'path', 'Pods at /alice/ (path) or at alice.HOST (host)'),
  'admin-listen': key(types.addressOrOff, '127.0.0.1:9464', 'Health and metrics; next free port when taken'),
  'allow-internal': key(
    types.listOf(types.hostOrCidr),
    '',
    'Internal hosts that WebIDs and key sets may be fetched from (repeatable)',
  ),
  registration: key(
    types.oneOf('open', 'invite', 'closed'),
    undefined,
    'Who may sign up: anybody, who has an invite, nobody; open on loopback, else invite',
  ),
  'account-pods': key(types.count, '3', 'Pods that one account may make'),
  'address-limit': key(
    types.count,
    '60',
    'Sign-ups, failed log-ins and app registrations from one address in an hour; none on loopback',
  ),
  'notification-limit': key(types.count, '20000', 'Notification channels that may listen to one pod'),
  'legacy-updates': key(types.flag, 'false', 'Serve the solid-0.1 WebSocket of old apps: what anyone may read'),
  'secret-file': key(types.path, undefined, 'Key that seals secrets in the database; made in the data directory'),
  'smtp-url': key(types.smtpUrl, undefined, 'Server that sends mail: smtps://USER:PASSWORD@HOST', {
    secret: 'password',
  }),
  'mail-from': key(types.mailAddress, undefined, 'Sender of mail; xpod at the host of the base URL'),
  'acl-origin': key(types.flag, 'false', 'Let acl:origin in ACLs give access to web pages'),
  'jsonld-contexts': key(
    types.oneOf('bundled', 'fetch'),
    'bundled',
    'JSON-LD contexts that are known: those of xpod, or also those fetched when a document is written',
  ),
  'max-body': key(types.size, '10 GiB', 'Largest body of one resource'),
  'pod-quota': key(types.size, '1GB', 'Bytes a new pod may hold'),
  'pod-max-resources': key(types.count, '100000', 'Resources a new pod may hold'),
  'cache-path': key(types.path, '/data/cache', 'Where objects of --s3 are kept near at hand', {
    otherNames: ['CSS_CACHE_PATH'],
    otherFlags: ['cachePath'],
  }),
  'cache-max-size': key(types.cacheSize, '50GB', 'Disk space for that: a size, a share such as 80%, or off', {
    otherNames: ['CSS_CACHE_MAX_SIZE'],
    otherFlags: ['cacheMaxSize'],
  }),
  'cache-memory': key(types.size, '64 MiB', 'Memory for what is read often'),
  'log-level': key(types.oneOf('debug', 'info', 'warn', 'error'), 'info', 'Least level that is logged'),
  'log-format': key(types.oneOf('auto', 'json', 'logfmt', 'text'), 'auto', 'auto: text on a terminal, else json'),
  'access-log': key(types.flag, 'false', 'Log one line a request'),
  'drain-delay': key(types.duration, '0s', 'Between not ready and closing the listener at a stop'),
} as const satisfies Record<string, Key<never> | Key<unknown>>

export type KeyName = keyof typeof keys

/** All settings, typed. */
export type Settings = {
  readonly [Name in KeyName]: (typeof keys)[Name] extends Key<infer T> ? T | AbsentOf<Name> : never
}
type AbsentOf<Name extends KeyName> = Name extends Absent ? undefined : never
/** Those that are found out at start. */
type Absent =
  | 'base-url'
  | 'registration'
  | 'secret-file'
  | 'smtp-url'
  | 'mail-from'
  | 's3'
  | 's3-bucket'
  | 's3-region'
  | 's3-access-key'
  | 's3-secret-key'

export const keyNames = Object.keys(keys) as readonly KeyName[]

export function environmentName(name: KeyName): string {
  return `XPOD_${name.toUpperCase().replaceAll('-', '_')}`
}

export function isMany(name: KeyName): boolean {
  return 'many' in keys[name].type
}
