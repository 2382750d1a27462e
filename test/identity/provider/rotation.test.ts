// Signing keys rotate without logging anybody out (rule 11).

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { silentLog } from '../../../src/base/log.ts'
import { systemRandom } from '../../../src/base/random.ts'
import { openSigningKeys, type SigningKeys } from '../../../src/identity/provider/signing-keys.ts'
import { openSealer } from '../../../src/identity/sealing.ts'
import { splitJws, verifySignature } from '../../../src/pod/auth/jws.ts'
import { testOnEach } from '../../support/databases.ts'
import { failsWith, openWorld, type World } from '../account/world.ts'
import { headerOf, openScene } from './scene.ts'

const hourMs = 3_600_000

async function openKeys(world: World): Promise<SigningKeys> {
  const { db, clock } = world
  const sealer = await openSealer(`${world.dir}/secret`, { db, clock, random: systemRandom })
  return await openSigningKeys({ db, sealer, clock, log: silentLog })
}

async function accepts(keys: SigningKeys, token: string): Promise<boolean> {
  const jws = splitJws(token, 10_000)!
  const [key] = await keys.find(String(headerOf(token)['kid']))
  return key !== undefined && (await verifySignature(jws, key))
}

testOnEach(
  'a new key is published a day before it signs, and the old one until its last token has ended',
  async (database) => {
    await using world = await openWorld(database)
    await using keys = await openKeys(world)
    const [first] = keys.current()
    await keys.rotate()
    assert.equal(keys.current().length, 2)
    assert.equal(keys.current()[0]!.id, first!.id)
    world.clock.advance(24 * hourMs - 60_000)
    const late = keys.sign('JWT', { n: 1 })
    assert.equal(headerOf(late)['kid'], first!.id)
    world.clock.advance(61_000)
    const [second] = keys.current()
    assert.notEqual(second!.id, first!.id)
    assert.equal(headerOf(keys.sign('JWT', {}))['kid'], second!.id)
    world.clock.advance(hourMs)
    assert.equal(await accepts(keys, late), true)
    world.clock.advance(hourMs)
    await keys.find('nobody')
    assert.equal(await accepts(keys, late), false)
    assert.deepEqual(
      keys.current().map(({ id }) => id),
      [second!.id],
    )
  },
)

testOnEach('while a key waits to sign, rotating again changes nothing', async (database) => {
  await using world = await openWorld(database)
  await using keys = await openKeys(world)
  const once = await keys.rotate()
  const twice = await keys.rotate()
  assert.deepEqual(twice, once)
})

testOnEach('another process knows a new key when it is asked for, and within 10 s by itself', async (database) => {
  await using world = await openWorld(database)
  await using here = await openKeys(world)
  await using there = await openKeys(world)
  assert.equal(await accepts(there, here.sign('JWT', {})), true)
  await here.rotate()
  world.clock.advance(10_000)
  // The read that the clock began is done when a later one is.
  await there.find('nobody')
  assert.deepEqual(
    there.current().map(({ id }) => id),
    here.current().map(({ id }) => id),
  )
})

testOnEach('stored keys are sealed: without the secret nothing opens them', async (database) => {
  await using world = await openWorld(database)
  await using keys = await openKeys(world)
  const [key] = keys.current()
  const rows = await world.db.read<{ sealed: Uint8Array }>('SELECT sealed FROM signing_key', [])
  assert.equal(Buffer.from(rows[0]!.sealed).includes(String(key!.privateJwk['d'])), false)
  const { db, clock } = world
  await assert.rejects(
    openSealer(`${world.dir}/another`, { db, clock, random: systemRandom }),
    failsWith('SECRET_MISMATCH'),
  )
})

test('a rotation of a running server logs nobody out', async () => {
  await using scene = await openScene()
  const { app, tokens } = await scene.logIn()
  await scene.provider.rotateKeys()
  const set = (await (await fetch(`${scene.baseUrl}.oidc/jwks`)).json()) as { keys: { d?: string }[] }
  assert.equal(set.keys.length, 2)
  assert.ok(set.keys.every((key) => key.d === undefined))
  const me = app.as(scene.alice.webId, tokens)
  assert.equal((await me.fetch(`${scene.alice.base}profile/card`)).status, 200)
  assert.equal((await app.refresh(tokens.refresh_token!)).status, 200)
  assert.ok((await app.authorize({ prompt: 'none' })).searchParams.has('code'))
})
