// One database, many processes: codes and proofs work once (rule 10), a login goes on after a restart.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'

import { tokenProof } from '../../support/account-login.ts'
import { startTestCenter } from '../../support/center.ts'
import { freePort } from '../../support/free-port.ts'
import { storesOf } from '../../support/stores.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { createPerson } from '../../support/account-login.ts'
import { type App, codeOf, registerApp } from './app.ts'
import { openScene, openSession } from './scene.ts'

const parallel = 20

async function startSecond(dir: string, issuer: string): Promise<{ url: string } & Disposable> {
  const script = fileURLToPath(new URL('second-process.ts', import.meta.url))
  const { db } = await storesOf(dir)
  const child: ChildProcess = spawn(process.execPath, [script, dir, issuer, db], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [text] = (await once(child.stdout!, 'data')) as [Buffer]
  return {
    url: `http://127.0.0.1:${Number(text.toString())}/.oidc/token`,
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  }
}

/** The same form to both processes by turns, all at once. */
async function race(
  urls: readonly string[],
  app: App,
  form: Record<string, string>,
  proof?: string,
): Promise<number[]> {
  const basic = `Basic ${Buffer.from(`${app.clientId}:${app.secret}`).toString('base64')}`
  const one = async (_: unknown, index: number): Promise<number> => {
    const dpop = proof ?? (await tokenProof(app.key, `${app.baseUrl}.oidc/token`))
    const headers = { dpop, authorization: basic }
    const answer = await fetch(urls[index % urls.length]!, { method: 'POST', headers, body: new URLSearchParams(form) })
    return answer.status
  }
  return await Promise.all(Array.from({ length: parallel }, one))
}

test('of twenty exchanges of one code over two processes one gets tokens; of one proof too', async () => {
  await using scene = await openScene()
  using second = await startSecond(scene.center.dataDir, scene.baseUrl)
  const urls = [`${scene.baseUrl}.oidc/token`, second.url]
  const app = await scene.app()
  const code = await app.letIn(scene.provider, scene.alice)
  const exchange = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: app.redirectUri,
    code_verifier: app.verifier,
  }
  const statuses = await race(urls, app, exchange)
  assert.deepEqual(statuses.toSorted(), [200, ...Array.from({ length: parallel - 1 }, () => 400)])
  // Whoever has the code a second time may be the one it was meant for: what it gave ends.
  assert.deepEqual(await scene.provider.apps(scene.alice.account), [])

  const { app: other, tokens } = await scene.logIn()
  const proof = await tokenProof(other.key, urls[0]!)
  const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token! }
  const refreshed = await race(urls, other, refresh, proof)
  assert.deepEqual(refreshed.toSorted(), [200, ...Array.from({ length: parallel - 1 }, () => 400)])
})

test('a restart in the middle of a login continues it, and keeps apps, grants and refresh tokens', async () => {
  await using directory = await temporaryDirectory()
  const options = { dataDir: directory.path, listen: { host: '127.0.0.1', port: await freePort() } }
  const first = await startTestCenter(options)
  const person = await createPerson(first, 'alice')
  const who = { account: person.account, session: await openSession(first, person.account) }
  const app = await registerApp(first.baseUrl)
  const prompt = await app.authorize()
  assert.equal(prompt.pathname, '/.account/oidc/prompt/')
  await first[Symbol.asyncDispose]()

  await using again = await startTestCenter(options)
  const { provider } = again.center.identity
  const choosing = (await provider.interaction(app.request()))!
  assert.deepEqual([choosing.prompt, choosing.client.name], ['login', 'Notes'])
  const chosen = await provider.finish(choosing, { kind: 'webId', who, webId: person.webId, remember: true })
  await app.follow(chosen.location)
  const asked = (await provider.interaction(app.request()))!
  assert.deepEqual(asked.scopes.toSorted(), ['offline_access', 'openid', 'webid'])
  const { location } = await provider.finish(asked, { kind: 'consent', who, remember: true })
  const answer = await app.exchange(codeOf(await app.follow(location)))
  assert.equal(answer.status, 200)
})

test('what belongs to one browser is no use in another, and nobody consents for somebody else', async () => {
  await using scene = await openScene()
  const { provider, alice } = scene
  const mallory = await createPerson(scene.center, 'mallory')
  const other = { account: mallory.account, session: await openSession(scene.center, mallory.account) }
  const app = await scene.app()
  await app.authorize()
  const elsewhere = await scene.app()
  assert.equal(await provider.interaction(elsewhere.request()), undefined)
  const choosing = (await provider.interaction(app.request()))!
  await assert.rejects(provider.finish(choosing, { kind: 'webId', who: other, webId: alice.webId, remember: true }))
  const chosen = await provider.finish(choosing, { kind: 'webId', who: alice, webId: alice.webId, remember: true })
  await assert.rejects(elsewhere.follow(chosen.location))
  await app.follow(chosen.location)
  const asked = (await provider.interaction(app.request()))!
  await assert.rejects(provider.finish(asked, { kind: 'consent', who: other, remember: true }))
  const { location } = await provider.finish(asked, { kind: 'cancel' })
  assert.equal((await app.follow(location)).searchParams.get('error'), 'access_denied')
})

test('another WebID can be chosen, before and at consent, and gets tokens of its own', async () => {
  await using scene = await openScene()
  const { provider, alice } = scene
  const second = await scene.center.createPod('second')
  await scene.accounts.linkWebId(alice.account, second.webId)
  const app = await scene.app()
  const first = await app.letIn(provider, alice)
  assert.equal((await app.exchange(first)).status, 200)
  await app.authorize()
  const asked = (await provider.interaction(app.request()))!
  assert.equal(asked.webId, alice.webId)
  const forgotten = await provider.finish(asked, { kind: 'forgetWebId' })
  await app.follow(forgotten.location)
  const choosing = (await provider.interaction(app.request()))!
  assert.deepEqual([choosing.prompt, choosing.webId], ['login', undefined])
  const chosen = await provider.finish(choosing, { kind: 'webId', who: alice, webId: second.webId, remember: true })
  await app.follow(chosen.location)
  const consent = (await provider.interaction(app.request()))!
  const { location } = await provider.finish(consent, { kind: 'consent', who: alice, remember: true })
  const answer = (await (await app.exchange(codeOf(await app.follow(location)))).json()) as { access_token: string }
  const me = app.as(second.webId, answer as never)
  assert.equal((await me.fetch(second.base)).status, 200)
})
