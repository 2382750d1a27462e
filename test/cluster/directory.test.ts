// What another center, or an operator's hand, changes of a pod reaches its home while that lives and has the pod in memory:
// within seconds, whatever it was.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { startIssuer } from '../support/issuer.ts'
import { lacksPostgres } from '../support/postgres-programs.ts'
import { lacksS3 } from '../support/s3-server.ts'
import { aclFor } from '../support/solid-client-acl.ts'
import { runXpod } from '../support/spawn.ts'
import { until } from '../support/until.ts'
import { openPlace } from './centers.ts'

const skip = lacksPostgres || lacksS3
/** A beat is three seconds; a slow machine takes its time. */
const heardMs = 8000

test('what others change of a pod reaches its home', { skip, timeout: 120_000 }, async () => {
  await using place = await openPlace()
  const home = await place.start('home')
  const other = await place.start('other')
  const pod = await place.createPod(home, 'alice')
  const path = `${pod}doc`
  assert.equal((await place.ask(home, 'PUT', path, { body: 'here' })).status, 201)
  assert.equal((await place.ask(home, 'GET', path)).text, 'here')
  const command = async (...args: string[]): Promise<void> => {
    const done = await runXpod([...args, '--data-dir', other.dataDir], { env: place.env })
    assert.equal(done.status, 0, done.stderr)
  }

  // Owners always may see the ACL.
  await using issuer = await startIssuer()
  const webId = issuer.webId('heir')
  const heir = await issuer.login('heir')
  const acl = new URL(`${pod}.acl`, place.baseUrl).href
  assert.equal((await heir.fetch(acl)).status, 403)
  await place.rows(`UPDATE pod SET owners = '["${webId}"]'`)
  await until('the new owner is known', async () => (await heir.fetch(acl)).status === 200, heardMs)
  const body = aclFor(new URL(pod, place.baseUrl).href, [{ who: 'public', modes: 'R' }], webId)
  const put = await heir.fetch(acl, { method: 'PUT', headers: { 'content-type': 'text/turtle' }, body })
  assert.ok(put.ok, await put.text())

  await command('pod', 'quota', 'set', 'alice', '--bytes', '2000')
  const big = new URL(`${pod}big`, place.baseUrl).href
  const headers = { 'content-type': 'text/plain' }
  assert.equal((await heir.fetch(big, { method: 'PUT', headers, body: 'x'.repeat(3000) })).status, 507)

  // Nobody asks for it meanwhile: it answers from memory up to then.
  assert.equal((await place.ask(home, 'GET', path)).text, 'here')
  await command('pod', 'delete', 'alice', '--yes')
  await until('it is gone', async () => (await place.ask(home, 'GET', path)).status === 404, heardMs)
  await command('pod', 'create', 'alice', '--webid', webId, '--reuse-name')
  await until('its successor lives elsewhere', async () => (await place.ask(home, 'GET', pod)).status === 503, heardMs)
  assert.equal((await place.ask(other, 'GET', pod)).status, 200)
})

test('none of many changes is missed', { skip, timeout: 120_000 }, async () => {
  await using place = await openPlace()
  const home = await place.start('home')
  const pod = await place.createPod(home, 'alice')
  await using issuer = await startIssuer()
  const heir = await issuer.login('heir')
  const acl = new URL(`${pod}.acl`, place.baseUrl).href
  assert.equal((await heir.fetch(acl)).status, 403)
  // More than a page of them before the one that counts.
  await place.rows(`INSERT INTO pod_change (pod_id, base, at_ms)
    SELECT 'none', 'http://none/', floor(extract(epoch FROM clock_timestamp()) * 1000) FROM generate_series(1, 2500)`)
  await place.rows(`UPDATE pod SET owners = '["${issuer.webId('heir')}"]'`)
  await until('the new owner is known', async () => (await heir.fetch(acl)).status === 200, heardMs)
})
