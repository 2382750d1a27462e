// Where settings come from and which one counts; what is refused. The environment is always a parameter here.

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { environmentName, type KeyName, keyNames } from '../../src/config/keys.ts'
import { loadSettings, masked, readSurroundings } from '../../src/config/load.ts'

const folder = await mkdtemp(join(tmpdir(), 'xpod-config-'))
after(() => rm(folder, { recursive: true }))

let files = 0
async function file(content: unknown): Promise<string> {
  const path = join(folder, `${++files}.json`)
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

test('without anything, the defaults count', () => {
  const { settings, given } = loadSettings({}, {})
  assert.deepEqual(settings.listen, { host: '127.0.0.1', port: 3000 })
  assert.equal(settings['pod-quota'], 1e9)
  assert.equal(settings['pod-max-resources'], 100_000)
  assert.deepEqual([settings['account-pods'], settings['address-limit'], settings.registration], [3, 60, undefined])
  assert.equal(settings['base-url'], undefined)
  assert.equal(given.listen?.origin, 'default')
  assert.ok(Object.isFrozen(settings))
})

test('flag, environment, file, config.d and default count in this order', async () => {
  const own = join(folder, 'order')
  await mkdir(join(own, 'config.d'), { recursive: true })
  const config = join(own, 'xpod.json')
  const levels = (value: string): Record<string, string> => ({ 'log-level': value })
  await writeFile(
    join(own, 'config.d', '10.json'),
    JSON.stringify({ ...levels('debug'), 'max-body': '1MB', pods: 'host' }),
  )
  await writeFile(join(own, 'config.d', '20.json'), JSON.stringify({ ...levels('info'), 'max-body': '2MB' }))
  await writeFile(config, JSON.stringify(levels('warn')))
  const flags = { config }
  const origin = (loaded: ReturnType<typeof loadSettings>): unknown[] => [
    loaded.settings['log-level'],
    loaded.given['log-level']?.origin,
  ]
  assert.deepEqual(origin(loadSettings({ ...flags, 'log-level': 'error' }, { XPOD_LOG_LEVEL: 'debug' })), [
    'error',
    '--log-level',
  ])
  assert.deepEqual(origin(loadSettings(flags, { XPOD_LOG_LEVEL: 'debug' })), ['debug', 'XPOD_LOG_LEVEL'])
  assert.deepEqual(origin(loadSettings(flags, {})), ['warn', config])
  assert.equal(loadSettings(flags, {}).settings['max-body'], 2e6, 'of config.d the last name wins')
  assert.equal(loadSettings({}, { XPOD_CONFIG: config }).settings.pods, 'host')
})

/** A value for each setting that has no default. */
const samples: Partial<Record<KeyName, string>> = {
  'base-url': 'http://a.example/',
  registration: 'closed',
  'secret-file': '/a/secret',
  'smtp-url': 'smtps://user:password@mail.example',
  'mail-from': 'pods@a.example',
  s3: 'https://key:secret@s3.example',
  's3-bucket': 'pods',
  's3-region': 'eu-central-1',
  's3-access-key': 'key',
  's3-secret-key': 'secret',
}

test('every setting can be given by flag, by environment and in the file', async () => {
  for (const name of keyNames) {
    const text = loadSettings({}, {}).given[name]?.text ?? samples[name]!
    const config = await file({ [name]: text })
    assert.equal(loadSettings({ [name]: text }, {}).given[name]?.origin, `--${name}`)
    assert.equal(loadSettings({}, { [environmentName(name)]: text }).given[name]?.origin, environmentName(name))
    assert.equal(loadSettings({ config }, {}).given[name]?.origin, config)
  }
})

test('lists take a flag again, commas, and arrays', async () => {
  const wanted = ['10.0.0.0/8', '::1']
  assert.deepEqual(loadSettings({ 'trust-proxy': wanted }, {}).settings['trust-proxy'], wanted)
  assert.deepEqual(loadSettings({}, { XPOD_TRUST_PROXY: '10.0.0.0/8, ::1' }).settings['trust-proxy'], wanted)
  assert.deepEqual(loadSettings({ config: await file({ 'trust-proxy': wanted }) }, {}).settings['trust-proxy'], wanted)
})

test('one setting under two names with different values is refused, with equal ones it is not', () => {
  assert.throws(() => loadSettings({}, { XPOD_DB: 'sqlite:', CSS_DATABASE_URL: 'postgres://a' }), {
    code: 'CONFIG_CONFLICT',
    exit: 78,
  })
  assert.equal(loadSettings({}, { XPOD_DB: 'sqlite:', CSS_DATABASE_URL: 'sqlite:' }).settings.db, 'sqlite:')
  assert.equal(loadSettings({}, { CSS_DATABASE_URL: 'sqlite:' }).given.db?.origin, 'CSS_DATABASE_URL')
})

test('a secret comes from a file or a credential as well', async () => {
  const path = await file('sqlite:\n')
  assert.equal(loadSettings({}, { XPOD_DB_FILE: path }).given.db?.origin, 'XPOD_DB_FILE')
  await writeFile(join(folder, 'db'), 'sqlite:')
  assert.equal(loadSettings({}, { CREDENTIALS_DIRECTORY: folder }).given.db?.origin, 'credential db')
})

test('passwords are masked wherever a value is shown', () => {
  assert.equal(masked('db', 'postgres://me:secret@host/x'), 'postgres://me:***@host/x')
  const failing = (): unknown => loadSettings({ db: 'mysql://me:secret@host/x' }, {})
  assert.throws(
    failing,
    (error: Error) => error.message.includes('mysql://me:***@') && !error.message.includes('secret'),
  )
})

for (const [what, flags, env, hint] of [
  ['an unknown key in a file', { config: await file({ lisen: 1 }) }, {}, /listen/],
  ['an unknown XPOD_ name', {}, { XPOD_LISTN: '1' }, /XPOD_LISTEN/],
  ['a file that is not JSON', { config: await file('{') }, {}, /./],
  ['a file that is no object', { config: await file([]) }, {}, /./],
  ['a file that is not there', { config: join(folder, 'none.json') }, {}, /./],
  ['a value of the wrong type', { config: await file({ listen: { port: 1 } }) }, {}, /./],
  ['a port beyond all ports', { listen: 'localhost:70000' }, {}, /./],
  ['a base URL with a path', { 'base-url': 'https://a.example/b' }, {}, /./],
  ['a base URL that is none', { 'base-url': 'a.example' }, {}, /./],
  ['a size without sense', { 'max-body': 'much' }, {}, /./],
  ['a proxy that is no block', { 'trust-proxy': ['10.0.0.0/99'] }, {}, /./],
] as const) {
  test(`${what} is refused with 78`, () => {
    assert.throws(
      () => loadSettings(flags, env),
      (error: { code: string; exit: number; hint: string }) =>
        error.code === 'CONFIG_INVALID' && error.exit === 78 && hint.test(error.hint),
    )
  })
}

test('colour follows NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and TERM', () => {
  const colour = (env: Record<string, string>): boolean | undefined => readSurroundings(env).colour
  assert.equal(colour({}), undefined)
  assert.equal(colour({ NO_COLOR: '1' }), false)
  assert.equal(colour({ NO_COLOR: '' }), undefined)
  assert.equal(colour({ TERM: 'dumb' }), false)
  assert.equal(colour({ FORCE_COLOR: '1', NO_COLOR: '1' }), true)
  assert.equal(colour({ CLICOLOR_FORCE: '1' }), true)
})

test('the language follows LC_ALL before LANG', () => {
  assert.equal(readSurroundings({ LANG: 'zh_CN.UTF-8' }).language, 'zh-CN')
  assert.equal(readSurroundings({ LANG: 'zh_CN.UTF-8', LC_ALL: 'C.UTF-8' }).language, 'en')
  assert.equal(readSurroundings({}).language, 'en')
})
