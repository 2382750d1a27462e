// Passkeys through the API of a whole center: added by who is logged in, listed, used to log in, removed.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { startTestCenter } from '../../support/center.ts'
import { createAuthenticator } from '../passkey/authenticator.ts'

test('a passkey is added, listed, opens the account, and is removed', async () => {
  await using center = await startTestCenter()
  const { baseUrl } = center
  let token: string | undefined
  const send = async (method: string, url: string, json?: unknown) => {
    const headers: Record<string, string> = json === undefined ? {} : { 'content-type': 'application/json' }
    if (token !== undefined) headers.authorization = `CSS-Account-Token ${token}`
    const body = json === undefined ? {} : { body: JSON.stringify(json) }
    const response = await fetch(url, { method, headers, ...body })
    // Any shape: tests look into what they expect
    return { status: response.status, cookies: response.headers.getSetCookie(), json: (await response.json()) as any }
  }
  const controls = async () => (await send('GET', `${baseUrl}.account/`)).json.controls
  const { passkey: visitors, account } = await controls()
  assert.equal((await send('POST', `${baseUrl}.account/passkey/options`, {})).status, 401)
  token = (await send('POST', account.create)).json.authorization
  const { passkey, password } = await controls()
  await send('POST', password.create, { email: 'alice@example.org', password: 'correct horse' })
  const key = createAuthenticator(baseUrl.slice(0, -1))
  const made = key.create((await send('POST', passkey.createOptions, {})).json)
  const added = await send('POST', passkey.create, { name: 'laptop', response: made })
  assert.equal(added.status, 200, JSON.stringify(added.json))
  const [listed] = (await send('GET', passkey.list)).json.passkeys
  assert.equal(listed.name, 'laptop')

  const member = token
  token = undefined
  const options = (await send('POST', visitors.loginOptions, {})).json
  const login = await send('POST', visitors.login, {
    response: key.get(options),
    remember: 'on',
    next: '//evil.example/',
  })
  assert.equal(login.status, 200, JSON.stringify(login.json))
  assert.match(login.json.location, new RegExp(`^${baseUrl}\\.account/account/[\\w-]+/$`))
  assert.match(login.cookies.join(), /css-account=[\w-]+; Path=\/; Max-Age=\d+; HttpOnly/)
  const replayed = await send('POST', visitors.login, { response: key.get(options, { isCloned: true }) })
  assert.equal(replayed.status, 403)

  token = member
  assert.equal((await send('DELETE', listed.resource)).status, 200)
  assert.deepEqual((await send('GET', passkey.list)).json.passkeys, [])
})
