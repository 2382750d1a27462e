// The walk of a person through a real Chromium: sign-up, an app on another origin, consent, a private document, a reload,
// logging out, and taking access back. The server is the program as it is shipped; the app is built on
// @inrupt/solid-client-authn-browser. No page may break its own content security policy, and axe-core must find nothing on
// any of them.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'

import type { Browser, Page } from 'playwright-core'

import { en } from '../../src/identity/pages/words/en.ts'
import { type App, askInApp, settled, startApp, startLogin } from '../support/app.ts'
import { lacksChromium, launchChromium } from '../support/chromium.ts'
import { spawnXpod, type SpawnedXpod } from '../support/spawn.ts'
import { until } from '../support/until.ts'
import { findBarriers } from './barriers.ts'
import { allow, atHeading, cancel, chooseWebId, follow, logIn, type Person, press, signUp } from './person.ts'

const skip = lacksChromium()
const revokedWithinMs = 5_000

let browser: Browser
let app: App
let center: SpawnedXpod
before(async () => {
  if (skip !== false) return
  ;[browser, app, center] = await Promise.all([launchChromium(), startApp(), spawnXpod()])
})
after(async () => {
  await browser?.close()
  await app?.[Symbol.asyncDispose]()
  await center?.[Symbol.asyncDispose]()
})

interface Visit extends AsyncDisposable {
  readonly page: Page
  readonly person: Person
  readonly pod: string
  readonly webId: string
  /** Only the owner may read it. */
  readonly secret: string
  /** What the browser complained about: above all broken policies. */
  readonly complaints: string[]
}

/** A browser that nobody has used, and somebody without an account. */
async function visit({ scripts = true } = {}): Promise<Visit> {
  const context = await browser.newContext({ javaScriptEnabled: scripts, locale: 'en-GB' })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const complaints: string[] = []
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/i.test(message.text())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  const podName = `p${randomUUID().slice(0, 8)}`
  return {
    page,
    person: { email: `${podName}@example.org`, password: 'quiet river under stones', podName },
    pod: `${center.baseUrl}${podName}/`,
    webId: `${center.baseUrl}${podName}/profile/card#me`,
    secret: `${center.baseUrl}${podName}/secret.txt`,
    complaints,
    [Symbol.asyncDispose]: () => context.close(),
  }
}

/** Signed up in this browser, and logged in to the app; ends on the app's page. */
async function letIn(visit: Visit, clientId = ''): Promise<void> {
  const { page } = visit
  await signUp(page, center.baseUrl, visit.person)
  await page.goto(app.url)
  await startLogin(page, { issuer: center.baseUrl, clientId })
  await chooseWebId(page, visit.webId)
  await allow(page)
  await page.waitForURL((url) => url.origin === app.origin)
  assert.equal(await settled(page), 'in', (await page.locator('#error').textContent()) ?? '')
}

test('sign-up, an app, consent, a private document, a reload, logging out', { skip }, async () => {
  await using v = await visit()
  const { page, secret } = v
  await letIn(v)
  assert.equal(await page.textContent('#webid'), v.webId)
  assert.equal((await askInApp(page, secret, 'PUT', 'nobody knows')).status, 201)
  assert.deepEqual(await askInApp(page, secret), { status: 200, text: 'nobody knows' })
  await page.reload()
  assert.equal(await settled(page), 'in')
  assert.deepEqual(await askInApp(page, secret), { status: 200, text: 'nobody knows' })
  await page.click('#logout')
  assert.equal(await until('logged out', () => page.getAttribute('body', 'data-state')), 'out')
  assert.equal((await askInApp(page, secret)).status, 401)
  assert.deepEqual(v.complaints, [])
})

test('somebody without a session logs in on the way to the app', { skip }, async () => {
  await using v = await visit()
  const { page } = v
  await signUp(page, center.baseUrl, v.person)
  await page.context().clearCookies()
  await page.goto(app.url)
  await startLogin(page, { issuer: center.baseUrl })
  await logIn(page, v.person)
  await chooseWebId(page, v.webId)
  await allow(page)
  await page.waitForURL((url) => url.origin === app.origin)
  assert.equal(await settled(page), 'in')
  assert.equal((await askInApp(page, `${v.pod}.acl`)).status, 200)
})

test('an app with a client document is named by it, and logs out of everything', { skip }, async () => {
  await using v = await visit()
  const { page } = v
  await letIn(v, app.clientId)
  assert.equal((await askInApp(page, `${v.pod}.acl`)).status, 200)
  await Promise.all([page.waitForResponse(/\/session\/end/), page.click('#leave')])
  await page.waitForURL((url) => url.origin === app.origin)
  assert.equal(await settled(page), 'out')
  await page.goto(center.baseUrl)
  await page.getByRole('link', { name: en.logIn, exact: true }).first().waitFor()
})

test('access that is taken back ends within five seconds', { skip }, async () => {
  await using v = await visit()
  const { page } = v
  await letIn(v)
  const account = await page.context().newPage()
  await account.goto(`${center.baseUrl}.account/`)
  await follow(account, en.nav.apps)
  await atHeading(account, en.appsPage.title)
  await account.getByRole('button', { name: en.appsPage.remove }).first().click()
  await account.getByText(en.appsPage.none).waitFor()
  const refused = async (): Promise<boolean> => (await askInApp(page, `${v.pod}.acl`)).status === 401
  await until('access has ended', refused, revokedWithinMs)
  await page.reload()
  assert.notEqual(await settled(page).catch(() => 'elsewhere'), 'in')
})

test('who cancels gives the app nothing', { skip }, async () => {
  await using v = await visit()
  const { page } = v
  await signUp(page, center.baseUrl, v.person)
  await page.goto(app.url)
  await startLogin(page, { issuer: center.baseUrl })
  await chooseWebId(page, v.webId)
  await atHeading(page, en.consentPage.title)
  await cancel(page)
  await page.waitForURL((url) => url.origin === app.origin)
  assert.notEqual(await settled(page), 'in')
  assert.equal((await askInApp(page, `${v.pod}.acl`)).status, 401)
})

test('the account pages work without scripts', { skip }, async () => {
  await using v = await visit({ scripts: false })
  const { page } = v
  await signUp(page, center.baseUrl, v.person)
  await follow(page, en.nav.credentials)
  await page.getByLabel(en.credentialsPage.name, { exact: true }).fill('backup')
  await press(page, en.credentialsPage.submit)
  await page.getByText(en.credentialsPage.createdText).waitFor()
  await follow(page, en.nav.changePassword)
  await page.getByLabel(en.changePasswordPage.old).fill(v.person.password)
  await page.getByLabel(en.newPassword).fill('another river under stones')
  await press(page, en.changePasswordPage.submit)
  await press(page, en.logOut)
  await atHeading(page, en.loggedOutPage.title)
  await page.goto(`${center.baseUrl}.account/login/password/`)
  await logIn(page, { ...v.person, password: 'another river under stones' })
  await atHeading(page, en.homePage.title)
})

test('an app is let in without scripts on the account pages', { skip }, async () => {
  await using v = await visit({ scripts: false })
  const { page } = v
  await signUp(page, center.baseUrl, v.person)
  const registered = await fetch(`${center.baseUrl}.oidc/reg`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [app.url], scope: 'openid webid' }),
  })
  assert.equal(registered.status, 201)
  const { client_id: clientId } = (await registered.json()) as { client_id: string }
  const ask = new URLSearchParams({
    client_id: clientId,
    redirect_uri: app.url,
    response_type: 'code',
    scope: 'openid webid',
    state: 'abc',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  })
  await page.goto(`${center.baseUrl}.oidc/auth?${ask.toString()}`)
  await chooseWebId(page, v.webId)
  await allow(page)
  await page.waitForURL((url) => url.origin === app.origin)
  const answer = new URL(page.url()).searchParams
  assert.deepEqual([answer.get('state'), answer.get('iss')], ['abc', center.baseUrl])
  assert.ok(answer.get('code'))
})

test('axe finds no barrier on any live page', { skip }, async () => {
  await using v = await visit()
  const { page } = v
  const found: string[] = []
  const look = async (where: string): Promise<void> => {
    found.push(...(await findBarriers(page)).map((barrier) => `${where}: ${barrier}`))
  }
  const account = `${center.baseUrl}.account/`
  const open = ['', '.account/login/password/', '.account/login/password/register/', '.account/login/password/forgot/']
  for (const path of [
    ...open,
    '.account/login/recovery/',
    '.account/login/password/reset/?rid=none',
    '.account/nowhere/',
  ]) {
    await page.goto(center.baseUrl + path)
    await look(path)
  }
  await signUp(page, center.baseUrl, v.person)
  await page.goto(app.url)
  await startLogin(page, { issuer: center.baseUrl })
  await atHeading(page, en.choosePage.title)
  await look('choose')
  await chooseWebId(page, v.webId)
  await atHeading(page, en.consentPage.title)
  await look('consent')
  await allow(page)
  await page.waitForURL((url) => url.origin === app.origin)
  await page.goto(account)
  const home = new URL(page.url()).pathname
  const below = await page.locator(`a[href^="${home}"]`).evaluateAll((all) => all.map((a) => a.getAttribute('href')!))
  const pages = [...new Set([home, ...below])]
  assert.ok(pages.length >= 10, `${pages.length} pages below ${home}`)
  for (const path of pages) {
    await page.goto(new URL(path, center.baseUrl).href)
    await look(path)
  }
  await page.goto(`${new URL(home, center.baseUrl).href}?lang=zh`)
  assert.match((await page.getAttribute('html', 'lang')) ?? '', /^zh/)
  await look(`${home} in Chinese`)
  assert.deepEqual(found, [])
  assert.deepEqual(v.complaints, [])
})
