// Signing up, logging in and out by pages: cookies, session fixation, who may be told apart from whom, and tries.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { type Answer, type Browser, openSite, type Site } from './site.ts'

const logIn = '/.account/login/password/'
const register = '/.account/login/password/register/'
const password = 'correct horse'

async function signUp(browser: Browser, name = 'alice'): Promise<Answer> {
  return browser.submit(register, { email: `${name}@example.org`, password, podName: name })
}

function cookieOf(answer: Answer, name: string): string | undefined {
  return answer.cookies.find((cookie) => cookie.startsWith(`${name}=`))
}

test('sign-up makes account, pod and WebID and leads home', async () => {
  await using site = await openSite()
  const browser = site.browser()
  const made = await signUp(browser)
  assert.equal(made.status, 303)
  const home = made.header('location')!
  assert.match(home, /^http:\/\/localhost:3000\/\.account\/account\/[\w-]+\/$/)
  const shown = await browser.get(new URL(home).pathname)
  assert.equal(shown.status, 200)
  assert.ok(shown.text.replaceAll('<wbr>', '').includes('localhost:3000/alice/profile/card#me'))
  assert.deepEqual(
    [...site.pods.values()].map(({ name }) => name),
    ['alice'],
  )
})

test('a sign-up that cannot be finished leaves nothing behind', async () => {
  await using site = await openSite()
  await signUp(site.browser())
  const taken = await site.browser().submit(register, { email: 'bob@example.org', password, podName: 'Alice' })
  assert.equal(taken.status, 409)
  assert.equal(await site.parts.accounts.find('bob@example.org'), undefined)
  const again = await site.browser().submit(register, { email: 'alice@example.org', password, podName: 'other' })
  assert.equal(again.status, 400)
  assert.ok(again.text.includes('alice@example.org'), 'the form keeps what was typed')
  assert.equal(again.text.includes(password), false, 'but the password')
  assert.equal((await site.parts.accounts.list(undefined, 10)).length, 1)
})

test('a password that is short or stands beside it is refused by the page', async () => {
  await using site = await openSite()
  for (const bad of ['1234567', 'alice@example.org']) {
    const wish = { email: 'alice@example.org', password: bad, podName: 'alice' }
    assert.equal((await site.browser().submit(register, wish)).status, 400, bad)
  }
  assert.equal((await site.parts.accounts.list(undefined, 10)).length, 0)
})

test('cookies are HttpOnly and Lax; on https they are Secure and bound to the host', async () => {
  await using plain = await openSite()
  const made = await signUp(plain.browser())
  assert.match(cookieOf(made, 'css-account')!, /^css-account=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/)
  assert.match(cookieOf(made, 'xpod-device')!, /; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/)

  await using secure = await openSite({ baseUrl: 'https://pods.example/' })
  const safe = await signUp(secure.browser())
  assert.match(cookieOf(safe, '__Host-css-account')!, /; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
  for (const cookie of safe.cookies) assert.match(cookie, /^__Host-[^;]+; Path=\/;.*HttpOnly.*Secure$/)
})

test('only a session that is to be remembered outlives the browser', async () => {
  await using site = await openSite()
  await signUp(site.browser())
  const fields = { login: 'alice@example.org', password }
  const short = await site.browser().submit(logIn, fields)
  assert.equal(cookieOf(short, 'css-account')!.includes('Max-Age'), false)
  const long = await site.browser().submit(logIn, { ...fields, remember: 'on' })
  assert.match(cookieOf(long, 'css-account')!, /Max-Age=1209600;/)
})

test('a session that was planted in a browser is not the one that is logged in', async () => {
  await using site = await openSite()
  await signUp(site.browser())
  const attacker = site.browser()
  await signUp(attacker, 'mallory')
  const planted = attacker.jar.get('css-account')!
  const victim = site.browser()
  victim.jar.set('css-account', planted)
  const answer = await victim.submit(`${logIn}?next=/.account/`, { login: 'alice@example.org', password }, logIn)
  assert.equal(answer.status, 303)
  assert.notEqual(victim.jar.get('css-account'), planted)
  assert.equal(await site.parts.accounts.findSession(planted), undefined, 'and the planted one has ended')
})

test('by e-mail address, name or WebID', async () => {
  await using site = await openSite()
  await signUp(site.browser())
  for (const login of ['ALICE@example.org', 'Alice', 'http://localhost:3000/alice/profile/card#me']) {
    assert.equal((await site.browser().submit(logIn, { login, password })).status, 303, login)
  }
})

test('whoever wants a pod that is called as somebody else logs in gets it, and logs in otherwise', async () => {
  await using site = await openSite()
  const { accounts } = site.parts
  const { id } = await accounts.create({ name: 'bob', kept: true })
  assert.equal((await signUp(site.browser(), 'bob')).status, 303)
  assert.equal((await accounts.find('bob'))!.id, id)
  assert.equal((await site.browser().submit(logIn, { login: 'bob', password })).status, 403)
  assert.equal((await site.browser().submit(logIn, { login: 'bob@example.org', password })).status, 303)
})

/** Takes out what differs between any two answers. */
function plain(text: string): string {
  return text.replace(/value="[^"]*"/g, '').replace(/nobody|alice/g, 'X')
}

test('neither words nor work tell who has an account: log-in, forgot, reset, recovery', async () => {
  await using site = await openSite()
  await signUp(site.browser())
  const work = async (
    run: () => Promise<Answer>,
  ): Promise<{ text: string; status: number; hashes: number; statements: number }> => {
    const { runs } = site.world.scrypt
    const before = [runs.length, site.world.sent.length] as const
    const { text, status } = await run()
    return {
      text: plain(text),
      status,
      hashes: runs.length - before[0],
      statements: site.world.sent.length - before[1],
    }
  }
  const forms: Readonly<Record<string, (login: string) => Record<string, string>>> = {
    [logIn]: (login) => ({ login, password: 'wrong password' }),
    '/.account/login/password/forgot/': (login) => ({ login }),
    '/.account/login/recovery/': (login) => ({ login, code: '7Q2M-4KDP-9X0A-RTVW' }),
  }
  for (const [path, fields] of Object.entries(forms)) {
    const known = await work(() => site.browser().submit(path, fields('alice@example.org')))
    const unknown = await work(() => site.browser().submit(path, fields('nobody@example.org')))
    assert.deepEqual(unknown, known, path)
  }
  const { runs } = site.world.scrypt
  const before = runs.length
  await site.browser().submit(logIn, { login: 'nobody@example.org', password: 'wrong password' })
  assert.equal(runs.length - before, 1, 'an unknown login is hashed as well')
})

test('a password form does not tell whether an account is throttled or unknown', async () => {
  await using site = await openSite()
  await signUp(site.browser())
  const statuses = async (login: string, address: string): Promise<number[]> => {
    const browser = site.browser({ address })
    const all: number[] = []
    for (let n = 0; n < 12; n++) all.push((await browser.submit(logIn, { login, password: 'wrong password' })).status)
    return all
  }
  const known = await statuses('alice@example.org', '198.51.100.1')
  assert.deepEqual(known, await statuses('nobody@example.org', '198.51.100.2'))
  assert.equal(known.at(-1), 429)
})

test('throttling is asked before hashing, and says how long to wait', async () => {
  await using site = await openSite()
  const browser = site.browser()
  for (let n = 0; n < 10; n++) await browser.submit(logIn, { login: 'alice@example.org', password: 'x' })
  const before = site.world.scrypt.runs.length
  const refused = await browser.submit(logIn, { login: 'alice@example.org', password: 'x' })
  assert.equal(refused.status, 429)
  assert.ok(Number(refused.header('retry-after')) > 0)
  assert.equal(site.world.scrypt.runs.length, before)
})

async function attack(site: Site, login: string, addresses: number): Promise<void> {
  for (let n = 0; n < addresses; n++) {
    for (let tries = 0; tries < 11; tries++) {
      await site.ask({
        method: 'POST',
        path: logIn,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: login, password: 'guess' }),
        address: `198.51.100.${n}`,
      })
    }
  }
}

test('an attack does not lock the victim out: neither a known device nor another address', async () => {
  await using site = await openSite()
  const known = site.browser({ address: '198.51.100.3' })
  await signUp(known)
  known.jar.delete('css-account')
  await attack(site, 'alice@example.org', 12)
  const fields = { login: 'alice@example.org', password }
  const elsewhere = await site.browser({ address: '192.0.2.1' }).submit(logIn, fields)
  assert.equal(elsewhere.status, 303, 'from an address that tried nothing')
  const stranger = await site.browser({ address: '198.51.100.3' }).submit(logIn, fields)
  assert.equal(stranger.status, 429, 'the address of the attack itself has no tries left')
  assert.equal((await known.submit(logIn, fields)).status, 303, 'but the device that was here before has')
})

test('a device cookie of one account gives no tries for another', async () => {
  await using site = await openSite()
  await signUp(site.browser())
  const mallory = site.browser({ address: '198.51.100.9' })
  await signUp(mallory, 'mallory')
  mallory.jar.delete('css-account')
  const all: number[] = []
  for (let n = 0; n < 12; n++) {
    all.push((await mallory.submit(logIn, { login: 'alice@example.org', password: 'guess' })).status)
  }
  assert.equal(all.at(-1), 429)
})

test('a disabled account is told so by its own password only', async () => {
  await using site = await openSite()
  await signUp(site.browser())
  const account = await site.parts.accounts.find('alice@example.org')
  await site.parts.accounts.setState(account!.id, 'disabled')
  const program = site.program()
  const right = await program.post(logIn, { email: 'alice@example.org', password })
  assert.equal(right.json.details.code, 'ACCOUNT_DISABLED')
  const wrong = await program.post(logIn, { email: 'alice@example.org', password: 'x' })
  assert.equal(wrong.json.details.code, 'LOGIN_FAILED')
})

test('logging out ends the session and its cookie', async () => {
  await using site = await openSite()
  const browser = site.browser()
  const home = new URL((await signUp(browser)).header('location')!).pathname
  const token = browser.jar.get('css-account')!
  const answer = await browser.submit(home, {}, `${home}logout/`)
  assert.equal(answer.header('location'), 'http://localhost:3000/.account/logged-out/')
  assert.match(cookieOf(answer, 'css-account')!, /Max-Age=0/)
  assert.equal(await site.parts.accounts.findSession(token), undefined)
})

test('a page of an account leads to the log-in page and back again, and never elsewhere', async () => {
  await using site = await openSite()
  const browser = site.browser()
  const home = new URL((await signUp(browser)).header('location')!).pathname
  const visitor = site.browser()
  const led = await visitor.get(`${home}pod/`)
  assert.equal(
    led.header('location'),
    `${site.baseUrl}.account/login/password/?next=${encodeURIComponent(`${home}pod/`)}`,
  )
  const fields = { login: 'alice@example.org', password }
  const back = await visitor.submit(logIn, { ...fields, next: `${home}pod/` })
  assert.equal(back.header('location'), `http://localhost:3000${home}pod/`)
  const tricks = [
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    '/.account/..//evil.example/',
    '/.account//evil.example/',
    '/.account/%2e%2e/x',
    '/.account/\tx',
    'javascript:alert(1)',
    '/alice/',
    '/.account/x?y=//evil.example',
  ]
  for (const next of tricks) {
    const answer = await site.browser().submit(logIn, { ...fields, next })
    assert.equal(answer.header('location'), `http://localhost:3000${home}`, next)
  }
})
