// Forms of other sites change nothing (rule 14): every form of the route table is sent without a token, with the token of
// another browser, and from another site with the right one.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { routes } from '../../../src/identity/web/routes.ts'
import { type Browser, interactionOf, openSite, type Site, tokenIn } from './site.ts'

const forms = routes.filter(({ page }) => page?.submit !== undefined)

/** A browser that is logged in, in the middle of an app's login, and the account it is logged in to. */
async function member(site: Site, name: string): Promise<{ browser: Browser; account: string }> {
  const browser = site.browser()
  const fields = { email: `${name}@example.org`, password: 'correct horse', podName: name }
  await browser.submit('/.account/login/password/register/', fields)
  const account = await site.parts.accounts.find(`${name}@example.org`)
  browser.jar.set('xpod-login', '1')
  return { browser, account: account!.id }
}

/** What a form may be about, so that it would do something if it were taken. */
async function fill(site: Site, account: string, path: string): Promise<string> {
  const [pod] = await site.parts.accounts.pods(account)
  const [link] = await site.parts.accounts.webIds(account)
  const [session] = await site.parts.accounts.sessions(account)
  const webId = link!.webId
  const known = await site.parts.accounts.credentials(account)
  const credential = known[0]?.id ?? (await site.parts.accounts.createCredential(account, { name: '', webId })).id
  const names: Readonly<Record<string, string>> = {
    account,
    pod: pod!,
    link: link!.id,
    session: session!.id,
    credential,
    login: (await site.parts.accounts.logins(account))[0]!.id,
    app: 'none',
    passkey: 'none',
  }
  return path.replace(/:(\w+)/g, (_, name: string) => names[name]!)
}

const fields = {
  login: 'alice@example.org',
  email: 'new@example.org',
  password: 'correct horse',
  oldPassword: 'correct horse',
  newPassword: 'another horse',
  name: 'alice',
  podName: 'other',
  webId: 'http://localhost:3000/alice/profile/card#me',
  code: 'x',
  recordId: 'x',
  sure: 'on',
}

/** Everything that forms could change. */
async function stateOf(site: Site): Promise<unknown> {
  const { accounts } = site.parts
  const all = await accounts.list(undefined, 100)
  const parts = all.map(async ({ id, state, deleteAtMs }) => ({
    id,
    state,
    deleteAtMs,
    logins: await accounts.logins(id),
    links: await accounts.podLinks(id),
    webIds: await accounts.webIds(id),
    credentials: (await accounts.credentials(id)).map((credential) => credential.id),
    sessions: (await accounts.sessions(id)).map((session) => session.id),
    codes: await accounts.recoveryCodesLeft(id),
    works: await accounts.checkPassword(id, 'correct horse'),
  }))
  return { accounts: await Promise.all(parts), finished: site.finished, letters: site.letters }
}

test('there are forms, and with the right token each of them is taken', async () => {
  assert.ok(forms.length > 20, `${forms.length}`)
  await using site = await openSite()
  site.interaction = interactionOf()
  for (const [index, { path }] of forms.entries()) {
    const { browser, account } = await member(site, `alice${index}`)
    const to = await fill(site, account, path)
    const csrf = tokenIn((await browser.get(`/.account/account/${account}/`)).text)
    const answer = await browser.post(to, {
      ...fields,
      login: `alice${index}@example.org`,
      name: `alice${index}`,
      csrf,
    })
    const isThere = !/:(app|passkey)\//.test(path)
    if (isThere) assert.ok([200, 303, 400, 403, 409].includes(answer.status), `${path} ${answer.status}`)
    const isRefused = answer.status === 403 && !path.endsWith('recovery/')
    assert.equal(isRefused, false, `${path} is refused`)
  }
})

test('a form without the token of this browser changes nothing', async () => {
  await using site = await openSite()
  site.interaction = interactionOf()
  const { browser, account } = await member(site, 'alice')
  const other = await member(site, 'mallory')
  const stolen = tokenIn((await other.browser.get(`/.account/account/${other.account}/`)).text)
  const visitor = tokenIn((await site.browser().get('/.account/login/password/')).text)
  assert.ok(stolen !== '' && visitor !== '')
  const paths = await Promise.all(forms.map(({ path }) => fill(site, account, path)))
  const before = await stateOf(site)
  for (const path of paths) {
    for (const token of [{}, { csrf: '' }, { csrf: stolen }, { csrf: visitor }]) {
      const answer = await browser.post(path, { ...fields, ...token })
      assert.equal(answer.status, 403, path)
      assert.equal(
        answer.cookies.some((cookie) => cookie.startsWith('css-account=')),
        false,
        path,
      )
    }
  }
  assert.deepEqual(await stateOf(site), before)
})

test('a form from another site changes nothing, even with the right token', async () => {
  await using site = await openSite()
  site.interaction = interactionOf()
  const { browser, account } = await member(site, 'alice')
  const csrf = tokenIn((await browser.get(`/.account/account/${account}/`)).text)
  const paths = await Promise.all(forms.map(({ path }) => fill(site, account, path)))
  const before = await stateOf(site)
  const foreign = [
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    { origin: 'null', 'sec-fetch-site': 'cross-site' },
    { origin: 'http://alice.localhost:3000', 'sec-fetch-site': 'same-site' },
    { origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'cross-site' },
  ]
  for (const path of paths) {
    for (const headers of foreign) {
      assert.equal((await browser.post(path, { ...fields, csrf }, headers)).status, 403, `${path} ${headers.origin}`)
    }
  }
  assert.deepEqual(await stateOf(site), before)
})

test('a call of the API from another site goes on as not logged in', async () => {
  await using site = await openSite()
  const { browser, account } = await member(site, 'alice')
  const cookie = `css-account=${browser.jar.get('css-account')}`
  const call = (headers: Record<string, string>) =>
    site.ask({
      method: 'POST',
      path: `/.account/account/${account}/pod/`,
      headers: { cookie, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ name: 'made' }),
    })
  assert.equal((await call({ origin: 'https://evil.example' })).status, 401)
  assert.equal((await call({ 'sec-fetch-site': 'cross-site' })).status, 401)
  assert.equal((await call({ origin: 'null' })).status, 401)
  assert.equal((await call({})).status, 200, 'a program that is no browser')
  assert.equal((await call({ origin: 'http://localhost:3000', 'content-type': 'text/plain' })).status, 415)
  assert.equal(site.pods.size, 2)
})

test('a token in Authorization needs no Origin', async () => {
  await using site = await openSite()
  const { browser, account } = await member(site, 'alice')
  const answer = await site.ask({
    method: 'POST',
    path: `/.account/account/${account}/pod/`,
    headers: {
      authorization: `CSS-Account-Token ${browser.jar.get('css-account')}`,
      origin: 'https://other.example',
      'content-type': 'application/json',
    },
    body: JSON.stringify({ name: 'made' }),
  })
  assert.equal(answer.status, 200)
})

test('no answer allows another site anything', async () => {
  await using site = await openSite()
  for (const method of ['GET', 'POST', 'OPTIONS', 'DELETE']) {
    for (const path of ['/.account/', '/.account/login/password/', '/.account/nothing/']) {
      const answer = await site.ask({ method, path, headers: { origin: 'https://evil.example' } })
      assert.equal(answer.header('access-control-allow-origin'), undefined)
      assert.equal(answer.header('access-control-allow-credentials'), undefined)
      assert.equal(answer.header('x-content-type-options'), 'nosniff')
      assert.equal(answer.header('cache-control'), 'no-store')
    }
  }
})
