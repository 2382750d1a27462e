// A whole center on PostgreSQL whose database goes away and comes back: what is in memory is served, everything else is told
// to wait, nothing ends the process, and afterwards all is as it was acknowledged.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { systemClock } from '../../src/base/clock.ts'
import { createLog } from '../../src/base/log.ts'
import { createMetrics } from '../../src/base/metrics.ts'
import { systemRandom } from '../../src/base/random.ts'
import { inspectDatabase } from '../../src/center/database/inspection.ts'
import { askToken, createPerson, logInScript } from '../support/account-login.ts'
import { startTestCenter } from '../support/center.ts'
import { createProofKey } from '../support/issuer.ts'
import { lacksPostgres } from '../support/postgres-programs.ts'
import { startPostgres } from '../support/postgres-server.ts'
import { until } from '../support/until.ts'

const surround = {
  clock: systemClock,
  random: systemRandom,
  metrics: createMetrics(),
  onFatal: (error: unknown) => assert.fail(String(error)),
}

test('while the database is away a center waits and says so', { skip: lacksPostgres }, async () => {
  await using server = await startPostgres()
  await using center = await startTestCenter({ db: await server.freshDatabase() })
  const person = await createPerson(center, 'alice')
  const login = await logInScript(center, person)
  const put = (name: string): Promise<Response> =>
    login.fetch(`${person.base}${name}`, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: name })
  assert.equal((await put('before')).status, 201)
  assert.equal(await (await login.fetch(`${person.base}before`)).text(), 'before')

  await server.stop('immediate')
  assert.equal(await (await login.fetch(`${person.base}before`)).text(), 'before')
  const { baseUrl } = center
  const json = { accept: 'application/json', 'content-type': 'application/json' }
  const key = await createProofKey()
  const asked = {
    'a document that nobody read': await login.fetch(`${person.base}other`),
    'a write': await put('during'),
    'a sign-up': await fetch(`${baseUrl}.account/account/`, { method: 'POST', headers: json, body: '{}' }),
    'a log-in': await fetch(`${baseUrl}.account/login/password/`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ email: 'a@b', password: 'x' }),
    }),
    'a token for a script': await askToken(baseUrl, { credential: login.credential, key }),
    'a log-in of an app': await fetch(`${baseUrl}.oidc/auth?client_id=x&response_type=code&scope=openid`),
    'a registration': await fetch(`${baseUrl}.oidc/reg`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ redirect_uris: ['http://localhost/'] }),
    }),
  }
  const told = Object.entries(asked).map(([what, answer]) => [what, answer.status, answer.headers.get('retry-after')])
  const expected = Object.keys(asked).map((what) => [what, 503, '1'])
  assert.deepEqual(told, expected)

  await server.start()
  await until('writes go through', async () => (await put('after')).ok)
  assert.equal((await login.fetch(`${person.base}during`)).status, 404)
  assert.equal(await (await login.fetch(`${person.base}before`)).text(), 'before')
  assert.equal((await askToken(baseUrl, { credential: login.credential, key })).status, 200)
  assert.deepEqual(center.fatal, [])
})

for (const mayName of [true, false]) {
  const which = mayName ? '' : ', one that may not even ask which cluster it is'
  test(`an ordinary role that owns its database is enough${which}`, { skip: lacksPostgres }, async () => {
    await using server = await startPostgres()
    const url = new URL(await server.freshDatabase())
    const name = url.pathname.slice(1)
    await server.query("CREATE ROLE plain LOGIN PASSWORD 'plain'")
    await server.query(`ALTER DATABASE ${name} OWNER TO plain`)
    if (!mayName) {
      await server.query(
        'REVOKE EXECUTE ON FUNCTION pg_control_system(), pg_control_checkpoint() FROM PUBLIC',
        [],
        name,
      )
    }
    url.username = url.password = 'plain'
    const lines: string[] = []
    const write = (line: string): void => void lines.push(line)
    const log = createLog({ level: 'info', format: 'json', clock: systemClock, write, journal: false })
    await using center = await startTestCenter({ db: url.href, log })
    const person = await createPerson(center, 'alice')
    const login = await logInScript(center, person)
    const put = (): Promise<Response> =>
      login.fetch(`${person.base}doc`, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: 'doc' })
    assert.equal((await put()).status, 201)
    await server.restart('immediate')
    await until('writes go through', async () => (await put()).ok)
    await until('it beats', () => lines.some((line) => line.includes('center.lease-held')))
    assert.ok(lines.some((line) => line.includes('db.restarted')))
    assert.equal(lines.filter((line) => line.includes('db.unnamed')).length, mayName ? 0 : 1)
    const status = await inspectDatabase({ db: url.href, dataDir: '/nowhere' }, { ...surround, log })
    assert.deepEqual([status.pending, status.server?.systemIdentifier === ''], [[], !mayName])
    assert.deepEqual(center.fatal, [])
  })
}
