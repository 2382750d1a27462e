// Session fixation, clickjacking and the reach of cookies: a login never takes over a value that somebody planted, pages cannot
// be framed, cookies are for the account pages alone and mean nothing at pods.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { freePort } from '../../support/free-port.ts'
import { begin, connect, register, walk } from './stage/app.ts'
import { Browser } from './stage/browser.ts'
import { controlsOf, logIn, signUp } from './stage/person.ts'
import { openStage } from './stage/stage.ts'

const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())

const cookie = 'css-account'

async function isMember(browser: Browser): Promise<boolean> {
  return (await controlsOf(browser))['account']!['pod'] !== undefined
}

describe('a cookie that an attacker planted', () => {
  test('before a log-in opens nothing afterwards, made up or real', async () => {
    const person = await stage.person()
    const attacker = await stage.person()
    for (const planted of ['A'.repeat(43), attacker.browser.jar.get(cookie)!.value]) {
      const victim = stage.browser()
      victim.jar.set(cookie, { value: planted, attributes: ['path=/'] })
      await logIn(victim, person)
      assert.notEqual(victim.jar.get(cookie)!.value, planted)
      const thief = stage.browser()
      thief.jar.set(cookie, { value: planted, attributes: ['path=/'] })
      const { account } = await controlsOf(thief)
      assert.notEqual(account!['pod'], person.controls['account']!['pod'])
    }
  })

  test('of an account without a way to log in does not get the victim’s sign-up', async () => {
    const attacker = stage.browser()
    await attacker.json('POST', (await controlsOf(attacker))['account']!['create']!, {})
    const planted = attacker.jar.get(cookie)!
    const victim = stage.browser()
    victim.jar.set(cookie, planted)
    const [form] = (await victim.forms('/.account/login/password/register/')).filter(({ fields }) => 'email' in fields)
    if (form !== undefined) {
      const wish = { email: 'fixed@example.org', password: 'a long enough password', podName: 'fixed' }
      const { status, text } = await victim.submit(form, wish)
      assert.ok(status < 400, text)
    } else await signUp(victim, 'fixed')
    assert.notEqual(victim.jar.get(cookie)?.value, planted.value)
    const { account } = await controlsOf(attacker)
    const pods = account!['pod'] === undefined ? undefined : await attacker.json('GET', account!['pod'])
    assert.deepEqual(Object.keys(pods?.json<{ pods?: object }>().pods ?? {}), [])
  })

  test('of the app session is replaced when a WebID is chosen', async () => {
    const person = await stage.person()
    const { browser } = person
    const client = await register(browser)
    browser.jar.set('xpod-apps', { value: 'planted-value-of-an-attacker', attributes: ['path=/'] })
    await walk(browser, begin(client), person)
    assert.notEqual(browser.jar.get('xpod-apps')!.value, 'planted-value-of-an-attacker')
    const thief = stage.browser()
    thief.jar.set('xpod-apps', { value: 'planted-value-of-an-attacker', attributes: ['path=/'] })
    const silent = await thief.page(begin(client, { prompt: 'none' }).url)
    assert.equal(new URL(silent.headers.location!).searchParams.get('error'), 'login_required')
  })

  test('of the login of an app cannot be finished for somebody else', async () => {
    const attacker = await stage.person()
    const victim = await stage.person()
    const client = await register(attacker.browser)
    await attacker.browser.follow(await attacker.browser.page(begin(client).url))
    const login = attacker.browser.jar.get('xpod-login')!
    victim.browser.jar.set('xpod-login', login)
    const { oidc } = await controlsOf(victim.browser)
    const chosen = await victim.browser.json('POST', oidc!['webId']!, { webId: attacker.webId, remember: true })
    assert.equal(chosen.status, 400, chosen.text)
  })
})

test('logging out ends the session at the server, also for who copied the cookie', async () => {
  const { browser, controls } = await stage.person()
  const copy = new Browser(stage.baseUrl)
  copy.jar.set(cookie, browser.jar.get(cookie)!)
  assert.ok(await isMember(copy))
  await browser.json('POST', controls['account']!['logout']!, {})
  assert.equal(await isMember(copy), false)
})

test('no page of the account or the provider can be framed, run scripts of others or be kept', async () => {
  const person = await stage.person()
  const { browser } = person
  const client = await register(browser)
  const pages = [
    '/.account/',
    '/.account/login/password/',
    '/.account/login/password/register/',
    begin(client).url,
    '/.oidc/auth?client_id=x',
    '/.oidc/session/end',
    '/',
  ]
  for (const path of pages) {
    const { headers, url } = await browser.follow(await browser.page(path))
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /frame-ancestors 'none'/, url)
    assert.match(policy, /default-src 'none'/, url)
    assert.doesNotMatch(policy, /script-src[^;]*('self'|'unsafe-inline'|'unsafe-eval'|\*|https?:)/, url)
    assert.match(String(headers['x-content-type-options']), /^nosniff/, url)
    if (new URL(url).pathname !== '/') assert.match(String(headers['cache-control']), /no-store/, url)
  }
})

describe('cookies', () => {
  test('are HttpOnly and SameSite=Lax', async () => {
    const person = await stage.person()
    await connect(person)
    assert.ok(person.browser.jar.size >= 2)
    for (const [name, { attributes }] of person.browser.jar) {
      assert.ok(attributes.includes('httponly'), `${name}: ${attributes.join('; ')}`)
      assert.ok(attributes.includes('samesite=lax'), `${name}: ${attributes.join('; ')}`)
      assert.ok(!attributes.some((one) => one.startsWith('domain=')), name)
    }
  })

  test('are Secure on https and bound to the host', async () => {
    const port = await freePort()
    const options = {
      baseUrl: 'https://pods.example/',
      registration: 'open',
      listen: { host: '127.0.0.1', port },
    } as const
    await using https = await openStage(options)
    const browser = new Browser(https.baseUrl, port)
    const person = await signUp(browser, 'alice')
    await connect(person)
    assert.ok([...browser.jar.keys()].includes('__Host-css-account'), [...browser.jar.keys()].join(' '))
    for (const [name, { attributes }] of browser.jar) {
      assert.match(name, /^__(Host|Secure)-/)
      assert.ok(attributes.includes('secure'), name)
      if (name.startsWith('__Host-')) assert.ok(attributes.includes('path=/'), name)
    }
  })

  test('open nothing at a pod, and a pod sets none', async () => {
    const { browser, pod } = await stage.person()
    const path = new URL(pod).pathname
    for (const [method, name] of [
      ['GET', 'private.txt'],
      ['PUT', 'private.txt'],
      ['POST', ''],
      ['DELETE', 'profile/card'],
    ] as const) {
      const { status, headers } = await browser.send(method, path + name, {
        headers: { 'content-type': 'text/plain' },
        ...(method.startsWith('P') && { body: 'x' }),
      })
      assert.equal(status, 401, method)
      assert.equal(headers['set-cookie'], undefined)
    }
  })
})
