// The login of an app, step by step, by pages and by the API: account, WebID, consent; and saying no.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { type Browser, interactionOf, openSite, type Site } from './site.ts'

const onward = 'http://localhost:3000/.oidc/auth/uid'

async function member(site: Site): Promise<{ browser: Browser; account: string; session: string }> {
  const browser = site.browser()
  const wish = { email: 'alice@example.org', password: 'correct horse', podName: 'alice' }
  await browser.submit('/.account/login/password/register/', wish)
  const account = (await site.parts.accounts.find('alice@example.org'))!.id
  const session = (await site.parts.accounts.findSession(browser.jar.get('css-account')!))!.id
  browser.jar.set('xpod-login', '1')
  return { browser, account, session }
}

const webId = 'http://localhost:3000/alice/profile/card#me'

test('by pages: log in, choose the WebID, allow', async () => {
  await using site = await openSite()
  const { account } = await member(site)
  site.interaction = interactionOf()
  const browser = site.browser()
  browser.jar.set('xpod-login', '1')
  const prompt = '/.account/oidc/prompt/'
  assert.equal((await browser.get(prompt)).header('location'), 'http://localhost:3000/.account/login/password/')
  const shown = await browser.get('/.account/login/password/')
  assert.match(shown.header('content-security-policy')!, /form-action 'self' https:\/\/app\.example/)
  const login = { login: 'alice@example.org', password: 'correct horse' }
  const loggedIn = await browser.submit('/.account/login/password/', login)
  assert.equal(loggedIn.header('location'), `http://localhost:3000${prompt}`)
  assert.equal((await browser.get(prompt)).header('location'), 'http://localhost:3000/.account/oidc/pick-webid/')
  const chosen = await browser.submit('/.account/oidc/pick-webid/', { webId })
  assert.deepEqual([chosen.status, chosen.header('location')], [303, onward])

  const session = (await site.parts.accounts.findSession(browser.jar.get('css-account')!))!.id
  const who = { account, session }
  site.interaction = interactionOf({ prompt: 'consent', webId, chosenBy: who })
  assert.equal((await browser.get(prompt)).header('location'), 'http://localhost:3000/.account/oidc/consent/')
  const consent = await browser.get('/.account/oidc/consent/')
  for (const part of ['An app', 'app.example']) assert.ok(consent.text.includes(part), part)
  const allowed = await browser.submit('/.account/oidc/consent/', { remember: 'on' })
  assert.deepEqual([allowed.status, allowed.header('location')], [303, onward])
  assert.deepEqual(site.finished, [
    { kind: 'webId', who, webId, remember: false },
    { kind: 'consent', who, remember: true },
  ])
})

test('by the API: every step answers 200 with a location', async () => {
  await using site = await openSite()
  await member(site)
  site.interaction = interactionOf()
  const program = site.program()
  const inLogin = { cookie: 'xpod-login=1' }
  const get = (path: string) => program.send('GET', path, undefined, inLogin)
  const post = (path: string, json: unknown) => program.send('POST', path, json, inLogin)
  const prompt = await get('/.account/oidc/prompt/')
  assert.equal(prompt.json.prompt, 'account')
  const { controls } = prompt.json
  const login = await post(controls.password.login, { email: 'alice@example.org', password: 'correct horse' })
  assert.equal(login.status, 200)
  assert.equal(login.json.location, controls.oidc.prompt)
  program.token = login.json.authorization
  assert.equal((await get(controls.oidc.prompt)).json.prompt, 'login')
  assert.deepEqual((await get(controls.oidc.webId)).json.webIds, [webId])
  const foreign = await post(controls.oidc.webId, { webId: 'https://somebody.example/#me' })
  assert.equal(foreign.status, 400)
  assert.deepEqual((await post(controls.oidc.webId, { webId, remember: true })).json.location, onward)

  site.interaction = interactionOf({ prompt: 'consent', webId })
  assert.equal((await get(controls.oidc.prompt)).json.prompt, 'consent')
  const about = (await get(controls.oidc.consent)).json
  assert.deepEqual(
    [about.client.client_id, about.client.client_name, about.webId],
    ['https://app.example/id', 'An app', webId],
  )
  const allowed = await post(controls.oidc.consent, {})
  assert.deepEqual([allowed.status, allowed.json.location], [200, onward])
  assert.equal((await post(controls.oidc.forgetWebId, {})).json.location, onward)
  assert.equal((await post(controls.oidc.cancel, {})).json.location, onward)
  assert.deepEqual(
    site.finished.map(({ kind, ...rest }) => [kind, 'remember' in rest ? rest.remember : undefined]),
    [
      ['webId', true],
      ['consent', false],
      ['forgetWebId', undefined],
      ['cancel', undefined],
    ],
  )
})

test('a WebID that is not linked cannot be chosen by a form', async () => {
  await using site = await openSite()
  const { browser } = await member(site)
  site.interaction = interactionOf()
  const answer = await browser.submit('/.account/oidc/pick-webid/', { webId: 'https://somebody.example/#me' })
  assert.equal(answer.status, 400)
  assert.deepEqual(site.finished, [])
})

test('a WebID in a pod that is deleted is none to choose, until the pod is back', async () => {
  await using site = await openSite()
  const { browser } = await member(site)
  site.interaction = interactionOf()
  const page = '/.account/oidc/pick-webid/'
  site.withdrawnWebIds.add(webId)
  assert.doesNotMatch((await browser.get(page)).text, /name="webId"/)
  assert.equal((await browser.submit(page, { webId })).status, 400)
  assert.deepEqual(site.finished, [])
  site.withdrawnWebIds.delete(webId)
  assert.equal((await browser.submit(page, { webId })).status, 303)
})

test('somebody without a WebID makes the first pod on the way', async () => {
  await using site = await openSite()
  const program = site.program()
  await program.signUp('bob@example.org', 'correct horse')
  site.interaction = interactionOf()
  const browser = site.browser()
  browser.jar.set('xpod-login', '1')
  browser.jar.set('css-account', program.token!)
  const page = '/.account/oidc/pick-webid/'
  const made = await browser.submit(page, { name: 'bob' }, '/.account/oidc/pod/')
  assert.equal(made.header('location'), `http://localhost:3000${page}`)
  assert.ok((await browser.get(page)).text.includes('http://localhost:3000/bob/profile/card#me'))
  const taken = await browser.submit(page, { name: 'bob' }, '/.account/oidc/pod/')
  assert.equal(taken.status, 409)
})

test('consent is asked of who chose the WebID: for anybody else it begins again', async () => {
  await using site = await openSite()
  const { browser } = await member(site)
  site.interaction = interactionOf({ prompt: 'consent', webId, chosenBy: { account: 'other', session: 'other' } })
  assert.equal((await browser.get('/.account/oidc/consent/')).header('location'), onward)
  assert.deepEqual(site.finished, [{ kind: 'forgetWebId' }])
})

test('an app may want a log-in that is newer than its asking', async () => {
  await using site = await openSite()
  const { browser } = await member(site)
  site.world.clock.advance(60_000)
  site.interaction = interactionOf({ mustLogIn: true, startedMs: site.parts.clock.nowMs() })
  assert.equal(
    (await browser.get('/.account/oidc/prompt/')).header('location'),
    'http://localhost:3000/.account/login/password/',
  )
  const early = await browser.submit('/.account/login/password/', { webId }, '/.account/oidc/pick-webid/')
  assert.equal(early.status, 403)
  await browser.submit('/.account/login/password/', { login: 'alice@example.org', password: 'correct horse' })
  assert.equal((await browser.submit('/.account/oidc/pick-webid/', { webId })).header('location'), onward)
})

test('cancelling tells the app, also before anybody has logged in', async () => {
  await using site = await openSite()
  site.interaction = interactionOf()
  const browser = site.browser()
  browser.jar.set('xpod-login', '1')
  const answer = await browser.submit('/.account/login/password/', {}, '/.account/oidc/cancel/')
  assert.equal(answer.header('location'), onward)
  assert.deepEqual(site.finished, [{ kind: 'cancel' }])
})

test('a login that has ended is a page that says so, and E0002 to programs', async () => {
  await using site = await openSite()
  const { browser } = await member(site)
  for (const path of ['prompt', 'pick-webid', 'consent']) {
    assert.equal((await browser.get(`/.account/oidc/${path}/`)).status, 400, path)
  }
  assert.equal((await site.program().get('/.account/oidc/prompt/')).json.errorCode, 'E0002')
})
