// What a member does with pages and API beyond Community Solid Server: recovery, sessions, apps, credentials, deletion.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { type Browser, openSite, type Program, type Site, tokenIn } from './site.ts'

const password = 'correct horse'
const logIn = '/.account/login/password/'
const dayMs = 24 * 60 * 60_000

async function member(site: Site, name = 'alice'): Promise<{ browser: Browser; program: Program; home: string }> {
  const browser = site.browser()
  const wish = { email: `${name}@example.org`, password, podName: name }
  await browser.submit('/.account/login/password/register/', wish)
  const program = site.program()
  program.token = browser.jar.get('css-account')!
  const account = (await site.parts.accounts.find(wish.email))!.id
  return { browser, program, home: `/.account/account/${account}/` }
}

test('a forgotten password is reset by a link that works once', async () => {
  await using site = await openSite()
  const { browser } = await member(site)
  const asked = await site.browser().submit('/.account/login/password/forgot/', { login: 'alice@example.org' })
  assert.equal(asked.status, 200)
  assert.deepEqual(site.letters, ['reset alice@example.org'])
  const { token } = (await site.parts.accounts.createReset('alice@example.org'))!
  const page = `/.account/login/password/reset/?rid=${token}`
  const visitor = site.browser()
  const done = await visitor.submit(page, { recordId: token, password: 'another horse' })
  assert.equal(done.header('location'), `${site.baseUrl}.account/login/password/?done=passwordReset`)
  assert.equal(await site.parts.accounts.findSession(browser.jar.get('css-account')!), undefined, 'sessions have ended')
  const csrf = tokenIn((await visitor.get(logIn)).text)
  const again = { csrf, recordId: token, password: 'third horse' }
  assert.equal((await visitor.post('/.account/login/password/reset/', again)).status, 400)
  assert.equal(
    (await site.browser().submit(logIn, { login: 'alice@example.org', password: 'another horse' })).status,
    303,
  )
  assert.deepEqual(site.letters.slice(1), ['passwordChanged'])
})

test('a server without mail says so, whoever is asked for', async () => {
  await using site = await openSite({ hasMail: false })
  await member(site)
  for (const email of ['alice@example.org', 'nobody@example.org']) {
    const answer = await site.program().post('/.account/login/password/forgot/', { email })
    assert.equal(answer.json.details.code, 'MAIL_OFF')
  }
})

test('recovery codes are shown once, after the password, and each opens the reset page once', async () => {
  await using site = await openSite()
  const { browser, home } = await member(site)
  assert.equal((await browser.submit(`${home}recovery-codes/`, { password: 'wrong' })).status, 403)
  const shown = await browser.submit(`${home}recovery-codes/`, { password })
  const codes = shown.text.match(/[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}/g)!
  assert.equal(new Set(codes).size, 10)
  assert.equal((await browser.get(`${home}recovery-codes/`)).text.includes(codes[0]!), false)
  const visitor = site.browser()
  const used = await visitor.submit('/.account/login/recovery/', {
    login: 'alice@example.org',
    code: codes[0]!.toLowerCase(),
  })
  assert.equal(used.status, 303)
  const reset = new URL(used.header('location')!)
  const recordId = reset.searchParams.get('rid')!
  assert.equal(
    (await visitor.submit(reset.pathname + reset.search, { recordId, password: 'another horse' })).status,
    303,
  )
  const again = await visitor.submit('/.account/login/recovery/', { login: 'alice@example.org', code: codes[0]! })
  assert.equal(again.status, 403)
})

test('changing the password needs the old one, ends other sessions and keeps this one', async () => {
  await using site = await openSite()
  const { browser, home } = await member(site)
  const other = site.browser()
  await other.submit(logIn, { login: 'alice@example.org', password })
  const page = `${home}password/`
  assert.equal((await browser.submit(page, { oldPassword: 'wrong', newPassword: 'another horse' })).status, 403)
  const done = await browser.submit(page, { oldPassword: password, newPassword: 'another horse' })
  assert.equal(done.header('location'), `http://localhost:3000${home}?done=passwordChanged`)
  assert.equal((await browser.get(home)).status, 200)
  assert.equal((await other.get(home)).status, 303)
  assert.deepEqual(site.letters, ['passwordChanged'])
})

test('tries to ask again are counted, so an open browser is no place to guess', async () => {
  await using site = await openSite()
  const { browser, home } = await member(site)
  const statuses: number[] = []
  for (let n = 0; n < 12; n++)
    statuses.push((await browser.submit(`${home}recovery-codes/`, { password: 'guess' })).status)
  assert.equal(statuses.at(-1), 429)
})

test('the e-mail address changes with the password, and the old address hears of it', async () => {
  await using site = await openSite()
  const { browser, home } = await member(site)
  const done = await browser.submit(`${home}email/`, { email: 'new@example.org', password })
  assert.equal(done.status, 303)
  assert.deepEqual(site.letters, ['emailChanged alice@example.org'])
  assert.equal((await site.browser().submit(logIn, { login: 'new@example.org', password })).status, 303)
})

test('sessions are listed and ended, one or all others; those of somebody else are not there', async () => {
  await using site = await openSite()
  const { browser, program } = await member(site)
  const others = [site.browser(), site.browser()]
  for (const other of others) await other.submit(logIn, { login: 'alice@example.org', password })
  const { sessions: url } = (await program.controls()).account
  const { sessions } = (await program.get(url)).json
  assert.deepEqual(sessions.map((one: { current: boolean }) => one.current).toSorted(), [false, false, true])
  const mallory = await member(site, 'mallory')
  const foreign = sessions[0].resource.replace(/account\/[^/]+/, `account/${mallory.home.split('/')[3]}`)
  assert.equal((await mallory.program.delete(foreign)).status, 404)
  const one = sessions.find(({ current }: { current: boolean }) => !current)
  assert.equal((await program.delete(one.resource)).status, 200)
  assert.equal((await program.get(url)).json.sessions.length, 2)
  assert.equal((await program.delete(`${url}others/`)).status, 200)
  assert.equal((await program.get(url)).json.sessions.length, 1)
  assert.equal((await browser.get('/.account/')).status, 303)
})

test('apps are listed once each and taken back', async () => {
  await using site = await openSite()
  const { program, browser, home } = await member(site)
  const client = { id: 'https://app.example/id', name: 'An app', logoUri: undefined, uri: undefined, isDocument: true }
  const grant = { client, webId: 'http://localhost:3000/alice/profile/card#me', createdMs: 5, isOffline: false }
  site.apps.push({ ...grant, grantId: 'a' }, { ...grant, grantId: 'b', createdMs: 3, isOffline: true })
  const { apps: url } = (await program.controls()).account
  const [app, ...more] = (await program.get(url)).json.apps
  assert.deepEqual([app.clientId, app.offline, app.created, more], [client.id, true, new Date(3).toISOString(), []])
  assert.ok((await browser.get(`${home}app/`)).text.includes('An app'))
  assert.equal((await program.delete(app.resource)).status, 200)
  site.apps.length = 0
  assert.equal((await program.delete(app.resource)).status, 404)
})

test('credentials have a name, an end and a last use; the page shows the secret once', async () => {
  await using site = await openSite()
  const { browser, program, home } = await member(site)
  const webId = 'http://localhost:3000/alice/profile/card#me'
  const made = await browser.submit(`${home}client-credentials/`, { name: 'nightly', webId, expires: '30' })
  assert.equal(made.status, 200)
  const [known] = await site.parts.accounts.credentials(home.split('/')[3]!)
  assert.ok(made.text.includes(known!.id))
  const { clientCredentials: url } = (await program.controls()).account
  const { details } = (await program.get(url)).json
  assert.equal(details[0].name, 'nightly')
  assert.equal(Date.parse(details[0].expires), site.parts.clock.nowMs() + 30 * dayMs)
  const wrong = await program.post(url, { name: 'x', webId, expiresIn: -1 })
  assert.equal(wrong.json.details.code, 'EXPIRY_INVALID')
  const api = (await program.post(url, { name: 'x', webId, expiresIn: 60 })).json
  assert.ok(await site.parts.accounts.verifyCredential(api.id, api.secret))
  site.world.clock.advance(61_000)
  assert.equal(await site.parts.accounts.verifyCredential(api.id, api.secret), undefined)
})

test('three pods an account, by default; the fourth is refused', async () => {
  await using site = await openSite()
  const { browser, home } = await member(site)
  for (const name of ['two', 'three']) assert.equal((await browser.submit(`${home}pod/`, { name })).status, 303)
  assert.equal((await browser.submit(`${home}pod/`, { name: 'four' })).status, 409)
  assert.equal(site.pods.size, 3)
})

test('twenty pods wished for at once are never more than three', async () => {
  await using site = await openSite()
  const { program } = await member(site)
  const { pod } = (await program.controls()).account
  await Promise.all(Array.from({ length: 20 }, (_, n) => program.post(pod, { name: `pod${n}` })))
  assert.ok(site.pods.size <= 3, `${site.pods.size}`)
  assert.equal((await program.get(pod)).json.pods[`${site.baseUrl}alice/`] !== undefined, true)
})

test('a pod that somebody else has gives nobody else its WebID', async () => {
  await using site = await openSite()
  await member(site)
  const mallory = await member(site, 'mallory')
  const { pod } = (await mallory.program.controls()).account
  assert.equal((await mallory.program.post(pod, { name: 'alice' })).status, 400)
  const links = await site.parts.accounts.webIds(mallory.home.split('/')[3]!)
  assert.deepEqual(
    links.map(({ webId }) => webId),
    ['http://localhost:3000/mallory/profile/card#me'],
  )
  assert.equal((await site.parts.accounts.pods(mallory.home.split('/')[3]!)).length, 1)
})

test('a pod is deleted after its name and the password, a week later, unless that is taken back', async () => {
  await using site = await openSite()
  const { browser, home } = await member(site)
  const account = home.split('/')[3]!
  const [pod] = await site.parts.accounts.pods(account)
  const page = `${home}pod/${pod}/delete/`
  assert.equal((await browser.submit(page, { name: 'other', password })).status, 400)
  assert.equal((await browser.submit(page, { name: 'alice', password: 'wrong' })).status, 403)
  assert.deepEqual(await site.parts.accounts.podLinks(account), [{ pod, account }])
  assert.equal((await browser.submit(page, { name: 'alice', password })).status, 303)
  const deleteAtMs = site.parts.clock.nowMs() + 7 * dayMs
  assert.deepEqual(await site.parts.accounts.podLinks(account), [{ pod, account, deleteAtMs }])
  assert.equal((await browser.submit(`${home}pod/`, {}, `${home}pod/${pod}/keep/`)).status, 303)
  assert.deepEqual(await site.parts.accounts.podLinks(account), [{ pod, account }])
})

test('an account is deleted after its password: logged out now, gone in a week, taken back until then', async () => {
  await using site = await openSite()
  const { browser, home } = await member(site)
  const page = `${home}delete/`
  assert.equal((await browser.submit(page, { password })).status, 400, 'not sure')
  assert.equal((await browser.submit(page, { password: 'wrong', sure: 'on' })).status, 403)
  const token = browser.jar.get('css-account')!
  const gone = await browser.submit(page, { password, sure: 'on' })
  assert.equal(gone.status, 200)
  assert.equal(await site.parts.accounts.findSession(token), undefined)
  assert.equal(browser.jar.has('css-account'), false)

  const back = site.browser()
  assert.equal((await back.submit(logIn, { login: 'alice@example.org', password })).status, 303)
  const pods = await back.get(`${home}pod/`)
  assert.equal(pods.header('location'), `http://localhost:3000${home}`, 'nothing but taking it back')
  const program = site.program()
  program.token = back.jar.get('css-account')!
  assert.equal((await program.post(`${home}pod/`, { name: 'more' })).json.details.code, 'ACCOUNT_DELETING')
  assert.equal((await back.submit(home, {}, `${home}keep/`)).status, 303)
  assert.equal((await back.get(`${home}pod/`)).status, 200)
})

test('ways to log in are added and removed within ten minutes of a log-in, whatever one has logged in with', async () => {
  await using site = await openSite({ hasPasskeys: true })
  const { browser, program, home } = await member(site)
  const { password: controls, passkey } = await program.controls()
  const second = { email: 'b@example.org', password: 'x' }
  const { resource } = (await program.post(controls.create, second)).json
  assert.equal((await program.post(passkey.createOptions, {})).status, 200)
  assert.match((await browser.get(`${home}passkey/`)).text, /<form[^>]*data-passkey="register"/)

  site.world.clock.advance(11 * 60_000)
  const refused = [
    await program.post(controls.create, { email: 'c@example.org', password: 'x' }),
    await program.delete(resource),
    await program.post(passkey.createOptions, {}),
  ]
  for (const { status, json } of refused) assert.deepEqual([status, json.details.code], [403, 'LOGIN_AGAIN'])
  const page = await browser.get(`${home}passkey/`)
  assert.doesNotMatch(page.text, /data-passkey="register"/)
  const link = /href="([^"]*\/login\/password\/\?next=[^"]*)"/.exec(page.text)![1]!
  const again = await browser.submit(link, {
    login: 'alice@example.org',
    password,
    next: new URLSearchParams(link.split('?')[1]).get('next')!,
  })
  assert.equal(again.header('location'), `${site.baseUrl}${home.slice(1)}passkey/`)
  assert.match((await browser.get(`${home}passkey/`)).text, /data-passkey="register"/)

  program.token = browser.jar.get('css-account')!
  assert.equal((await program.post(passkey.createOptions, {})).status, 200)
  assert.equal((await program.delete(resource)).status, 200)
  assert.equal((await site.parts.accounts.logins(home.split('/')[3]!)).length, 1)
})

test('the first way to log in needs no second log-in, however long it takes', async () => {
  await using site = await openSite()
  const program = site.program()
  program.token = (await program.post((await program.controls()).account.create)).json.authorization
  site.world.clock.advance(20 * 60_000)
  const { password: controls } = await program.controls()
  assert.equal((await program.post(controls.create, { email: 'a@example.org', password: 'x' })).status, 200)
  assert.equal((await program.post(controls.create, { email: 'b@example.org', password: 'x' })).status, 403)
})

test('the last way to log in cannot be removed', async () => {
  await using site = await openSite()
  const { program } = await member(site)
  const { password: controls } = await program.controls()
  const [resource] = Object.values((await program.get(controls.create)).json.passwordLogins) as string[]
  assert.equal((await program.delete(resource!)).json.message, 'An account needs at least 1 login method.')
  const second = (await program.post(controls.create, { email: 'b@example.org', password: 'x' })).json.resource
  assert.equal((await program.delete(resource!)).status, 200)
  assert.equal((await program.delete(second)).status, 400)
})
