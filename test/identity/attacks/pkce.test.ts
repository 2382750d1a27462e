// PKCE downgrade (RFC 9700 section 4.8.2) and mix-up (section 4.4, RFC 9207): no login without S256, no code for a wrong
// verifier, and every answer to an app says who it is from.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { createProofKey } from '../../support/issuer.ts'
import { begin, type Client, codeForm, redirectUri, register, tokenRequest, walk } from './stage/app.ts'
import type { Person } from './stage/person.ts'
import { openStage } from './stage/stage.ts'

const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())

let person: Person
let client: Client
before(async () => {
  person = await stage.person()
  client = await register(person.browser)
})

describe('an authorization request is refused', () => {
  const downgrades: Readonly<Record<string, Record<string, string | undefined>>> = {
    'without a challenge': { code_challenge: undefined, code_challenge_method: undefined },
    'with the method and no challenge': { code_challenge: undefined },
    'with the method plain': { code_challenge_method: 'plain' },
    'with no method, which means plain': { code_challenge_method: undefined },
    'with an unknown method': { code_challenge_method: 'S512' },
    'with a challenge that is too short': { code_challenge: 'abc' },
  }
  for (const [name, changes] of Object.entries(downgrades)) {
    test(`${name}`, async () => {
      const { status, headers } = await person.browser.page(begin(client, changes).url)
      assert.equal(status, 303)
      const back = new URL(headers.location!)
      assert.equal(back.origin, new URL(redirectUri).origin)
      assert.equal(back.searchParams.get('error'), 'invalid_request')
      assert.equal(back.searchParams.get('code'), null)
    })
  }

  for (const type of ['token', 'id_token', 'code token', 'id_token token', 'none']) {
    test(`with response_type ${type}`, async () => {
      const { headers } = await person.browser.page(begin(client, { response_type: type }).url)
      const back = new URL(headers.location!.replace('#', '?'))
      assert.match(
        back.searchParams.get('error') ?? '',
        /unsupported_response_type|invalid_request|unauthorized_client/,
      )
      assert.equal(back.searchParams.get('access_token'), null)
    })
  }
})

describe('a code is worth nothing', () => {
  const wrong: Readonly<
    Record<string, (form: Record<string, string>, other: Client) => Record<string, string | undefined>>
  > = {
    'without the verifier': (form) => ({ ...form, code_verifier: undefined }),
    'with an empty verifier': (form) => ({ ...form, code_verifier: '' }),
    'with another verifier': (form) => ({ ...form, code_verifier: 'x'.repeat(43) }),
    'with another redirect_uri': (form) => ({ ...form, redirect_uri: 'https://evil.example/callback' }),
  }
  for (const [name, change] of Object.entries(wrong)) {
    test(`${name}`, async () => {
      const started = begin(client)
      const back = await walk(person.browser, started, person)
      const form = change(codeForm(client, started, back.searchParams.get('code')!), client)
      const answer = await tokenRequest(person.browser, client, { key: await createProofKey(), form })
      assert.equal(answer.status, 400, answer.text)
      assert.match(answer.json<{ error: string }>().error, /invalid_grant|invalid_request/)
    })
  }

  test('to another client, even with the verifier', async () => {
    const other = await register(person.browser)
    const started = begin(client)
    const code = (await walk(person.browser, started, person)).searchParams.get('code')!
    const answer = await tokenRequest(person.browser, other, {
      key: await createProofKey(),
      form: codeForm(client, started, code),
    })
    assert.equal(answer.status, 400)
    assert.equal(answer.json<{ error: string }>().error, 'invalid_grant')
  })

  test('without a proof, and with a secret that is wrong', async () => {
    const started = begin(client)
    const code = (await walk(person.browser, started, person)).searchParams.get('code')!
    const form = codeForm(client, started, code)
    const key = await createProofKey()
    const unproved = await tokenRequest(person.browser, client, { key, form, proof: '' })
    assert.equal(unproved.status, 400)
    const guessed = await tokenRequest(person.browser, { ...client, secret: 'guess' }, { key, form })
    assert.equal(guessed.status, 401)
    assert.equal(guessed.json<{ error: string }>().error, 'invalid_client')
  })
})

describe('an answer to an app says who it is from, byte for byte', () => {
  test('with a code', async () => {
    const started = begin(client)
    const back = await walk(person.browser, started, person)
    assert.equal(back.searchParams.get('iss'), stage.baseUrl)
    assert.equal(back.searchParams.get('state'), started.state)
  })

  test('with an error', async () => {
    const browser = stage.browser()
    const started = begin(client, { prompt: 'none' })
    const { headers } = await browser.page(started.url)
    const back = new URL(headers.location!)
    assert.equal(back.searchParams.get('error'), 'login_required')
    assert.equal(back.searchParams.get('iss'), stage.baseUrl)
    assert.equal(back.searchParams.get('state'), started.state)
  })

  test('and discovery promises it, with the issuer of the tokens', async () => {
    const { json } = await stage.browser().send('GET', '/.well-known/openid-configuration')
    const document = json<{ issuer: string; authorization_response_iss_parameter_supported: boolean }>()
    assert.equal(document.issuer, stage.baseUrl)
    assert.equal(document.authorization_response_iss_parameter_supported, true)
  })
})
