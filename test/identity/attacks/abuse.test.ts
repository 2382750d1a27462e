// Locking a victim out, open redirects, oversized requests and who may sign up.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { freePort } from '../../support/free-port.ts'
import { register, registration } from './stage/app.ts'
import { Browser } from './stage/browser.ts'
import { controlsOf, logIn, signUp } from './stage/person.ts'
import { openStage } from './stage/stage.ts'

const stage = await openStage({ trustProxy: ['127.0.0.1'] })
after(() => stage[Symbol.asyncDispose]())

const login = '/.account/login/password/'

test('a victim is not locked out: another address and a known device get in while an attacker tries', async () => {
  const victim = await stage.person()
  const attacker = stage.browser()
  const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': address })
  const known = stage.browser()
  await logIn(known, victim)
  const guess = (address: string): ReturnType<Browser['json']> =>
    attacker.json('POST', login, { email: victim.email, password: 'guess' }, from(address))
  const statuses = new Set<number>()
  for (let turn = 0; turn < 12; turn++) statuses.add((await guess('203.0.113.1')).status)
  assert.ok(statuses.has(429), 'the attacker is never stopped')
  const right = { email: victim.email, password: victim.password }
  assert.equal((await attacker.json('POST', login, right, from('203.0.113.1'))).status, 429)
  assert.equal((await stage.browser().json('POST', login, right, from('198.51.100.7'))).status, 200)
  assert.equal((await known.json('POST', login, right, from('203.0.113.1'))).status, 200)
})

describe('nobody is sent elsewhere', () => {
  const targets = [
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example',
    '/.account/../../evil',
    'javascript:alert(1)',
    '%2F%2Fevil.example',
    '/.account//evil.example',
    '/.oidc/session/end?post_logout_redirect_uri=https://evil.example/',
  ]

  test('after logging in', async () => {
    const person = await stage.person()
    for (const next of targets) {
      const browser = stage.browser()
      const forms = await browser.forms(
        `${login}?next=${encodeURIComponent(next)}&returnTo=${encodeURIComponent(next)}`,
      )
      const form = forms.find(({ fields }) => 'password' in fields)!
      const { status, headers } = await browser.submit(form, { login: person.email, password: person.password, next })
      assert.equal(status, 303)
      const location = new URL(headers.location!, stage.baseUrl)
      assert.equal(location.origin, new URL(stage.baseUrl).origin, next)
      assert.match(location.pathname, /^\/\.account\//, next)
      const page = await browser.page(`${login}?next=${encodeURIComponent(next)}`)
      assert.ok(!page.headers.location?.includes('evil'), next)
    }
  })

  test('after logging out, but to what the app has registered', async () => {
    const { browser } = await stage.person()
    const client = await register(browser, { post_logout_redirect_uris: ['https://app.example/bye'] })
    for (const uri of [
      'https://evil.example/',
      'https://app.example/bye/more',
      'https://app.example.evil.example/bye',
      'javascript:alert(1)',
    ]) {
      for (const id of [client.id, undefined]) {
        const query = new URLSearchParams({ post_logout_redirect_uri: uri, ...(id !== undefined && { client_id: id }) })
        const { headers } = await browser.page(`/.oidc/session/end?${query.toString()}`)
        assert.equal(headers.location, undefined, `${uri} ${id}`)
      }
    }
  })

  test('by the language switch or a missing slash', async () => {
    const browser = stage.browser()
    for (const path of [
      '//evil.example/?lang=zh',
      '/.account?x=//evil.example',
      '/.account/login//evil.example?lang=en',
    ]) {
      const { headers } = await browser
        .send('GET', '/', { bare: true })
        .then(() => browser.page(path.startsWith('//') ? `/${path}` : path))
      const { location } = headers
      if (location !== undefined) assert.equal(new URL(location, stage.baseUrl).origin, new URL(stage.baseUrl).origin)
    }
  })
})

describe('what is too large is refused, and the server goes on', () => {
  test('a registration', async () => {
    const answers = [
      await registration(stage.browser(), { client_name: 'x'.repeat(100_000) }),
      await registration(stage.browser(), {
        redirect_uris: Array.from({ length: 5000 }, (_, at) => `https://a.example/${at}`),
      }),
    ]
    for (const { status } of answers) assert.ok(status === 400 || status === 413, `${status}`)
  })

  test('a form, a call of the API and a token request', async () => {
    const browser = stage.browser()
    const big = 'x'.repeat(200_000)
    const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `login=${big}` }
    const calls = [
      await browser.send('POST', login, form),
      await browser.send('POST', '/.oidc/token', form),
      await browser.json('POST', login, { email: big, password: big }),
      await browser.json('POST', login, { email: 'a@example.org', password: 'x'.repeat(2000) }),
    ]
    for (const { status } of calls) assert.ok(status >= 400 && status < 500, `${status}`)
    assert.equal((await browser.page(login)).status, 200)
  })

  test('JSON that is deep, or no object', async () => {
    for (const body of ['['.repeat(30_000), '"text"', 'null', '[]', '{"email":{"a":1}}', '{']) {
      const headers = { 'content-type': 'application/json' }
      const { status } = await stage.browser().send('POST', login, { headers, body })
      assert.ok(status >= 400 && status < 500, `${body.slice(0, 20)}: ${status}`)
    }
  })
})

describe('signing up', () => {
  test('is closed where it is closed, through every door', async () => {
    await using closed = await openStage({ registration: 'closed' })
    const browser = closed.browser()
    const create = (await controlsOf(browser))['account']?.['create'] ?? '/.account/account/'
    assert.equal((await browser.json('POST', create, {})).status, 403)
    const forms = await browser.forms('/.account/login/password/register/')
    assert.ok(!forms.some(({ fields }) => 'podName' in fields))
    const [any] = await browser.forms(login)
    const wish = { email: 'a@example.org', password: 'a long password', podName: 'a', csrf: any!.fields['csrf'] }
    const sent = await browser.submit({ action: '/.account/login/password/register/', fields: {} }, wish)
    assert.equal(sent.status, 403)
    assert.equal(browser.jar.get('css-account'), undefined)
  })

  test('is open where the base URL is loopback, and by invite elsewhere, when no setting says which', async () => {
    const create = '/.account/account/'
    assert.equal((await stage.browser().json('POST', create, {})).status, 200)
    const port = await freePort()
    await using elsewhere = await openStage({ baseUrl: 'https://pods.example/', listen: { host: '127.0.0.1', port } })
    const refused = await new Browser(elsewhere.baseUrl, port).json('POST', create, {})
    assert.equal(refused.status, 403)
    assert.equal(refused.json<{ details: { code: string } }>().details.code, 'INVITE_INVALID')
  })

  test('by invite takes each use once, also when all come at once', async () => {
    await using invited = await openStage({ registration: 'invite' })
    const { accounts } = invited.center.center.identity
    const create = '/.account/account/'
    for (const invite of [undefined, '', 'guess', 42, { code: 1 }]) {
      const { status } = await invited.browser().json('POST', create, invite === undefined ? {} : { invite })
      assert.ok(status >= 400 && status < 500, `${JSON.stringify(invite)}: ${status}`)
    }
    const { code } = await accounts.createInvite({ expiresMs: Date.now() + 60_000, uses: 2 })
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => invited.browser().json('POST', create, { invite: code })),
    )
    assert.equal(answers.filter(({ status }) => status === 200).length, 2)
  })

  test('from one address is bounded where the base URL is public', async () => {
    const port = await freePort()
    const options = { baseUrl: 'https://pods.example/', listen: { host: '127.0.0.1', port }, addressLimit: 3 } as const
    await using open = await openStage({ ...options, registration: 'open' })
    const browser = new Browser(open.baseUrl, port)
    const statuses: number[] = []
    for (let turn = 0; turn < 5; turn++) {
      statuses.push((await new Browser(open.baseUrl, port).json('POST', '/.account/account/', {})).status)
    }
    assert.deepEqual(statuses, [200, 200, 200, 429, 429])
    const clients: number[] = []
    for (let turn = 0; turn < 5; turn++) clients.push((await registration(browser)).status)
    assert.deepEqual(clients, [201, 201, 201, 429, 429])
  })
})

describe('what strangers write is shown as text', () => {
  const evil = `"><img src=x onerror=alert(1)>'</title><script>alert(1)</script>`

  test('on the log-in, sign-up and error pages', async () => {
    const browser = stage.browser()
    for (const path of [login, '/.account/login/password/register/', '/.account/login/recovery/']) {
      const form = (await browser.forms(path)).find(({ fields }) => 'csrf' in fields)
      if (form === undefined) continue
      const typed = Object.fromEntries(
        Object.keys(form.fields)
          .filter((name) => name !== 'csrf')
          .map((name) => [name, evil]),
      )
      assertInert((await browser.submit(form, typed)).text)
    }
    for (const query of [`client_id=${encodeURIComponent(evil)}`, `error=${encodeURIComponent(evil)}`]) {
      assertInert((await browser.page(`/.oidc/auth?${query}`)).text)
      assertInert((await browser.page(`${login}?${query}&next=${encodeURIComponent(evil)}`)).text)
    }
  })

  test('on the pages of a login and of the account: names of apps, of credentials, e-mail, browser', async () => {
    const { begin, walk } = await import('./stage/app.ts')
    const person = await signUp(stage.browser(), 'inert')
    const { browser, controls } = person
    const email = `"<script>alert(1)</script>"@example.org`
    await person.call('POST', controls['account']!['email']!, { email, password: person.password })
    await person.call('POST', controls['account']!['clientCredentials']!, {
      name: evil.slice(0, 90),
      webId: person.webId,
    })
    await new Browser(stage.baseUrl).json('POST', login, person, { 'user-agent': evil })
    const client = await register(browser, {
      client_name: evil,
      client_uri: 'https://app.example/"><script>',
      logo_uri: 'https://app.example/"onerror=alert(1)',
    }).catch(() => register(browser, { client_name: evil }))
    const started = begin(client, { prompt: 'consent' })
    assertInert((await browser.follow(await browser.page(started.url))).text)
    await walk(browser, begin(client, { prompt: 'consent' }), person)
    const home = controls['account']!['pod']!.replace(/pod\/$/, '')
    for (const part of [
      '',
      'pod/',
      'webid/',
      'client-credentials/',
      'app/',
      'session/',
      'password/',
      'email/',
      'delete/',
      'recovery-codes/',
      'passkey/',
    ]) {
      const page = await browser.page(new URL(home + part).pathname)
      assert.equal(page.status, 200, part)
      assertInert(page.text)
    }
  })
})

function assertInert(html: string): void {
  assert.doesNotMatch(
    html,
    /<img src=x|<script>alert|"onerror=|<script(?![^>]*>\s*(?:\(|'use|"use|const|addEventListener|document|for|\/\/))/i,
  )
  assert.doesNotMatch(html, /<a\b[^>]*href="(?:javascript|data):/i)
}
