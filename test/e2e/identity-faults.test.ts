// Identity and faults, against bin/xpod: a restart in the middle of a login, kill -9 after something was issued, a secret file
// that is gone or another, and clocks of clients that are a minute off. What was answered is kept.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import {
  begin,
  type Client,
  codeForm,
  connect,
  read,
  refreshForm,
  register,
  tokenProof,
  tokenRequest,
} from '../identity/attacks/stage/app.ts'
import { Browser } from '../identity/attacks/stage/browser.ts'
import { controlsOf, logIn, type Person, signUp } from '../identity/attacks/stage/person.ts'
import { createProofKey, proofOf } from '../support/issuer.ts'
import { openRawDatabase } from '../support/raw-database.ts'
import { runXpod, type SpawnedXpod, spawnXpod } from '../support/spawn.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const folder = await temporaryDirectory()
const dataDir = join(folder.path, 'data')
let running: SpawnedXpod
let person: Person

before(async () => {
  running = await spawnXpod([], { dataDir })
  person = await signUp(new Browser(running.baseUrl), 'alice')
})
after(async () => {
  await running?.[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** The same port, so the same base URL. */
async function restart(end: (before: SpawnedXpod) => Promise<unknown>): Promise<void> {
  const { port } = running
  await end(running)
  running = await spawnXpod([], { dataDir, port })
}

const stop = (server: SpawnedXpod): Promise<unknown> => server.stop()
const kill = async (server: SpawnedXpod): Promise<void> => server[Symbol.asyncDispose]()

async function credential(): Promise<Client & { readonly resource: string }> {
  const url = person.controls['account']!['clientCredentials']!
  const made = (await person.call('POST', url, { name: 'script', webId: person.webId })).json<Record<string, string>>()
  return { id: made['id']!, secret: made['secret']!, resource: made['resource']!, redirectUri: '' }
}

const isMember = async (browser: Browser): Promise<boolean> =>
  (await controlsOf(browser))['account']!['pod'] !== undefined

describe('a login of an app goes on', () => {
  for (const [name, end] of Object.entries({ 'after a stop and a start': stop, 'after kill -9 and a start': kill })) {
    test(`${name}, at every step of it`, async () => {
      const browser = new Browser(running.baseUrl)
      await logIn(browser, person)
      const client = await register(browser)
      const started = begin(client, { prompt: 'consent' })
      await browser.follow(await browser.page(started.url))
      await restart(end)
      const { oidc } = await controlsOf(browser)
      const chosen = await browser.json('POST', oidc!['webId']!, { webId: person.webId, remember: true })
      const consent = await browser.follow(await browser.page(chosen.json<{ location: string }>().location))
      assert.equal(consent.status, 200)
      await restart(end)
      const agreed = await browser.json('POST', oidc!['consent']!, { remember: true })
      assert.equal(agreed.status, 200, agreed.text)
      const { headers } = await browser.follow(await browser.page(agreed.json<{ location: string }>().location))
      const code = new URL(headers.location!).searchParams.get('code')!
      await restart(end)
      const key = await createProofKey()
      const answer = await tokenRequest(browser, client, { key, form: codeForm(client, started, code) })
      assert.equal(answer.status, 200, answer.text)
      const token = answer.json<{ access_token: string }>().access_token
      assert.equal((await read(browser, { key, token }, person.pod)).status, 200)
    })
  }

  test('on a page that was open before: its form is still this browser’s own', async () => {
    const browser = new Browser(running.baseUrl)
    const form = (await browser.forms('/.account/login/password/')).find(({ fields }) => 'password' in fields)!
    await restart(kill)
    const { status } = await browser.submit(form, { login: person.email, password: person.password })
    assert.equal(status, 303)
    assert.ok(await isMember(browser))
  })
})

test('kill -9 right after the answer loses no account, session, credential, grant, and nothing that was taken back returns', async () => {
  const bob = await signUp(new Browser(running.baseUrl), 'bob')
  await restart(kill)
  assert.ok(await isMember(bob.browser))
  await logIn(new Browser(running.baseUrl), bob)

  const made = await credential()
  await restart(kill)
  const key = await createProofKey()
  const grant = { key, form: { grant_type: 'client_credentials' } }
  assert.equal((await tokenRequest(person.browser, made, grant)).status, 200)

  const app = await connect(person)
  await restart(kill)
  const holder = { key: app.key, token: app.tokens.access_token }
  assert.equal((await read(person.browser, holder, person.pod)).status, 200)
  const refresh = { key: app.key, form: refreshForm(app.tokens) }
  assert.equal((await tokenRequest(person.browser, app.client, refresh)).status, 200)

  const apps = await person.call('GET', person.controls['account']!['apps']!)
  for (const { resource } of apps.json<{ apps: { resource: string }[] }>().apps) await person.call('DELETE', resource)
  assert.ok((await person.call('DELETE', made.resource)).status < 300)
  await restart(kill)
  assert.equal((await read(person.browser, holder, person.pod)).status, 401)
  assert.equal((await tokenRequest(person.browser, app.client, refresh)).status, 400)
  assert.equal((await tokenRequest(person.browser, made, { ...grant })).status, 401)
})

describe('a minute between the clocks of client and server', () => {
  for (const seconds of [-60, 55]) {
    test(`is tolerated: ${seconds} s`, async () => {
      const { browser } = person
      const made = await credential()
      const key = await createProofKey()
      const iat = (): number => Math.floor(Date.now() / 1000) + seconds
      const proof = await tokenProof(browser, key, { iat: iat() })
      const answer = await tokenRequest(browser, made, { key, proof, form: { grant_type: 'client_credentials' } })
      assert.equal(answer.status, 200, answer.text)
      const token = answer.json<{ access_token: string }>().access_token
      const dpop = await proofOf(key, { method: 'GET', url: person.pod, token }, { claims: { iat: iat() } })
      const headers = { authorization: `DPoP ${token}`, dpop }
      assert.equal((await browser.send('GET', new URL(person.pod).pathname, { bare: true, headers })).status, 200)
      const app = await connect(person)
      const late = await tokenProof(browser, app.key, { iat: iat() })
      const refreshed = await tokenRequest(browser, app.client, {
        key: app.key,
        proof: late,
        form: refreshForm(app.tokens),
      })
      assert.equal(refreshed.status, 200, refreshed.text)
    })
  }
})

test('the secret file is made for its owner alone', () => {
  assert.equal(statSync(join(dataDir, 'secret.key')).mode & 0o777, 0o600)
})

test('nothing that opens something lies in the database in clear', async () => {
  const made = await credential()
  const app = await connect(person)
  const reset = /rid=([\w-]+)/.exec(
    (await runXpod(['account', 'reset-link', person.email, '--data-dir', dataDir])).stdout,
  )
  const { client } = app
  const secrets = [made.secret!, app.tokens.refresh_token!, client.secret, person.password, reset?.[1]]
  const cookies = [...person.browser.jar.values()].map(({ value }) => value).filter((value) => value.length > 20)
  const text = await everything()
  for (const secret of [...secrets, ...cookies]) {
    assert.ok(secret, 'a secret is missing')
    assert.ok(!text.includes(secret), secret)
  }
  assert.doesNotMatch(text, /"d":"|PRIVATE KEY/)
})

/** All rows of all tables. */
async function everything(): Promise<string> {
  await using db = await openRawDatabase(dataDir)
  const texts: string[] = []
  for (const name of await db.tables()) {
    for (const row of await db.all(`SELECT * FROM "${name}"`)) texts.push(Object.values(row).map(String).join('\n'))
  }
  assert.ok(texts.length > 10, 'rows were read')
  return texts.join('\n')
}

test('what has expired is found by its index, however much is alive', async () => {
  await using db = await openRawDatabase(dataDir)
  // With few rows PostgreSQL reads them all, unless there is another way.
  if (db.kind === 'postgres') await db.change('SET enable_seqscan = off')
  const [explain, byIndex] =
    db.kind === 'sqlite'
      ? ['EXPLAIN QUERY PLAN', /SEARCH \w+ USING (?:COVERING )?INDEX/]
      : ['EXPLAIN', /(?:Index|Index Only|Bitmap Index) Scan/]
  const expiring = {
    oidc_record: 'expires_ms',
    replay: 'expires_ms',
    account_session: 'expires_ms',
    reset_token: 'expires_ms',
    revoked: 'until_ms',
    invite: 'expires_ms',
    account: 'expires_ms',
  }
  for (const [table, column] of Object.entries(expiring)) {
    const plan = JSON.stringify(await db.all(`${explain} SELECT * FROM ${table} WHERE ${column} < 0`))
    assert.match(plan, byIndex, `${table}: ${plan}`)
    assert.doesNotMatch(plan, /\bSCAN\b|Seq Scan/, table)
  }
})

test('another secret file, or none any more, ends the start with status 78', async () => {
  await running.stop()
  const args = ['center', '--listen', `127.0.0.1:${running.port}`, '--admin-listen', 'off', '--data-dir', dataDir]
  const secret = join(dataDir, 'secret.key')
  writeFileSync(secret, randomBytes(statSync(secret).size), { mode: 0o600 })
  const other = await runXpod(args)
  assert.equal(other.status, 78, other.stderr)
  assert.match(other.stderr, /SECRET_/)
  rmSync(secret)
  const none = await runXpod(args)
  assert.equal(none.status, 78, none.stderr)
  assert.match(none.stderr, /SECRET_/)
})
