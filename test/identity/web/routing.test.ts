// Which answer an address gives to whom: JSON or HTML, languages, methods, spellings, headers of pages; and who may register.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { openSite } from './site.ts'

const logIn = '/.account/login/password/'
const chromium = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'

test('HTML only when it is really preferred', async () => {
  await using site = await openSite()
  const cases: Readonly<Record<string, 'json' | 'html'>> = {
    '*/*': 'json',
    'application/json': 'json',
    'application/json, text/html': 'json',
    'application/json;q=0.5, text/html;q=0.4': 'json',
    'text/turtle': 'json',
    [chromium]: 'html',
    'text/html': 'html',
    'application/json;q=0.5, text/html': 'html',
  }
  for (const [accept, kind] of Object.entries(cases)) {
    const answer = await site.ask({ path: logIn, headers: { accept } })
    assert.match(answer.header('content-type')!, kind === 'json' ? /^application\/json$/ : /^text\/html/, accept)
    assert.match(answer.header('vary')!, /Accept/)
  }
  assert.notEqual((await site.ask({ path: logIn })).json, undefined, 'no Accept at all')
})

test('the front page is for browsers; everything else at the root is none of this', async () => {
  await using site = await openSite()
  const shown = await site.browser().get('/')
  assert.equal(shown.status, 200)
  assert.ok(shown.text.includes('/.account/login/password/register/'))
  assert.equal((await site.ask({ path: '/' })).status, 0)
  assert.equal((await site.ask({ method: 'POST', path: '/', headers: { accept: 'text/html' } })).status, 0)
  assert.equal((await site.ask({ path: '/alice/', headers: { accept: 'text/html' } })).status, 0)
  assert.equal((await site.ask({ path: '/.accounts/', headers: { accept: 'text/html' } })).status, 0)
})

test('pages forbid frames, foreign scripts and being kept; their forms keep their Origin', async () => {
  await using site = await openSite()
  const { header } = await site.browser().get(logIn)
  assert.match(header('content-security-policy')!, /default-src 'none'/)
  assert.match(header('content-security-policy')!, /frame-ancestors 'none'/)
  assert.doesNotMatch(header('content-security-policy')!, /unsafe-inline|script-src[^;]*'self'/)
  assert.equal(header('x-frame-options'), 'DENY')
  assert.equal(header('referrer-policy'), 'same-origin')
  assert.equal(header('cache-control'), 'no-store')
  assert.equal(header('x-content-type-options'), 'nosniff')
})

test('the language is that of the cookie, else what the browser accepts; the switch is a link', async () => {
  await using site = await openSite()
  const browser = site.browser()
  const langOf = async (headers = {}) => /<html lang="([^"]+)"/.exec((await browser.get(logIn, headers)).text)?.[1]
  assert.equal(await langOf(), 'en')
  assert.match((await langOf({ 'accept-language': 'de, zh-CN;q=0.9, en;q=0.8' }))!, /^zh/)
  assert.equal(await langOf({ 'accept-language': 'zh;q=0.1, en;q=0.8' }), 'en')
  const switched = await browser.get(`${logIn}?next=/.account/&lang=zh`)
  assert.equal(switched.status, 303)
  assert.equal(switched.header('location'), `${site.baseUrl}.account/login/password/?next=%2F.account%2F`)
  assert.match((await langOf())!, /^zh/)
  await browser.get(`${logIn}?lang=en`)
  assert.equal(await langOf({ 'accept-language': 'zh' }), 'en')
  assert.equal((await browser.get(`${logIn}?lang=xx`)).status, 200)
})

test('who switches the language gets letters in it, and finds it again on another device', async () => {
  await using site = await openSite()
  const browser = site.browser()
  const register = '/.account/login/password/register/'
  const wish = { email: 'a@example.org', password: 'correct horse', podName: 'alice' }
  const home = new URL((await browser.submit(register, wish)).header('location')!).pathname
  const languageOf = async () => (await site.parts.accounts.find('a@example.org'))!.language
  assert.equal(await languageOf(), 'en')
  assert.equal((await browser.get(`${home}?lang=zh`)).status, 303)
  assert.equal(await languageOf(), 'zh')
  const other = site.browser()
  await other.submit(logIn, { login: 'alice', password: 'correct horse' })
  assert.match((await other.get(home)).text, /<html lang="zh/)
})

test('another loopback name leads to the one that cookies and forms belong to', async () => {
  await using site = await openSite()
  const answer = await site.browser().get(`${logIn}?next=/.account/`, { host: '127.0.0.1:3000' })
  assert.equal(answer.header('location'), `${site.baseUrl}.account/login/password/?next=/.account/`)
  const api = await site.ask({ path: '/.account/', headers: { host: '127.0.0.1:3000' } })
  assert.equal(api.status, 200, 'programs are answered where they ask')
})

test('methods that an address does not know are 405 with what it knows', async () => {
  await using site = await openSite()
  const put = await site.ask({ method: 'PUT', path: logIn })
  assert.deepEqual([put.status, put.header('allow')], [405, 'GET, HEAD, POST, OPTIONS'])
  const options = await site.ask({ method: 'OPTIONS', path: logIn })
  assert.deepEqual([options.status, options.header('allow')], [204, 'GET, HEAD, POST, OPTIONS'])
  const head = await site.ask({ method: 'HEAD', path: logIn, headers: { accept: 'text/html' } })
  assert.equal(head.status, 200)
  assert.equal((await site.ask({ path: '/.account/login', headers: { accept: '*/*' } })).status, 308)
  assert.equal(
    (await site.ask({ path: '/.account', headers: { accept: '*/*' } })).header('location'),
    'http://localhost:3000/.account/',
  )
})

test('bodies are bounded and of known types', async () => {
  await using site = await openSite()
  const send = async (type: string, body: string) => {
    const headers = { 'content-type': type, accept: 'application/json' }
    return (await site.ask({ method: 'POST', path: logIn, headers, body })).status
  }
  assert.equal(await send('application/json', '{'), 400)
  assert.equal(await send('application/json; charset=utf-8', '[]'), 400)
  assert.equal(await send('text/plain', '{}'), 415)
  assert.equal(await send('multipart/form-data', '{}'), 415)
  assert.equal(await send('application/json', JSON.stringify({ email: 'x'.repeat(70_000) })), 413)
  assert.equal(await send('application/json', JSON.stringify({ email: { a: 1 }, password: 'x' })), 400)
  assert.equal(
    await send('application/x-www-form-urlencoded', Array.from({ length: 60 }, (_, n) => `f${n}=1`).join('&')),
    400,
  )
  assert.equal(await send('application/json', '{"__proto__":{"email":"a","password":"b"}}'), 400)
})

test('registration: open to all, by invite that is used up, or closed', async () => {
  const wish = { email: 'alice@example.org', password: 'correct horse', podName: 'alice' }
  const register = '/.account/login/password/register/'

  await using closed = await openSite({ registration: 'closed' })
  assert.equal((await closed.browser().submit('/.account/login/password/recovery/', {}, register)).status, 403)
  assert.equal((await closed.program().post('/.account/account/')).json.details.code, 'REGISTRATION_CLOSED')

  await using invited = await openSite({ registration: 'invite' })
  const { code } = await invited.parts.accounts.createInvite({ expiresMs: invited.parts.clock.nowMs() + 1000, uses: 2 })
  assert.equal((await invited.browser().submit(register, wish)).status, 403)
  assert.equal((await invited.browser().submit(register, { ...wish, invite: 'guess' })).status, 403)
  const shown = await invited.browser().get(`${register}?invite=${code}`)
  assert.ok(shown.text.includes(code), 'the link fills the field')
  const mistake = await invited.browser().submit(register, { ...wish, podName: 'Not a name', invite: code })
  assert.equal(mistake.status, 400, 'a mistake does not use the invite up')
  assert.equal((await invited.browser().submit(register, { ...wish, invite: code })).status, 303)
  assert.equal((await invited.program().post('/.account/account/')).status, 403)
  assert.equal((await invited.program().post('/.account/account/', { invite: code })).status, 200)
  assert.equal((await invited.program().post('/.account/account/', { invite: code })).status, 403, 'it was for two')
})

test('accounts of one address are capped; those without a way to log in end after half an hour', async () => {
  await using site = await openSite({ perAddressHour: 3 })
  for (let n = 0; n < 3; n++) assert.equal((await site.program().post('/.account/account/')).status, 200)
  const refused = await site.program().post('/.account/account/')
  assert.equal(refused.status, 429)
  assert.ok(Number(refused.header('retry-after')) > 0)
  site.world.clock.advance(31 * 60_000)
  await site.parts.accounts.purgeDue()
  assert.equal((await site.parts.accounts.list(undefined, 10)).length, 0)
})
