// What webhooks are signed with is accepted by the verifier of other servers, which fetches the sender's document and our
// keys itself, and is of no use anywhere else.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { createSolidTokenVerifier } from '@solid/access-token-verifier'

import { startTestCenter, type TestCenter } from '../../support/center.ts'
import { claimsOf, headerOf } from './scene.ts'

let center: TestCenter
before(async () => {
  center = await startTestCenter()
})
after(() => center[Symbol.asyncDispose]())

const sendTo = 'https://hook.example/in?key=1'
const url = 'https://hook.example/in'

function sign(to = sendTo): Promise<{ authorization: string; dpop: string }> {
  return center.center.identity.provider.webhookSigner.sign(to)
}

test('the verifier of other servers accepts token and proof, and says who sent it', async () => {
  const { sender } = center.center.identity.provider.webhookSigner
  assert.equal(sender, `${center.baseUrl}.notifications/WebhookChannel2023/sender`)
  const { authorization, dpop } = await sign()
  const claims = await createSolidTokenVerifier()(authorization, { header: dpop, method: 'POST', url })
  assert.equal(claims.webid, sender)
  assert.equal(claims.iss, center.baseUrl)
  const other = { header: dpop, method: 'POST' as const, url: 'https://elsewhere.example/in' }
  await assert.rejects(createSolidTokenVerifier()(authorization, other))
  await assert.rejects(createSolidTokenVerifier()(authorization, { header: dpop, method: 'PUT', url }))
})

test('the document of the sender names our issuer, as Turtle and as JSON-LD', async () => {
  const { sender } = center.center.identity.provider.webhookSigner
  for (const accept of ['text/turtle', 'application/ld+json']) {
    const answer = await fetch(sender, { headers: { accept } })
    assert.equal(answer.headers.get('content-type'), accept)
    const text = await answer.text()
    assert.ok(text.includes('http://www.w3.org/ns/solid/terms#oidcIssuer') && text.includes(center.baseUrl), text)
  }
})

test('each request has a proof of its own for the URL without its query; the token is used again', async () => {
  const [one, two] = [await sign(), await sign()]
  assert.equal(one.authorization, two.authorization)
  assert.notEqual(claimsOf(one.dpop)['jti'], claimsOf(two.dpop)['jti'])
  assert.equal(claimsOf(one.dpop)['htu'], url)
  assert.equal(claimsOf(one.dpop)['htm'], 'POST')
  assert.equal(headerOf(one.dpop)['typ'], 'dpop+jwt')
  assert.equal('d' in (headerOf(one.dpop)['jwk'] as object), false)
  assert.equal(claimsOf(one.authorization)['aud'], 'solid')
})

test('a pod here does not take it for a login, even where everybody may write', async () => {
  const { base } = await center.createPod('alice')
  const { authorization, dpop } = await sign(`${base}inbox/`)
  const answer = await fetch(`${base}inbox/`, { method: 'POST', body: 'x', headers: { authorization, dpop } })
  assert.equal(answer.status, 401)
})
