// Cross-site request forgery (rule 14): every form of every live page carries a token of this very browser. A form with none,
// a wrong one or another browser's changes nothing, and neither does any request that another site can make a browser send,
// whatever it carries.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { begin, register } from './stage/app.ts'
import type { Answer, Browser } from './stage/browser.ts'
import { type Form, formsOf } from './stage/forms.ts'
import { type Person, signUp } from './stage/person.ts'
import { openStage } from './stage/stage.ts'

const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())

const visitorPages = [
  '/',
  '/.account/login/password/',
  '/.account/login/password/register/',
  '/.account/login/password/forgot/',
  '/.account/login/recovery/',
]

/** Every page that can be reached by links from these, with the forms on it. */
async function crawl(browser: Browser, from: readonly string[]): Promise<ReadonlyMap<string, readonly Form[]>> {
  const found = new Map<string, readonly Form[]>()
  const queue = [...from]
  for (let path = queue.shift(); path !== undefined && found.size < 60; path = queue.shift()) {
    if (found.has(path)) continue
    const page = await browser.follow(await browser.page(path))
    if (!(page.headers['content-type'] ?? '').startsWith('text/html')) continue
    found.set(
      path,
      formsOf(page.text, page.url).filter(({ method }) => method === 'POST'),
    )
    for (const [, href = ''] of page.text.matchAll(/<a\b[^>]*\bhref="([^"]*)"/gi)) {
      const url = new URL(href.replaceAll('&amp;', '&'), page.url)
      if (url.origin === new URL(browser.base).origin && url.pathname.startsWith('/.account/')) queue.push(url.pathname)
    }
  }
  return found
}

/** Nothing was done: the page says so, and nobody was logged in or out by it. */
function assertRefused(answer: Answer, what: string): void {
  assert.ok(answer.status >= 400 && answer.status < 500, `${what}: ${answer.status} ${answer.headers.location ?? ''}`)
  const cookies = (answer.headers['set-cookie'] ?? []).filter((line) => line.startsWith('css-account='))
  assert.deepEqual(cookies, [], what)
}

async function assertFormsHold(
  browser: Browser,
  forms: ReadonlyMap<string, readonly Form[]>,
  least: number,
): Promise<void> {
  const stranger = await stage.person()
  const [strangers] = await stranger.browser.forms('/.account/login/password/forgot/')
  const all = [...forms].flatMap(([path, own]) => own.map((form) => ({ path, form })))
  const withoutPasskeys = all.filter(({ form }) => !form.tag.includes('data-passkey'))
  assert.ok(withoutPasskeys.length >= least, `only ${withoutPasskeys.length} forms: ${[...forms.keys()].join(' ')}`)
  for (const { path, form } of withoutPasskeys) {
    const what = `${form.action} on ${path}`
    assert.ok(form.fields['csrf'], `${what} has no token`)
    assertRefused(await browser.submit(form, { csrf: undefined }), `${what} without a token`)
    assertRefused(await browser.submit(form, { csrf: '' }), `${what} with an empty token`)
    assertRefused(
      await browser.submit(form, { csrf: 'A'.repeat(form.fields['csrf'].length) }),
      `${what} with a wrong token`,
    )
    assertRefused(await browser.submit(form, { csrf: strangers?.fields['csrf'] }), `${what} with another's token`)
    const cross = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    assertRefused(await browser.submit(form, {}, cross), `${what} from another site`)
    assertRefused(await browser.submit(form, {}, { origin: 'null' }), `${what} from a sandboxed frame`)
  }
}

describe('forms', () => {
  test('of visitors hold', async () => {
    const browser = stage.browser()
    await assertFormsHold(browser, await crawl(browser, visitorPages), 3)
  })

  test('of an account hold, all that links lead to, and the account is as it was', async () => {
    const person = await stage.person()
    const { browser, controls } = person
    await person.call('POST', controls['account']!['clientCredentials']!, { name: 'script', webId: person.webId })
    const home = new URL(
      controls['html']!['account']?.toString() === undefined ? '/.account/' : controls['account']!['pod']!,
    ).pathname
    const forms = await crawl(browser, ['/.account/', home])
    await assertFormsHold(browser, forms, 10)
    const pods = await person.call('GET', controls['account']!['pod']!)
    assert.deepEqual(Object.keys(pods.json<{ pods: object }>().pods), [person.pod])
    const credentials = await person.call('GET', controls['account']!['clientCredentials']!)
    assert.equal(Object.keys(credentials.json<{ clientCredentials: object }>().clientCredentials).length, 1)
  })

  test('of the login of an app hold, and the login goes on', async () => {
    const { browser } = await stage.person()
    const { url } = begin(await register(browser))
    const page = await browser.follow(await browser.page(url))
    await assertFormsHold(browser, new Map([[page.url, formsOf(page.text, page.url)]]), 2)
    assert.equal((await browser.follow(await browser.page('/.account/oidc/prompt/'))).status, 200)
  })
})

describe('a call of the API with the cookie of the victim', () => {
  let person: Person
  before(async () => {
    person = await signUp(stage.browser(), 'victim')
  })
  const origin = (): string => new URL(stage.baseUrl).origin
  const create = (headers: Record<string, string>, type = 'application/json'): Promise<Answer> =>
    person.browser.send('POST', person.controls['account']!['clientCredentials']!, {
      headers: { accept: 'application/json', 'content-type': type, ...headers },
      body: JSON.stringify({ name: 'stolen', webId: person.webId }),
    })
  const count = async (): Promise<number> => {
    const answer = await person.call('GET', person.controls['account']!['clientCredentials']!)
    return Object.keys(answer.json<{ clientCredentials: object }>().clientCredentials).length
  }

  test('works from this site, and from a program', async () => {
    assert.equal((await create({ origin: origin(), 'sec-fetch-site': 'same-origin' })).status, 200)
    assert.equal((await create({})).status, 200)
    assert.equal(await count(), 2)
  })

  const forged: Readonly<Record<string, () => Promise<Answer>>> = {
    'from another origin': () => create({ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }),
    'from another origin by a browser without Sec-Fetch-Site': () => create({ origin: 'https://evil.example' }),
    'from a sandboxed frame': () => create({ origin: 'null' }),
    'from another port': () => create({ origin: origin().replace(/\d+$/, '1') }),
    'from a host that begins alike': () => create({ origin: `${origin()}.evil.example` }),
    'cross-site without Origin': () => create({ 'sec-fetch-site': 'cross-site' }),
    'same-site without Origin': () => create({ 'sec-fetch-site': 'same-site' }),
    'as text': () => create({ origin: origin() }, 'text/plain'),
    'as a form': () => create({ origin: origin() }, 'application/x-www-form-urlencoded'),
    'as text that says it is JSON later': () => create({ origin: origin() }, 'text/plain; application/json'),
  }
  for (const [name, attack] of Object.entries(forged)) {
    test(`does nothing ${name}`, async () => {
      const before = await count()
      const { status } = await attack()
      assert.ok(status >= 400 && status < 500, `${status}`)
      assert.equal(await count(), before)
    })
  }

  test('does nothing by GET', async () => {
    const before = await count()
    for (const url of [person.controls['account']!['clientCredentials']!, person.controls['account']!['logout']!]) {
      await person.browser.page(`${url}?name=x&webId=${encodeURIComponent(person.webId)}`)
    }
    assert.equal(await count(), before)
    assert.equal((await person.browser.page('/.account/')).status < 400, true)
  })

  test('is not allowed to other origins by a preflight, and no answer allows credentials', async () => {
    const url = person.controls['account']!['clientCredentials']!
    const preflight = await person.browser.send('OPTIONS', url, {
      headers: {
        origin: 'https://evil.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    })
    const plain = await person.browser.json('GET', url, undefined, { origin: 'https://evil.example' })
    for (const { headers } of [preflight, plain]) {
      assert.equal(headers['access-control-allow-origin'], undefined)
      assert.equal(headers['access-control-allow-credentials'], undefined)
    }
  })
})

test('the endpoints for apps answer any origin and never with credentials', async () => {
  const browser = stage.browser()
  for (const path of ['/.well-known/openid-configuration', '/.oidc/jwks', '/.oidc/token', '/.oidc/reg']) {
    const { headers } = await browser.send(/token|reg/.test(path) ? 'POST' : 'GET', path, {
      headers: { origin: 'https://app.example' },
    })
    assert.equal(headers['access-control-allow-origin'], '*', path)
    assert.equal(headers['access-control-allow-credentials'], undefined, path)
  }
})
