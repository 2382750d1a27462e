// bin/xpod as people run it: output, exit status, signals, commands beside a running server and without one.
// One server runs for most tests.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { freePort } from '../support/free-port.ts'
import { runXpod, spawnXpod, startXpod } from '../support/spawn.ts'
import { usesPostgres } from '../support/stores.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const running = await spawnXpod(['--log-format', 'json'])
after(() => running[Symbol.asyncDispose]())
const atRunning = ['--data-dir', running.dataDir]

test('a start prints the base URL, the data directory, the admin address and the next step on stdout', async () => {
  while (!running.output().includes('center.started')) await once(running.process.stderr!, 'data')
  const output = running.output()
  assert.match(output, new RegExp(`^xpod \\d+\\.\\d+\\.\\d+ is running at ${running.baseUrl}$`, 'm'))
  assert.match(output, /^next {3}xpod account create alice --data-dir /m)
  assert.match(output, /^admin {2}http:\/\/localhost:\d+\/$/m)
  const lines = output.split('\n').filter((one) => one.startsWith('{'))
  const events = lines.map((line) => (JSON.parse(line) as { msg: string }).msg)
  assert.ok(events.includes('center.started'), output)
})

test('the database is shown, and nothing is pending, while the server runs', async () => {
  const shown = await runXpod(['db', 'status', ...atRunning])
  assert.equal(shown.status, 0, shown.stderr)
  const lines = usesPostgres
    ? /^engine +PostgreSQL 1\d.*\naddress +127\.0\.0\.1:\d+\/\w+\nschema +\d+ \(up to date\)\n/
    : /^engine +SQLite 3\.\S+\naddress +\/.*xpod\.db\nschema +\d+ \(up to date\)\n$/
  assert.match(shown.stdout, lines)
  const dry = await runXpod(['db', 'migrate', '--dry-run', ...atRunning])
  assert.deepEqual([dry.status, dry.stderr], [0, ''])
  assert.match(dry.stdout, /up to date/)
  const away = await runXpod(['db', 'status', '--db', 'postgres://me:secret@127.0.0.1:1/x'])
  assert.equal(away.status, 75)
  assert.match(away.stderr, /DATABASE_UNAVAILABLE[^]*ECONNREFUSED/)
  assert.doesNotMatch(away.stderr, /secret/)
})

test('a pod is made, listed, shown, limited and deleted while the server runs', async () => {
  const made = await runXpod(['pod', 'create', 'alice', ...atRunning])
  assert.equal(made.status, 0, made.stderr)
  assert.match(made.stdout, new RegExp(`^Pod alice is at ${running.baseUrl}alice/$`, 'm'))
  const card = await fetch(`${running.baseUrl}alice/profile/card`)
  assert.match(await card.text(), /solid:oidcIssuer/)

  const listed = JSON.parse((await runXpod(['pod', 'list', '--json', ...atRunning])).stdout) as Record<
    string,
    unknown
  >[]
  const keys = 'id name base owners shownOwners state created deleteAt bytes resources quotaBytes quotaResources'
  assert.deepEqual(Object.keys(listed[0]!), keys.split(' '))
  assert.match(String(listed[0]!.created), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)

  const table = await runXpod(['pod', 'list', ...atRunning])
  assert.match(table.stdout, /^NAME +STATE +USED/)
  assert.doesNotMatch((await runXpod(['pod', 'list', '--no-header', ...atRunning])).stdout, /NAME/)

  const dry = await runXpod(['pod', 'quota', 'set', 'alice', '--bytes', '5GB', '--dry-run', '--json', ...atRunning])
  assert.equal((JSON.parse(dry.stdout) as { quotaBytes: number }).quotaBytes, 5e9)
  const kept = await runXpod(['pod', 'quota', 'show', 'alice', '--json', ...atRunning])
  assert.equal((JSON.parse(kept.stdout) as { quotaBytes: number }).quotaBytes, 1e9)
  assert.equal((await runXpod(['pod', 'quota', 'set', 'alice', '--bytes', '5GB', ...atRunning])).status, 0)
  const shown = await runXpod(['pod', 'show', 'alice', '--json', ...atRunning])
  assert.equal((JSON.parse(shown.stdout) as { quotaBytes: number }).quotaBytes, 5e9)

  const asked = await runXpod(['pod', 'delete', 'alice', ...atRunning])
  assert.equal(asked.status, 2)
  assert.match(asked.stderr, /CONFIRMATION_NEEDED/)
  assert.equal((await runXpod(['pod', 'delete', 'alice', '--dry-run', ...atRunning])).status, 0)
  assert.equal((await fetch(`${running.baseUrl}alice/profile/card`)).status, 200)
  assert.equal((await runXpod(['pod', 'delete', 'alice', '--yes', ...atRunning])).status, 0)
  assert.equal((await fetch(`${running.baseUrl}alice/profile/card`)).status, 404)
})

test('failures say what, why and what to try, with their own exit status', async () => {
  await runXpod(['pod', 'create', 'twice', ...atRunning])
  for (const [args, status, text] of [
    [
      ['pod', 'create', 'twice', ...atRunning],
      6,
      /^xpod: cannot run pod create \(POD_EXISTS\)\n {2}cause {2}.*\n {2}try {4}/,
    ],
    [['pod', 'show', 'nobody', ...atRunning], 5, /POD_UNKNOWN/],
    [['pod', 'lsit'], 2, /unknown command 'lsit' \(USAGE\)\n {2}try {4}Did you mean list\?/],
    [['centre'], 2, /Did you mean center\?/],
    [['center', '--lisen', 'x'], 2, /Did you mean --listen\?/],
    [['pod', 'create'], 2, /missing required argument 'name'/],
    [['pod', 'create', 'a', 'b'], 2, /too many arguments.* \(USAGE\)\n {2}try {4}xpod pod create --help/],
    [['pod', 'quota', 'set', 'twice', ...atRunning], 2, /--bytes/],
    [['pod'], 2, /^Usage: xpod pod COMMAND/],
    [['help', 'centr'], 2, /Did you mean center\?/],
    [['center', '--listen', 'nowhere'], 78, /CONFIG_INVALID/],
    [['center', '--db', 'mysql://localhost/x'], 78, /postgres:\/\//],
  ] as const) {
    const finished = await runXpod(args)
    assert.equal(finished.status, status, `${args.join(' ')}: ${finished.stderr}`)
    assert.match(finished.stderr, text)
    assert.equal(finished.stdout, '')
  }
})

test('a second server on the data directory is refused with the pid of the first', async () => {
  const port = await freePort()
  const second = await runXpod(['center', ...atRunning, '--listen', `127.0.0.1:${port}`, '--admin-listen', 'off'])
  assert.equal(second.status, 75)
  assert.match(second.stderr, new RegExp(`DATA_DIR_LOCKED[^]*process ${running.process.pid} uses it`))
})

test('a taken port is refused and named', async () => {
  await using folder = await temporaryDirectory()
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const address = `127.0.0.1:${(taken.address() as { port: number }).port}`
  const refused = await runXpod(['center', '--data-dir', join(folder.path, 'd'), '--listen', address])
  taken.close()
  assert.equal(refused.status, 75)
  assert.match(refused.stderr, new RegExp(`PORT_IN_USE[^]*${address}`))
})

test('SIGTERM finishes and exits 0; then commands work on the data without a server', async () => {
  await using own = await spawnXpod()
  const at = ['--data-dir', own.dataDir]
  assert.equal((await runXpod(['pod', 'create', 'alice', ...at])).status, 0)
  assert.equal(await own.stop(), 0)
  assert.equal((await runXpod(['pod', 'create', 'bob', ...at])).status, 0)
  const listed = JSON.parse((await runXpod(['pod', 'list', '--json', ...at])).stdout) as {
    name: string
    base: string
  }[]
  assert.deepEqual(
    listed.map(({ name, base }) => [name, base]),
    [
      ['alice', `${own.baseUrl}alice/`],
      ['bob', `${own.baseUrl}bob/`],
    ],
  )
  const moved = await runXpod(['center', ...at, '--base-url', 'https://other.example/', '--listen', '127.0.0.1:0'])
  assert.equal(moved.status, 78)
  assert.match(moved.stderr, new RegExp(`BASE_URL_CHANGED[^]*--base-url ${own.baseUrl}`))
})

test('a second signal ends it at once', async () => {
  await using own = await spawnXpod(['--drain-delay', '1m'])
  const exited = once(own.process, 'exit')
  own.process.kill('SIGTERM')
  while (!own.output().includes('center.draining')) await once(own.process.stderr!, 'data')
  own.process.kill('SIGTERM')
  assert.deepEqual(await exited, [143, null])
})

test('SIGHUP reads the log level again', async () => {
  await using folder = await temporaryDirectory()
  const config = join(folder.path, 'xpod.json')
  await writeFile(config, JSON.stringify({ 'log-level': 'warn' }))
  await using own = await spawnXpod(['--config', config])
  assert.doesNotMatch(own.output(), /center\.started/)
  await writeFile(config, JSON.stringify({ 'log-level': 'info' }))
  own.process.kill('SIGHUP')
  while (!own.output().includes('center.reloaded')) await once(own.process.stderr!, 'data')
  assert.equal(await own.stop(), 0)
})

test('a command that never found a data directory makes none', async () => {
  await using folder = await temporaryDirectory()
  const finished = await runXpod(['pod', 'list'], { cwd: folder.path })
  assert.equal(finished.status, 78)
  assert.match(finished.stderr, /DATA_DIR_UNUSABLE[^]*Start xpod center first/)
})

test('config show says what counts and where it comes from', async () => {
  const env = { XPOD_LISTEN: '127.0.0.1:4000', CSS_DATABASE_URL: 'sqlite:' }
  const shown = await runXpod(['config', 'show', '--json', '--pods', 'host'], { env })
  const lines = JSON.parse(shown.stdout) as { key: string; value: string | null; origin: string }[]
  const of = (key: string): unknown => lines.find((line) => line.key === key)
  assert.deepEqual(of('listen'), { key: 'listen', value: '127.0.0.1:4000', origin: 'XPOD_LISTEN' })
  assert.deepEqual(of('db'), { key: 'db', value: 'sqlite:', origin: 'CSS_DATABASE_URL' })
  assert.deepEqual(of('pods'), { key: 'pods', value: 'host', origin: '--pods' })
  const conflict = await runXpod(['config', 'show'], { env: { ...env, XPOD_DB_FILE: '/dev/null' } })
  assert.equal(conflict.status, 78)
  assert.match(conflict.stderr, /CONFIG_CONFLICT/)
})

test('help begins with usage, one sentence and examples; global options come last', async () => {
  const help = (await runXpod(['--help'])).stdout
  const order = [
    'Usage: xpod COMMAND',
    'A Solid pod server',
    'Examples:',
    'Run:',
    'Pods:',
    'Diagnose:',
    'Global options:',
  ]
  const places = order.map((part) => help.indexOf(part))
  assert.ok(
    places.every((place, index) => place >= 0 && (index === 0 || place > places[index - 1]!)),
    help,
  )
  assert.equal((await runXpod([])).stdout, help)
  assert.equal((await runXpod(['help'])).stdout, help)
  assert.match((await runXpod(['center', '--help'])).stdout, /--trust-proxy CIDR/)
  assert.match((await runXpod(['help', 'pod', 'delete'])).stdout, /--dry-run/)
  assert.match((await runXpod(['help', 'exit-codes'])).stdout, /POD_EXISTS +6 /)
  for (const line of help.split('\n')) assert.ok(line.length <= 100, line)
})

test('people with a Chinese locale read Chinese; codes stay', async () => {
  const env = { LC_ALL: 'zh_CN.UTF-8' }
  assert.match((await runXpod(['--help'], { env })).stdout, /^用法： xpod/)
  const failed = await runXpod(['pod', 'show', 'nobody', ...atRunning], { env })
  assert.match(failed.stderr, /无法执行 pod show \(POD_UNKNOWN\)\n {2}原因/)
})

test('colour: none on a pipe, forced by FORCE_COLOR and --color, --color goes before', async () => {
  const coloured = /\u001b\[/
  const failing = ['pod', 'show', 'nobody', ...atRunning]
  assert.doesNotMatch((await runXpod(failing)).stderr, coloured)
  assert.match((await runXpod(failing, { env: { FORCE_COLOR: '1' } })).stderr, coloured)
  assert.match((await runXpod([...failing, '--color', 'always'], { env: { NO_COLOR: '1' } })).stderr, coloured)
  assert.doesNotMatch((await runXpod([...failing, '--color=never'], { env: { FORCE_COLOR: '1' } })).stderr, coloured)
})

test('version says what a bug report needs', async () => {
  const version = JSON.parse((await runXpod(['version', '--json'])).stdout) as Record<string, unknown>
  assert.deepEqual(Object.keys(version), ['version', 'commit', 'schema', 'node', 'platform'])
  const { version: own } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  assert.equal(version.version, own)
  assert.equal((await runXpod(['--version'])).stdout, `${own}\n`)
})

test('shells complete pod names of the running server', async () => {
  await runXpod(['pod', 'create', 'completed', ...atRunning])
  const words = ['pod', 'show', ...atRunning, 'compl']
  assert.equal((await runXpod(['__complete', '--', ...words])).stdout, 'completed\n')
})

test('Ctrl-C on a command that is not the server ends it with 130', async () => {
  await using folder = await temporaryDirectory()
  // A socket that accepts and never answers.
  const silent = createServer().listen(join(folder.path, 'control.sock'))
  const connected = once(silent, 'connection')
  const command = startXpod(['pod', 'list', '--data-dir', folder.path])
  const exited = once(command, 'exit')
  await connected
  command.kill('SIGINT')
  assert.deepEqual(await exited, [130, null])
  silent.close()
})
