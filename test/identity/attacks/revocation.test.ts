// Taking something back ends access within 5 s (rule 9), also where the token has just been used and is remembered: an app, a
// session, a credential, an account that is disabled or deleted, a password that was reset.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { createProofKey, type ProofKey } from '../../support/issuer.ts'
import { until } from '../../support/until.ts'
import { type Client, connect, read, refreshForm, tokenRequest } from './stage/app.ts'
import type { Person } from './stage/person.ts'
import { openStage } from './stage/stage.ts'

const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())

const withinMs = 5000
let person: Person
before(async () => {
  person = await stage.person()
})

interface Holder {
  readonly key: ProofKey
  readonly token: string
}

async function assertOpens(holder: Holder, pod: string): Promise<void> {
  for (let turn = 0; turn < 2; turn++) assert.equal((await read(person.browser, holder, pod)).status, 200)
}

async function assertEnds(holder: Holder, pod: string): Promise<void> {
  await until('access has ended', async () => (await read(person.browser, holder, pod)).status === 401, withinMs)
}

async function credentialOf(owner: Person): Promise<Holder & { readonly client: Client; readonly resource: string }> {
  const made = await owner.call('POST', owner.controls['account']!['clientCredentials']!, {
    name: 's',
    webId: owner.webId,
  })
  const { id, secret, resource } = made.json<{ id: string; secret: string; resource: string }>()
  const client = { id, secret, redirectUri: '' }
  const key = await createProofKey()
  const answer = await tokenRequest(owner.browser, client, {
    key,
    form: { grant_type: 'client_credentials', scope: 'webid' },
  })
  assert.equal(answer.status, 200, answer.text)
  return { client, key, resource, token: answer.json<{ access_token: string }>().access_token }
}

async function holdersOf(owner: Person): Promise<readonly Holder[]> {
  const { key, tokens } = await connect(owner)
  return [{ key, token: tokens.access_token }, await credentialOf(owner)]
}

describe('access ends within five seconds when its owner', () => {
  test('takes back the app: neither token works on', async () => {
    const { client, key, tokens } = await connect(person)
    const holder = { key, token: tokens.access_token }
    await assertOpens(holder, person.pod)
    const apps = (await person.call('GET', person.controls['account']!['apps']!)).json<{
      apps: { resource: string }[]
    }>().apps
    for (const { resource } of apps) assert.ok((await person.call('DELETE', resource)).status < 300)
    await assertEnds(holder, person.pod)
    const refreshed = await tokenRequest(person.browser, client, { key, form: refreshForm(tokens) })
    assert.equal(refreshed.json<{ error: string }>().error, 'invalid_grant')
  })

  test('deletes the credential', async () => {
    const held = await credentialOf(person)
    await assertOpens(held, person.pod)
    assert.ok((await person.call('DELETE', held.resource)).status < 300)
    await assertEnds(held, person.pod)
    const again = await tokenRequest(person.browser, held.client, {
      key: held.key,
      form: { grant_type: 'client_credentials' },
    })
    assert.equal(again.status, 401)
  })

  test('ends the session that let the app in', async () => {
    const owner = await stage.person()
    const [app] = await holdersOf(owner)
    await assertOpens(app!, owner.pod)
    assert.ok((await owner.browser.json('POST', owner.controls['account']!['logout']!, {})).status < 300)
    await assertEnds(app!, owner.pod)
  })

  test('unlinks the WebID', async () => {
    const owner = await stage.person()
    const holders = await holdersOf(owner)
    for (const holder of holders) await assertOpens(holder, owner.pod)
    const links = (await owner.call('GET', owner.controls['account']!['webId']!)).json<{
      webIdLinks: Record<string, string>
    }>()
    assert.ok((await owner.call('DELETE', links.webIdLinks[owner.webId]!)).status < 300)
    for (const holder of holders) await assertEnds(holder, owner.pod)
  })

  test('deletes the account', async () => {
    const owner = await stage.person()
    const holders = await holdersOf(owner)
    for (const holder of holders) await assertOpens(holder, person.pod)
    const answer = await owner.call('POST', owner.controls['account']!['delete']!, { password: owner.password })
    assert.ok(answer.status < 300, answer.text)
    // Its own pod is gone with it; what the tokens are still good for is seen at somebody else's.
    assert.equal((await fetch(owner.pod)).status, 410)
    for (const holder of holders) await assertEnds(holder, person.pod)
  })

  test('has the account disabled', async () => {
    const owner = await stage.person()
    const holders = await holdersOf(owner)
    for (const holder of holders) await assertOpens(holder, owner.pod)
    const { accounts } = stage.center.center.identity
    await accounts.setState((await accounts.find(owner.email))!.id, 'disabled')
    for (const holder of holders) await assertEnds(holder, owner.pod)
    const cookie = await owner.browser.json('GET', owner.controls['account']!['pod']!)
    assert.ok([401, 403].includes(cookie.status), `${cookie.status}`)
    const again = await owner.browser.json('POST', owner.controls['password']!['login']!, owner)
    assert.ok(again.status >= 400, again.text)
  })

  test('resets the password: sessions and apps end', async () => {
    const owner = await stage.person()
    const [app] = await holdersOf(owner)
    await assertOpens(app!, owner.pod)
    const reset = await stage.center.center.identity.accounts.createReset(owner.email)
    const used = await stage.browser().json('POST', owner.controls['password']!['reset']!, {
      recordId: reset!.token,
      password: 'an entirely new password',
    })
    assert.ok(used.status < 300, used.text)
    await assertEnds(app!, owner.pod)
    assert.ok([401, 403].includes((await owner.browser.json('GET', owner.controls['account']!['pod']!)).status))
    const twice = await stage.browser().json('POST', owner.controls['password']!['reset']!, {
      recordId: reset!.token,
      password: 'and another new password',
    })
    assert.equal(twice.status, 400)
  })
})
