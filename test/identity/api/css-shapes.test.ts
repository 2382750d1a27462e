// The account API answers as Community Solid Server 7.2 did when the same calls were made there: test/identity/api/css-7.2.json
// is what it answered. Identifiers and secrets differ; whatever else may is named here.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import { type Answer, openSite, type Program } from '../web/site.ts'

interface Recorded {
  readonly status: number
  readonly body: Record<string, unknown>
}

const recorded = JSON.parse(readFileSync(new URL('css-7.2.json', import.meta.url), 'utf8')) as Record<string, Recorded>

/** What we say besides: a program that does not know it passes over it. */
const ours = ['details', 'bytes', 'quotaBytes', 'name', 'created', 'hint']

function normal(value: unknown, baseUrl: string): unknown {
  const text = JSON.stringify(value)
    .replaceAll(baseUrl, 'BASE/')
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
    .replace(/client-credentials\/[^/"]*UUID/g, 'client-credentials/UUID')
    .replace(/"(secret|authorization)":"[^"]{20,}"/g, '"$1":"…"')
  return JSON.parse(text) as unknown
}

function same(name: string, answer: Answer, baseUrl: string): void {
  const was = recorded[name]!
  assert.equal(answer.status, was.status, name)
  const mine = normal(answer.json, baseUrl) as Record<string, unknown>
  assert.equal(typeof mine.controls, was.status === 200 ? 'object' : 'undefined', name)
  if (was.status !== 200) {
    const { name: kind, statusCode, errorCode, details, message } = mine
    assert.deepEqual({ kind, statusCode, errorCode }, pick(was.body, true), name)
    assert.equal(typeof details, 'object')
    assert.equal(typeof message, 'string')
    if (name in sameWords) assert.equal(message, was.body.message)
    return
  }
  for (const [key, value] of Object.entries(was.body)) assert.deepEqual(mine[key], value, `${name}: ${key}`)
  const more = Object.keys(mine).filter((key) => !(key in was.body) && key !== 'controls' && !ours.includes(key))
  assert.deepEqual(more, [], name)
}

function pick({ name, statusCode, errorCode }: Record<string, unknown>, _isError: boolean) {
  return { kind: name, statusCode, errorCode }
}

/** Errors whose words scripts are known to show or compare. */
const sameWords: Readonly<Record<string, true>> = {
  'pod.nologin': true,
  'password.dup': true,
  'pw.res.badold': true,
  'pw.delete.last': true,
  'pod.res.last': true,
  'webid.dup': true,
  'cc.foreign': true,
  'login.bad': true,
  'login.none': true,
  'reset.bad': true,
  'oidc.consent': true,
  'oidc.cancel': true,
}

test('a script for Community Solid Server makes account, password, pod, WebID and credentials', async () => {
  await using site = await openSite()
  const program = site.program()
  const check = (name: string, answer: Answer): Answer => {
    same(name, answer, site.baseUrl)
    return answer
  }
  const visitor = await program.controls()
  check('index', await program.get('/.account/'))
  check('logins', await program.get(visitor.main.logins))
  check('create.get', await program.get(visitor.account.create))
  const created = check('create', await program.post(visitor.account.create))
  program.token = created.json.authorization
  const { account, password } = check('index.in', await program.get('/.account/')).json.controls
  check('pod.nologin', await program.post(account.pod, { name: 'early' }))
  await passwords(program, password, check)
  const made = await pods(program, account, check)
  site.world.clock.advance(1)
  await webIds(program, account, check, made.webId)
  await credentials(program, account, check, made.webId)
  check('oidc.pick.in', await program.get('/.account/oidc/pick-webid/'))
  check('logout', await program.post(account.logout))
  check('after', await program.get('/.account/'))
})

type Check = (name: string, answer: Answer) => Answer
type Controls = Record<string, string>

async function passwords(program: Program, controls: Controls, check: Check): Promise<void> {
  check('password.get', await program.get(controls.create!))
  check('password.missing', await program.post(controls.create!, {}))
  const login = { email: 'Test@Example.com', password: 'secret!' }
  const { resource } = check('password', await program.post(controls.create!, login)).json
  check('password.dup', await program.post(controls.create!, { ...login, email: 'test@example.com' }))
  check('password.get2', await program.get(controls.create!))
  check('pw.res.get', await program.get(resource))
  check('pw.res.badold', await program.post(resource, { oldPassword: 'x', newPassword: 'y' }))
  check('pw.res.ok', await program.post(resource, { oldPassword: 'secret!', newPassword: 'secret!' }))
  check('pw.delete.last', await program.delete(resource))
}

async function pods(program: Program, account: Controls, check: Check): Promise<{ readonly webId: string }> {
  check('pod.get', await program.get(account.pod!))
  const { webId, podResource } = check('pod', await program.post(account.pod!, { name: 'alice' })).json
  check('pod.dup', await program.post(account.pod!, { name: 'alice' }))
  check('pod.badwebid', await program.post(account.pod!, { name: 'q', settings: { webId: 'nourl' } }))
  check('pod.ext', await program.post(account.pod!, { name: 'bob', settings: { webId } }))
  check('pod.get2', await program.get(account.pod!))
  check('pod.res.get', await program.get(podResource))
  const other = 'http://example.com/x#me'
  check('pod.res.add', await program.post(podResource, { webId: other }))
  check('pod.res.get2', await program.get(podResource))
  check('pod.res.remove', await program.post(podResource, { webId: other, remove: true }))
  check('pod.res.last', await program.post(podResource, { webId, remove: true }))
  return { webId }
}

async function webIds(program: Program, account: Controls, check: Check, webId: string): Promise<void> {
  check('webid.get', await program.get(account.webId!))
  check('webid.dup', await program.post(account.webId!, { webId }))
  check('webid.bad', await program.post(account.webId!, { webId: 'x' }))
  check('webid.own', await program.post(account.webId!, { webId: webId.replace('profile/card', 'else') }))
}

async function credentials(program: Program, account: Controls, check: Check, webId: string): Promise<void> {
  const url = account.clientCredentials!
  check('cc.get', await program.get(url))
  const { resource } = check('cc', await program.post(url, { name: 'my token', webId })).json
  check('cc.noname', await program.post(url, { webId }))
  check('cc.foreign', await program.post(url, { name: 't', webId: 'http://x.example/' }))
  check('cc.get2', await program.get(url))
  check('cc.res', await program.get(resource))
  check('cc.delete', await program.delete(resource))
  check('cc.gone', await program.get(resource))
}

test('a script for Community Solid Server logs in, asks for a reset, and is refused as there', async () => {
  await using site = await openSite()
  const owner = site.program()
  await owner.signUp('test@example.com')
  const { password, account } = await owner.controls()
  const visitor = site.program()
  const check = (name: string, answer: Answer): void => same(name, answer, site.baseUrl)
  check('login.get', await visitor.get(password.login))
  check('login.bad', await visitor.post(password.login, { email: 'test@example.com', password: 'no' }))
  check('login.none', await visitor.post(password.login, { email: 'nobody@example.com', password: 'no' }))
  const good = { email: 'test@example.com', password: 'secret!' }
  check('login.ok', await visitor.post(password.login, { ...good, remember: true }))
  check('forgot.get', await visitor.get(password.forgot))
  check('forgot', await visitor.post(password.forgot, { email: good.email }))
  check('reset.get', await visitor.get(password.reset))
  check('reset.bad', await visitor.post(password.reset, { recordId: 'x', password: 'y' }))
  check('oidc.consent', await visitor.get('/.account/oidc/consent/'))
  check('oidc.cancel', await visitor.post('/.account/oidc/cancel/', {}))
  check('unauth', await visitor.get(account.pod))
  check('unauth.post', await visitor.post(account.pod, { name: 'z' }))
  check('404', await visitor.get('/.account/nothing/'))
  const stranger = site.program()
  stranger.token = (await stranger.post('/.account/account/')).json.authorization
  check('forbidden', await stranger.get(account.pod))
})

test('a WebID elsewhere is linked once its document has the triple that was asked for', async () => {
  await using site = await openSite()
  const program = site.program()
  await program.signUp()
  const { account } = await program.controls()
  const webId = 'https://elsewhere.example/card#me'
  const first = await program.post(account.webId, { webId })
  assert.equal(first.status, 400)
  assert.match(first.json.message, /Please add the RDF triple/)
  const { quad } = first.json.details
  assert.ok(quad.startsWith(`<${webId}> <http://www.w3.org/ns/solid/terms#oidcIssuerRegistrationToken> "`))
  site.documents.set('https://elsewhere.example/card', `${quad}\n`)

  const thief = site.program()
  await thief.signUp('thief@example.org')
  const stolen = await thief.post((await thief.controls()).account.webId, { webId })
  assert.equal(stolen.status, 400, 'the triple of one account proves nothing for another')

  const linked = await program.post(account.webId, { webId })
  assert.equal(linked.status, 200)
  assert.equal(linked.json.oidcIssuer, site.baseUrl)
  assert.equal((await program.delete(linked.json.resource)).status, 200)
  site.world.clock.advance(31 * 60_000)
  assert.equal((await program.post(account.webId, { webId })).status, 400, 'a token is good for half an hour')
})
