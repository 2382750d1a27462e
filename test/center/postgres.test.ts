// A whole center on PostgreSQL whose database goes away and comes back: what is in memory is served, everything else is told
// to wait, nothing ends the process, and afterwards all is as it was acknowledged.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { askToken, createPerson, logInScript } from '../support/account-login.ts'
import { startTestCenter } from '../support/center.ts'
import { createProofKey } from '../support/issuer.ts'
import { lacksPostgres } from '../support/postgres-programs.ts'
import { startPostgres } from '../support/postgres-server.ts'
import { until } from '../support/until.ts'

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
