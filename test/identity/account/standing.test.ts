// Whether a grant is still there, long after the rows about what was taken back are gone.

import assert from 'node:assert/strict'

import { createStanding } from '../../../src/identity/account/sql/standing.ts'
import { testOnEach } from '../../support/databases.ts'
import { openWorld } from './world.ts'

const dayMs = 24 * 60 * 60_000
const webId = 'https://pods.example/alice#me'

testOnEach('a credential stands until it is deleted, ends or its tokens are taken back', async (database) => {
  await using world = await openWorld(database)
  const { accounts, clock, db } = world
  const stands = createStanding(db, clock)
  const { id } = await accounts.create({ name: 'alice', kept: true })
  await accounts.linkWebId(id, webId)
  const kept = await accounts.createCredential(id, { name: 'kept', webId })
  const deleted = await accounts.createCredential(id, { name: 'deleted', webId })
  const brief = await accounts.createCredential(id, { name: 'brief', webId, expiresMs: clock.nowMs() + dayMs })
  for (const { credential } of [kept, deleted, brief]) assert.ok(await stands(credential.grantId))
  await accounts.deleteCredential(id, deleted.id)
  clock.advance(2 * dayMs)
  await accounts.purgeDue()
  assert.deepEqual(await Promise.all([kept, deleted, brief].map(({ credential }) => stands(credential.grantId))), [
    true,
    false,
    false,
  ])
  await accounts.setState(id, 'disabled')
  await accounts.setState(id, 'open')
  clock.advance(2 * dayMs)
  assert.equal(await stands(kept.credential.grantId), false, 'disabling ended what was given before')
  assert.ok(await stands((await accounts.findCredential(kept.id))!.grantId))
})

testOnEach('what an app was given stands until it is taken back or ends', async (database) => {
  await using world = await openWorld(database)
  const { accounts, clock, db } = world
  const stands = createStanding(db, clock)
  const { id: account } = await accounts.create()
  const query = `INSERT INTO oidc_record (model, id, payload, grant_id, account, expires_ms) VALUES (?, ?, '{}', ?, ?, ?)`
  const give = (grant: string, model: string, days: number): Promise<unknown> =>
    db.write([{ query, args: [model, `${grant}`, grant, account, clock.nowMs() + days * dayMs] }])
  await give('taken', 'Grant', 365)
  await give('ended', 'Grant', 1)
  await give('code', 'AuthorizationCode', 365)
  assert.deepEqual(await Promise.all(['taken', 'ended', 'code', 'unknown', ''].map(stands)), [
    true,
    true,
    false,
    false,
    false,
  ])
  clock.advance(2 * dayMs)
  assert.equal(await stands('ended'), false)
  await accounts.setState(account, 'disabled')
  assert.equal(await stands('taken'), false)
})
