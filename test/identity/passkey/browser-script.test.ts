// The script of the account pages in a real Chromium with a virtual authenticator (Chrome DevTools Protocol), on a page
// that is allowed nothing but this script. The server side is the real one with accounts in memory.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core'

import { collect, MiB } from '../../../src/base/bytes.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { XpodError } from '../../../src/base/errors.ts'
import type { Database } from '../../../src/core/db/database.ts'
import type { Account, Passkey } from '../../../src/identity/account/accounts.ts'
import { passkeyScript, passkeyScriptHash } from '../../../src/identity/passkey/browser-script.ts'
import { createPasskeys, type Passkeys } from '../../../src/identity/passkey/passkeys.ts'
import { passkeyRoutes } from '../../../src/identity/passkey/routes.ts'
import { lacksChromium, launchChromium } from '../../support/chromium.ts'

const skip = lacksChromium()
const ann: Account = { id: 'ann-id', state: 'open', name: 'ann', createdMs: 1 }

const page = `<!doctype html><html lang="en"><title>keys</title>
<form id="add" data-passkey="register" data-options="/passkey/options" data-verify="/passkey" hidden>
<input name="name" value="My key"><button>Add</button><p data-passkey-error role="alert" hidden>That did not work.</p></form>
<form id="in" data-passkey="login" data-options="/login/passkey/options" data-verify="/login/passkey" hidden>
<button>Log in</button><p data-passkey-error role="alert" hidden>No.</p></form>
<form><input type="checkbox" name="remember"></form><script>${passkeyScript}</script></html>`

interface Site extends AsyncDisposable {
  readonly url: string
  readonly held: Map<string, Passkey>
  /** Bodies of the requests that finish a ceremony. */
  readonly sent: Record<string, unknown>[]
  /** The log-in is too long ago. */
  isStale: boolean
}

async function openSite(): Promise<Site> {
  const held = new Map<string, Passkey>()
  const sent: Record<string, unknown>[] = []
  const state = { isStale: false }
  let passkeys: Passkeys | undefined
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === 'GET') {
      const policy = `default-src 'none'; script-src ${passkeyScriptHash}; connect-src 'self'`
      response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy })
      response.end(page)
      return
    }
    const body = JSON.parse((await collect(request, MiB)).toString('utf8')) as Record<string, unknown>
    if ('response' in body) sent.push(body)
    const route = passkeyRoutes.find(({ path }) => request.url === `/${path}`)!
    try {
      if (state.isStale && route.needsFreshLogIn) throw new XpodError('LOGIN_AGAIN')
      const who = { address: '127.0.0.1', ...(route.needs === 'account' ? { account: ann } : {}) }
      const { reply, loggedIn } = await route.run({ passkeys: passkeys!, mail: undefined }, who, body)
      const location = loggedIn === undefined ? {} : { location: `/?in=${loggedIn.id}` }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...reply, ...location }))
    } catch (error) {
      response.writeHead((error as { status?: number }).status ?? 500).end(String(error))
    }
  }
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://localhost:${(server.address() as AddressInfo).port}/`
  passkeys = createPasskeys({
    baseUrl: url,
    clock: systemClock,
    db: { write: async () => ({ ok: true, changed: [1] }) } as unknown as Database,
    // Only this process opens what it sealed; the real one is tested elsewhere.
    sealer: plainSealer(),
    accounts: {
      get: async () => ann,
      logins: async () => [],
      webIds: async () => [],
      passkeys: async () => [...held.values()],
      findPasskey: async (id) => held.get(id),
      addPasskey: async (made) => void held.set(made.id, { ...made, createdMs: 1 }),
      touchPasskey: async (id, counter) => void held.set(id, { ...held.get(id)!, counter }),
    },
  })
  return Object.assign(state, {
    url,
    held,
    sent,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

function plainSealer(): { seal(bytes: Uint8Array): Uint8Array; open(sealed: Uint8Array): Uint8Array } {
  const kept = new Map<string, Uint8Array>()
  return {
    seal(bytes) {
      const name = randomBytes(16)
      kept.set(name.toString('hex'), bytes)
      return name
    },
    open: (sealed) => kept.get(Buffer.from(sealed).toString('hex')) ?? Buffer.from('{}'),
  }
}

let browser: Browser | undefined
before(async () => {
  if (skip !== false) return
  browser = await launchChromium()
})
after(() => browser?.close())

interface Visit extends AsyncDisposable {
  readonly page: Page
  readonly devtools: CDPSession
  readonly authenticatorId: string
  readonly problems: string[]
}

async function visit(site: Site): Promise<Visit> {
  const context: BrowserContext = await browser!.newContext()
  const opened = await context.newPage()
  const problems: string[] = []
  opened.on('pageerror', (error) => problems.push(error.message))
  opened.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  const devtools = await context.newCDPSession(opened)
  await devtools.send('WebAuthn.enable')
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  await opened.goto(site.url)
  return { page: opened, devtools, authenticatorId, problems, [Symbol.asyncDispose]: () => context.close() }
}

test('a passkey is added and logs in, from forms that the script alone shows', { skip }, async () => {
  await using site = await openSite()
  await using there = await visit(site)
  const reloaded = there.page.waitForEvent('load')
  await there.page.click('#add button')
  await reloaded
  assert.equal(site.held.size, 1)
  assert.equal(site.sent[0]!.name, 'My key')
  const [{ transports }] = [...site.held.values()] as [Passkey]
  assert.deepEqual(transports, ['internal'])
  await there.page.click('#in button')
  await there.page.waitForURL(`${site.url}?in=ann-id`)
  assert.equal(site.sent[1]!.remember, undefined)
  await there.page.check('[name=remember]')
  const again = there.page.waitForEvent('load')
  await there.page.click('#in button')
  await again
  assert.equal(site.sent[2]!.remember, true)
  assert.deepEqual(there.problems, [])
})

test('a key that does not belong here, and a person who gives up, are told so and may try again', {
  skip,
}, async () => {
  await using site = await openSite()
  await using there = await visit(site)
  const reloaded = there.page.waitForEvent('load')
  await there.page.click('#add button')
  await reloaded
  const [kept] = [...site.held.values()] as [Passkey]
  site.held.clear()
  await there.page.click('#in button')
  await there.page.waitForSelector('#in [role=alert]:visible')
  site.held.set(kept.id, kept)
  const { devtools, authenticatorId } = there
  await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
  await there.page.click('#in button')
  await there.page.waitForSelector('#in [role=alert]:visible')
  await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true })
  await there.page.click('#in button')
  await there.page.waitForURL(`${site.url}?in=ann-id`)
})

test('a page that is too old to add a passkey is loaded anew, and says what is asked for', { skip }, async () => {
  await using site = await openSite()
  await using there = await visit(site)
  site.isStale = true
  const reloaded = there.page.waitForEvent('load')
  await there.page.click('#add button')
  await reloaded
  assert.equal(site.held.size, 0)
})
