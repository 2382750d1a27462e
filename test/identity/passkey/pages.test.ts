// Passkeys on the account pages of a running server, in a real Chromium with a virtual authenticator: added, used to log
// in, and removed, but never the last way in.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'

import { lacksChromium, launchChromium } from '../../support/chromium.ts'
import { startTestCenter, type TestCenter } from '../../support/center.ts'

const skip = lacksChromium()

let browser: Browser | undefined
let site: TestCenter | undefined
before(async () => {
  if (skip !== false) return
  browser = await launchChromium()
  site = await startTestCenter()
})
after(async () => {
  await browser?.close()
  await site?.[Symbol.asyncDispose]()
})

/** A page of somebody with an authenticator who is logged in. */
async function openMember(
  name: string,
  password: string | undefined,
): Promise<{ page: Page; account: string; problems: string[] }> {
  const { accounts } = site!.center.identity
  const { id } = await accounts.create({ name })
  if (password !== undefined) await accounts.addPassword(id, { password })
  const { token } = await accounts.openSession(id, { remember: false, userAgent: 'test', address: '127.0.0.1' })
  const context = await browser!.newContext()
  await context.addCookies([{ name: 'css-account', value: token, url: site!.baseUrl, httpOnly: true, sameSite: 'Lax' }])
  const page = await context.newPage()
  const problems: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  const devtools = await context.newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return { page, account: id, problems }
}

async function addPasskey(page: Page, account: string, name: string): Promise<void> {
  await page.goto(`${site!.baseUrl}.account/account/${account}/passkey/`)
  await page.fill('form[data-passkey=register] input[name=name]', name)
  await page.click('form[data-passkey=register] button')
  await page.getByText(name).first().waitFor()
}

async function remove(page: Page): Promise<void> {
  const loaded = page.waitForEvent('load')
  await page
    .getByRole('button', { name: /remove/i })
    .first()
    .click()
  await loaded
}

test('a passkey is added on its page and logs in from the log-in page', { skip }, async () => {
  const { page, account, problems } = await openMember('ann', 'correct horse battery')
  await addPasskey(page, account, 'Blue key')
  const { accounts } = site!.center.identity
  assert.deepEqual(
    (await accounts.passkeys(account)).map(({ name }) => name),
    ['Blue key'],
  )
  await page.context().clearCookies()
  await page.goto(`${site!.baseUrl}.account/login/password/`)
  await page.click('form[data-passkey=login] button')
  await page.waitForURL(`${site!.baseUrl}.account/account/${account}/`)
  assert.equal((await accounts.sessions(account)).length, 2)
  assert.deepEqual(problems, [])
  await page.context().close()
})

test('a passkey is removed, but not the last way to log in', { skip }, async () => {
  const { accounts } = site!.center.identity
  const withPassword = await openMember('bob', 'correct horse battery')
  await addPasskey(withPassword.page, withPassword.account, 'Green key')
  await remove(withPassword.page)
  assert.deepEqual(await accounts.passkeys(withPassword.account), [])
  await withPassword.page.context().close()

  const without = await openMember('carol', undefined)
  await addPasskey(without.page, without.account, 'Red key')
  await remove(without.page)
  await without.page.getByText('only way to log in').waitFor()
  assert.equal((await accounts.passkeys(without.account)).length, 1)
  await without.page.context().close()
})
