// Replay of codes and refresh tokens (rule 10): twenty exchanges of one code at the same moment, over two processes on one
// database, give exactly one answer with tokens; the others are invalid_grant and what was given is taken back. A refresh token
// may be used again, but only with the key it was given to.

import assert from 'node:assert/strict'
import { mkdir, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { createProofKey } from '../../support/issuer.ts'
import { type SpawnedXpod, spawnXpod } from '../../support/spawn.ts'
import { shareStores, usesPostgres } from '../../support/stores.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { until } from '../../support/until.ts'
import {
  begin,
  codeForm,
  connect,
  read,
  refreshForm,
  register,
  tokenProof,
  tokenRequest,
  type Tokens,
  walk,
} from './stage/app.ts'
import { Browser } from './stage/browser.ts'
import { type Person, signUp } from './stage/person.ts'

const exchanges = 20
const folder = await temporaryDirectory()
after(() => folder[Symbol.asyncDispose]())

describe('with two processes on one database', () => {
  let one: SpawnedXpod
  let other: SpawnedXpod
  let person: Person
  let elsewhere: Browser

  before(async () => {
    const dataDir = join(folder.path, 'one')
    one = await spawnXpod([], { dataDir })
    // Before the other process: it becomes the one that writes pods.
    person = await signUp(new Browser(one.baseUrl), 'alice')
    const second = join(folder.path, 'other')
    await mkdir(second)
    // A directory of its own, so that it has a lock of its own, with the same database in it.
    for (const name of await readdir(dataDir))
      if (/^(?:xpod\.db|secret\.key|objects)$/.test(name)) await symlink(join(dataDir, name), join(second, name))
    shareStores(dataDir, second)
    other = await spawnXpod(['--base-url', one.baseUrl], { dataDir: second })
    elsewhere = new Browser(one.baseUrl, other.port)
  })
  after(async () => {
    await other?.[Symbol.asyncDispose]()
    await one?.[Symbol.asyncDispose]()
  })

  /** Of the pod: on a shared database it is served by one of them. */
  const servers = (): Browser[] => (usesPostgres ? [person.browser] : [person.browser, elsewhere])

  test('a code that is exchanged twenty times at once gives tokens once, and then they are taken back', async () => {
    const { browser } = person
    const client = await register(browser)
    const started = begin(client, { prompt: 'consent' })
    const code = (await walk(browser, started, person)).searchParams.get('code')!
    const key = await createProofKey()
    const proofs = await Promise.all(Array.from({ length: exchanges }, () => tokenProof(browser, key)))
    const form = codeForm(client, started, code)
    const answers = await Promise.all(
      proofs.map((proof, at) => tokenRequest(at % 2 === 0 ? browser : elsewhere, client, { key, form, proof })),
    )
    const right = answers.filter(({ status }) => status === 200)
    assert.equal(right.length, 1, answers.map(({ status, text }) => `${status} ${text}`).join('\n'))
    for (const { status, text } of answers.filter((answer) => answer !== right[0])) {
      assert.equal(status, 400)
      assert.equal((JSON.parse(text) as { error: string }).error, 'invalid_grant')
    }
    const tokens = right[0]!.json<Tokens>()
    const refreshed = await tokenRequest(browser, client, { key, form: refreshForm(tokens) })
    assert.equal(refreshed.json<{ error: string }>().error, 'invalid_grant')
    const login = { key, token: tokens.access_token }
    for (const at of servers()) {
      await until('its access has ended', async () => (await read(at, login, person.pod)).status === 401, 5000)
    }
  })

  test('a proof that was used at one process is refused at the other', async () => {
    const { browser } = person
    const { client, key, tokens } = await connect(person)
    const proof = await tokenProof(browser, key)
    const form = refreshForm(tokens)
    assert.equal((await tokenRequest(browser, client, { key, form, proof })).status, 200)
    const again = await tokenRequest(elsewhere, client, { key, form, proof })
    assert.equal(again.status, 400)
  })

  test('a refresh token with another key is refused, and with its own key goes on working', async () => {
    const { browser } = person
    const { client, key, tokens } = await connect(person)
    const stolen = await tokenRequest(elsewhere, client, { key: await createProofKey(), form: refreshForm(tokens) })
    assert.equal(stolen.status, 400)
    assert.match(stolen.json<{ error: string }>().error, /invalid_grant|invalid_dpop_proof/)
    const own = await Promise.all(
      [browser, elsewhere].map((at) => tokenRequest(at, client, { key, form: refreshForm(tokens) })),
    )
    assert.deepEqual(
      own.map(({ status }) => status),
      [200, 200],
    )
  })

  test('an app that is taken back at one process has lost access at both within five seconds', async () => {
    const { client, key, tokens } = await connect(person)
    const login = { key, token: tokens.access_token }
    for (const at of servers()) assert.equal((await read(at, login, person.pod)).status, 200)
    const revoked = await new Browser(person.browser.base, other.port).send('POST', '/.oidc/token/revocation', {
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...basic(client) },
      body: new URLSearchParams({ token: tokens.refresh_token!, client_id: client.id }).toString(),
    })
    assert.equal(revoked.status, 200, revoked.text)
    for (const at of servers()) {
      await until('access has ended', async () => (await read(at, login, person.pod)).status === 401, 5000)
    }
  })
})

function basic({ id, secret }: { readonly id: string; readonly secret: string | undefined }): Record<string, string> {
  if (secret === undefined) return {}
  return {
    authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
  }
}
