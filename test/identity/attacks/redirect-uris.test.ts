// Redirect-URI tricks (RFC 9700 section 4.1): a code may go only to an address that the app has registered, byte for byte, but
// for the port of a loopback address (RFC 8252 section 7.3). Anything else is a page here, never a redirect.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { begin, register, registration } from './stage/app.ts'
import { openStage } from './stage/stage.ts'

const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())

/** Not sent anywhere but to our own pages. */
async function assertStays(redirectUri: string, registered: string): Promise<void> {
  const browser = stage.browser()
  const client = await register(browser, { redirect_uris: [registered], ...nativeIfNeeded(registered) })
  const { url } = begin({ id: client.id, redirectUri })
  const answer = await browser.page(url)
  assert.equal(answer.status, 400, `${redirectUri}: ${answer.status} ${answer.headers.location ?? ''}`)
  assert.equal(answer.headers.location, undefined)
  assert.doesNotMatch(answer.text, /<meta[^>]+refresh|href="https:\/\/[^"]*evil/i)
}

function isRefusal(location = ''): boolean {
  return URL.parse(location)?.searchParams.get('error') === 'invalid_request'
}

function nativeIfNeeded(uri: string): Record<string, string> {
  const isNative = uri.startsWith('http://') || !uri.startsWith('http')
  return isNative ? { application_type: 'native' } : {}
}

describe('an authorization request to an address that is not registered', () => {
  const registered = 'https://app.example/callback'
  const tricks: Readonly<Record<string, string>> = {
    'a longer path': 'https://app.example/callback/evil',
    'a prefix of the path': 'https://app.example/call',
    'a sibling host that begins alike': 'https://app.example.evil.example/callback',
    'a subdomain': 'https://evil.app.example/callback',
    'the host in the userinfo': 'https://app.example@evil.example/callback',
    'userinfo before the right host': 'https://evil@app.example/callback',
    'a fragment': 'https://app.example/callback#evil',
    'an added query': 'https://app.example/callback?next=https://evil.example/',
    'path traversal': 'https://app.example/callback/../evil',
    'encoded path traversal': 'https://app.example/callback/%2e%2e/evil',
    'an encoded letter': 'https://app.example/%63allback',
    'a backslash': 'https://app.example\\@evil.example/callback',
    'another case': 'https://app.example/Callback',
    'another port': 'https://app.example:8443/callback',
    'a trailing slash': 'https://app.example/callback/',
    'plain http': 'http://app.example/callback',
    script: 'javascript:alert(document.domain)//https://app.example/callback',
    'a data URL': 'data:text/html,<script>alert(1)</script>',
    'no scheme': '//evil.example/callback',
    'a relative path': '/callback',
    'a line break': 'https://app.example/callback\r\nLocation: https://evil.example/',
  }
  for (const [name, uri] of Object.entries(tricks)) test(`${name}`, () => assertStays(uri, registered))

  test('another host for an app at a loopback address', () =>
    assertStays('http://127.0.0.1.evil.example:9999/callback', 'http://127.0.0.1/callback'))

  test('another path for an app at a loopback address', () =>
    assertStays('http://127.0.0.1:9999/evil', 'http://127.0.0.1/callback'))

  test('another private scheme', () => assertStays('com.evil.app:/callback', 'com.example.app:/callback'))

  test('a second redirect_uri beside the right one', async () => {
    const browser = stage.browser()
    const client = await register(browser)
    const { url } = begin(client)
    const answer = await browser.page(`${url}&redirect_uri=${encodeURIComponent('https://evil.example/')}`)
    assert.notEqual(URL.parse(answer.headers.location ?? '')?.host, 'evil.example')
    assert.ok(
      answer.status === 400 || isRefusal(answer.headers.location),
      `${answer.status} ${answer.headers.location}`,
    )
  })

  test('none at all, by a client that has one', async () => {
    const browser = stage.browser()
    const client = await register(browser)
    for (const uri of [undefined, '']) {
      const { status, headers } = await browser.page(begin(client, { redirect_uri: uri }).url)
      assert.ok(status === 400 || headers.location?.startsWith(browser.base), `${status} ${headers.location}`)
    }
  })

  test('an unknown client', async () => {
    const { status, headers } = await stage.browser().page(begin({ id: 'nobody', redirectUri: registered }).url)
    assert.equal(status, 400)
    assert.equal(headers.location, undefined)
  })
})

test('any port of a registered loopback address is right', async () => {
  const browser = stage.browser()
  const client = await register(browser, { redirect_uris: ['http://127.0.0.1/callback'], application_type: 'native' })
  const { url } = begin({ id: client.id, redirectUri: 'http://127.0.0.1:53123/callback' })
  const { status, headers } = await browser.page(url)
  assert.equal(status, 303)
  assert.ok(new URL(headers.location!, browser.base).href.startsWith(browser.base), headers.location)
})

describe('a registration is refused', () => {
  const wrong: Readonly<Record<string, unknown>> = {
    'with a fragment in its redirect_uri': ['https://app.example/callback#part'],
    'with a script as redirect_uri': ['javascript:alert(1)'],
    'with a data URL as redirect_uri': ['data:text/html,x'],
    'with a relative redirect_uri': ['/callback'],
    'without a redirect_uri': [],
    'with a redirect_uri that is no text': [{ href: 'https://app.example/' }],
  }
  for (const [name, uris] of Object.entries(wrong)) {
    test(`${name}`, async () => {
      const answer = await registration(stage.browser(), { redirect_uris: uris })
      assert.equal(answer.status, 400, answer.text)
      assert.match(answer.json<{ error: string }>().error, /invalid_redirect_uri|invalid_client_metadata/)
    })
  }
})
