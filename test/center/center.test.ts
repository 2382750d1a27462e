// A center as a whole, asked over HTTP and its sockets: names and hosts, its own pages, health, control, restart, drain.
// One center serves most tests; tests that stop or restart one start their own.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { connectControl } from '../../src/center/control.ts'
import { startTestCenter } from '../support/center.ts'
import { connectRaw } from '../support/raw-http.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const center = await startTestCenter({ adminListen: { host: '127.0.0.1', port: 0 }, trustProxy: ['127.0.0.1'] })
const pod = await center.createPod('alice')
after(() => center[Symbol.asyncDispose]())
const port = Number(new URL(center.baseUrl).port)

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** With a Host and a path as they are written; fetch would mend them. */
async function ask(
  path: string,
  headers: Record<string, string> = {},
  options: { method?: string; port?: number } = {},
): Promise<Answer> {
  const sent = request({
    host: '127.0.0.1',
    port: options.port ?? port,
    path,
    headers,
    method: options.method ?? 'GET',
    agent: false,
  })
  sent.end()
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk as string
  return { status: response.statusCode!, headers: response.headers, text }
}

test('a host that is nobody’s is 404 and names the base URL', async () => {
  const { status, text } = await ask('/alice/', { Host: 'evil.example' })
  assert.equal(status, 404)
  assert.equal((JSON.parse(text) as { code: string }).code, 'HOST_UNKNOWN')
  assert.ok(text.includes(center.baseUrl))
})

test('loopback names are aliases, an encoded pod name is the same pod, a missing slash redirects', async () => {
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
    assert.equal((await ask('/alice/profile/card', { Host: host })).status, 200, host)
  }
  assert.equal((await ask('/%61lice/profile/c%61rd')).status, 200)
  const { status, headers } = await ask('/alice?x=1')
  assert.deepEqual([status, headers.location], [308, `${pod.base}?x=1`])
  assert.equal((await ask('/alice/../alice/')).status, 400)
  assert.equal((await ask('//alice/')).status, 400)
})

test('the word of a trusted proxy about the host counts', async () => {
  const { host } = new URL(center.baseUrl)
  assert.equal((await ask('/alice/profile/card', { Host: 'inner', 'X-Forwarded-Host': host })).status, 200)
  assert.equal((await ask('/alice/profile/card', { Host: 'inner', Forwarded: `host="${host}"` })).status, 200)
  assert.equal((await ask('/alice/profile/card', { 'X-Forwarded-Host': 'evil.example' })).status, 404)
})

test('without a trusted proxy a forwarded host counts for nothing', async () => {
  await using other = await startTestCenter()
  const at = { port: Number(new URL(other.baseUrl).port) }
  assert.equal((await ask('/', { 'X-Forwarded-Host': 'evil.example' }, at)).status, 200)
})

test('an absolute request target names its host itself; OPTIONS * is about the server', async () => {
  await using connection = await connectRaw(port)
  connection.send(`GET ${pod.webId.replace('#me', '')} HTTP/1.1\r\nHost: whatever\r\n\r\n`)
  await connection.until('foaf:Person')
  connection.send(`OPTIONS * HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`)
  assert.match(await connection.until('204'), /\r\nAllow: .*PATCH/)
})

test('the front page says what this is, in the reader’s language, to read only', async () => {
  const english = await ask('/')
  assert.match(english.text, /xpod pod create alice/)
  assert.match(String(english.headers['content-type']), /^text\/html/)
  assert.match((await ask('/', { 'Accept-Language': 'zh-CN,zh;q=0.9' })).text, /lang="zh-CN"/)
  const refused = await ask('/', {}, { method: 'PUT' })
  assert.deepEqual([refused.status, refused.headers.allow], [405, 'GET, HEAD, OPTIONS'])
})

test('reserved places of the origin are 404 problems, and other origins may read them', async () => {
  for (const path of ['/.notifications/', '/nobody/', '/favicon.ico']) {
    const { status, headers } = await ask(path, { Origin: 'https://app.example' })
    assert.equal(status, 404, path)
    assert.equal(headers['content-type'], 'application/problem+json', path)
    assert.equal(headers['access-control-allow-origin'], 'https://app.example', path)
  }
})

test('/healthz says ok; the origin describes itself in Turtle and JSON-LD', async () => {
  assert.equal((await ask('/healthz')).text, 'ok\n')
  const turtle = await ask('/.well-known/solid', { Accept: 'text/turtle' })
  assert.match(turtle.text, /dcterms:conformsTo <https:\/\/solidproject.org\/TR\/protocol>/)
  const json = JSON.parse((await ask('/.well-known/solid', { Accept: 'application/ld+json' })).text) as Record<
    string,
    unknown
  >
  assert.equal(json['@id'], center.baseUrl)
})

test('a preflight is answered whatever the path', async () => {
  const headers = { Origin: 'https://app.example', 'Access-Control-Request-Method': 'PUT' }
  for (const path of ['/alice/x', '/alice', '/nobody/x']) {
    assert.equal((await ask(path, headers, { method: 'OPTIONS' })).status, 204, path)
  }
})

test('the admin listener tells health and figures, to its own host only', async () => {
  const at = { port: Number(new URL(center.adminUrl!).port) }
  assert.equal((await ask('/livez', {}, at)).text, 'ok\n')
  assert.equal((await ask('/readyz', {}, at)).status, 200)
  assert.match((await ask('/readyz?verbose', {}, at)).text, /^\[ok\] {3}database$/m)
  const { text } = await ask('/metrics', {}, at)
  for (const name of [
    'xpod_http_requests_total',
    'xpod_http_request_seconds',
    'xpod_quota_rejections_total',
    'xpod_lock_wait_seconds',
    'xpod_cache_hits_total{class="memory"}',
    'xpod_cache_misses_total{class="memory"}',
    'xpod_cache_evictions_total{queue="memory"}',
    'xpod_cache_bytes',
    'xpod_notify_delivered_total',
    'xpod_notify_dropped_total',
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_p99_seconds',
  ]) {
    assert.ok(text.includes(`\n${name}`), name)
  }
  const figures = async (): Promise<string> => (await ask('/metrics', {}, at)).text
  await until('the bytes of pods are summed up', async () => /^xpod_pod_bytes [1-9]/m.test(await figures()))
  assert.match(await figures(), /^xpod_notify_channels 0$/m)
  assert.equal((await ask('/metrics', { Host: 'rebound.example' }, at)).status, 404)
  assert.equal((await ask('/livez', {}, { ...at, method: 'POST' })).status, 405)
})

test('a taken admin port moves to the next free one', async () => {
  const taken = Number(new URL(center.adminUrl!).port)
  await using other = await startTestCenter({ adminListen: { host: '127.0.0.1', port: taken } })
  assert.ok(Number(new URL(other.adminUrl!).port) > taken)
})

test('the control socket is the owner’s alone and does what the store does', async () => {
  const { mode } = await stat(join(center.dataDir, 'control.sock'))
  assert.equal(mode & 0o777, 0o600)
  assert.equal((await stat(center.dataDir)).mode & 0o077, 0)
  const pods = (await connectControl(center.dataDir))?.pods
  assert.ok(pods)
  const bob = await pods.create({ name: 'bob', webId: 'https://id.example/bob#me' })
  assert.deepEqual(bob.owners, ['https://id.example/bob#me'])
  assert.equal((await ask('/bob/')).status, 200)
  assert.equal((await pods.setQuota('bob', { bytes: 5000 })).quotaBytes, 5000)
  assert.deepEqual(
    (await pods.list('alice', 10)).map(({ name }) => name),
    ['bob'],
  )
  await assert.rejects(pods.create({ name: 'bob' }), { code: 'POD_EXISTS', exit: 6 })
  await assert.rejects(pods.create({ name: 'Not A Name' }), { code: 'POD_NAME_INVALID' })
  await assert.rejects(pods.show('carol'), { code: 'POD_UNKNOWN', exit: 5 })
  await pods.delete('bob')
  assert.equal((await ask('/bob/')).status, 404)
  await assert.rejects(pods.create({ name: 'bob' }), { code: 'POD_NAME_RESERVED' })
})

test('the socket of a data directory with a long path lies elsewhere and is found', async () => {
  await using temporary = await temporaryDirectory()
  const folder = temporary.path
  const dataDir = join(folder, 'x'.repeat(120))
  await using deep = await startTestCenter({ dataDir, runtimeDir: folder })
  await deep.createPod('deep')
  const pods = (await connectControl(dataDir))?.pods
  assert.deepEqual(
    (await pods!.list(undefined, 10)).map(({ name }) => name),
    ['deep'],
  )
})

test('host pods answer at hosts of their own', async () => {
  await using hosts = await startTestCenter({ pods: 'host' })
  const at = { port: Number(new URL(hosts.baseUrl).port) }
  const { base } = await hosts.createPod('alice')
  assert.equal(base, `http://alice.localhost:${at.port}/`)
  assert.equal((await ask('/profile/card', { Host: new URL(base).host }, at)).status, 200)
  assert.equal((await ask('/alice/profile/card', { Host: new URL(hosts.baseUrl).host }, at)).status, 404)
})

test('data stays with its base URL; pods are there after a restart', async () => {
  await using temporary = await temporaryDirectory()
  const dataDir = temporary.path
  const first = await startTestCenter({ dataDir })
  await first.createPod('alice')
  await first[Symbol.asyncDispose]()
  const listen = { host: '127.0.0.1', port: Number(new URL(first.baseUrl).port) }
  await assert.rejects(startTestCenter({ dataDir, baseUrl: 'https://other.example/' }), { code: 'BASE_URL_CHANGED' })
  await using again = await startTestCenter({ dataDir, listen })
  assert.equal((await fetch(`${again.baseUrl}alice/profile/card`)).status, 200)
})

test('a second server on one data directory is refused and leaves nothing open', async () => {
  await assert.rejects(startTestCenter({ dataDir: center.dataDir }), (error: { code: string; message: string }) => {
    return error.code === 'DATA_DIR_LOCKED' && error.message.includes(String(process.pid))
  })
  assert.equal((await ask('/alice/profile/card')).status, 200)
})

test('draining turns readiness off before the listener closes', async () => {
  await using other = await startTestCenter({ adminListen: { host: '127.0.0.1', port: 0 } })
  const admin = { port: Number(new URL(other.adminUrl!).port) }
  const drained = other.center.drain(300)
  assert.equal((await ask('/readyz', {}, admin)).status, 503)
  assert.equal((await fetch(`${other.baseUrl}healthz`)).status, 200)
  await drained
  await assert.rejects(fetch(`${other.baseUrl}healthz`))
})
