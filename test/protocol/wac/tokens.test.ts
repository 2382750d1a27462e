// Who is asking, as seen from outside: rows 78 and 79, pitfalls 42 and 44, rules 8 and 12. Wrong tokens and proofs are refused on
// public resources too, with a challenge and CORS headers, and never as a server error. What a token may look like in every
// detail is tested beside the authenticator.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { createProofKey, createSigningKey, loginWith, proofOf, startIssuer } from '../../support/issuer.ts'
import { expectStatus, send, turtle } from '../../support/solid-client.ts'
import { protect } from '../../support/solid-client-acl.ts'
import { openWorld } from '../../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, anyone, fresh, issuer } = world

const container = fresh()
const open = `${container}open.ttl`
const closed = `${container}closed.ttl`
const origin = 'https://tester'

before(async () => {
  await alice.store(open)
  await alice.store(closed)
  await protect(alice, open, { who: 'public', modes: 'R' })
})

const login = await issuer.login('alice')

async function headersWith(token: string, key = login.key, method = 'GET', url = open) {
  return { authorization: `DPoP ${token}`, dpop: await proofOf(key, { method, url, token }) }
}

const wrong: Readonly<Record<string, () => Promise<Record<string, string>>>> = {
  'a token that is no JWT': async () => await headersWith('no-jwt'),
  'an expired token': async () =>
    await headersWith(await issuer.token(login.webId, login.key.jkt, { nowMs: Date.now() - 3_600_000 })),
  'a token of another audience': async () =>
    await headersWith(await issuer.token(login.webId, login.key.jkt, { claims: { aud: 'other' } })),
  'a token signed by another key': async () =>
    await headersWith(await issuer.token(login.webId, login.key.jkt, { key: await createSigningKey('ES256') })),
  'a token without a WebID': async () =>
    await headersWith(await issuer.token(login.webId, login.key.jkt, { claims: { webid: undefined, sub: 'someone' } })),
  'a token bound to another key': async () => await headersWith(login.token, await createProofKey()),
  'a token of an issuer that cannot be reached': async () =>
    await headersWith(await issuer.token(login.webId, login.key.jkt, { claims: { iss: 'http://127.0.0.1:1/' } })),
  'a token of an issuer that the profile does not name': async () => {
    issuer.documents.set('/stranger/card', {
      body: '<#me> <http://www.w3.org/ns/solid/terms#oidcIssuer> <https://other.example/> .',
      type: 'text/turtle',
    })
    return await headersWith(await issuer.token(issuer.webId('stranger'), login.key.jkt))
  },
  'a token whose profile is missing': async () => {
    issuer.documents.set('/gone/card', { body: '', type: 'text/plain', status: 404 })
    return await headersWith(await issuer.token(issuer.webId('gone'), login.key.jkt))
  },
  'a token as Bearer': async () => ({ authorization: `Bearer ${login.token}` }),
  'a token without a proof': async () => ({ authorization: `DPoP ${login.token}` }),
  'a proof for another URL': async () => await headersWith(login.token, login.key, 'GET', closed),
  'a proof for another method': async () => await headersWith(login.token, login.key, 'PUT', open),
  'an old proof': async () => ({
    authorization: `DPoP ${login.token}`,
    dpop: await login.proof('GET', open, { nowMs: Date.now() - 300_000 }),
  }),
  'a proof from the future': async () => ({
    authorization: `DPoP ${login.token}`,
    dpop: await login.proof('GET', open, { nowMs: Date.now() + 300_000 }),
  }),
  'a proof with another ath': async () => ({
    authorization: `DPoP ${login.token}`,
    dpop: await login.proof('GET', open, { claims: { ath: 'x'.repeat(43) } }),
  }),
  'a proof that is no JWT': async () => ({ authorization: `DPoP ${login.token}`, dpop: 'nothing' }),
  'a replayed proof': async () => {
    const headers = await login.headers('GET', open)
    expectStatus(await send('GET', open, { headers }), 200)
    return headers
  },
}

for (const [what, headersOf] of Object.entries(wrong)) {
  test(`row 79, pitfall 42: ${what} answers 401 on a public resource, with a challenge and CORS headers`, async () => {
    const answer = expectStatus(await send('GET', open, { headers: { ...(await headersOf()), Origin: origin } }), 401)
    assert.match(answer.header('www-authenticate') ?? '', /error="(?:invalid_token|invalid_dpop_proof)"/)
    assert.match(answer.header('www-authenticate')!, /DPoP /)
    assert.equal(answer.header('access-control-allow-origin'), origin)
    assert.ok(answer.list('access-control-expose-headers').includes('WWW-Authenticate'))
  })
}

test('row 79: two DPoP headers are refused', async () => {
  const { authorization, dpop } = await login.headers('GET', open)
  const answer = await send('GET', open, { headers: { authorization, dpop: [dpop, await login.proof('GET', open)] } })
  expectStatus(answer, 400, 401)
})

test('row 79: an unknown scheme is refused', async () => {
  expectStatus(await send('GET', open, { headers: { authorization: 'Basic YTpi' } }), 401)
})

test('row 79: htu is compared without query and fragment', async () => {
  const headers = async (htu: string) => ({
    authorization: `DPoP ${login.token}`,
    dpop: await login.proof('GET', closed, { claims: { htu } }),
  })
  expectStatus(await send('GET', `${closed}?a=b`, { headers: await headers(closed) }), 200)
  expectStatus(await send('GET', closed, { headers: await headers(`${closed}?a=b#c`) }), 200)
})

test('pitfall 31: a name with marks is written with a proof for the spelling of the client', async () => {
  for (const name of ["a@b:c+d$e,f;g=h!i(j)k~l'm", 'a%20b', '%61']) {
    expectStatus(await alice.put(`${container}${name}`, 'text/turtle', turtle), 201, 204)
  }
})

for (const alg of ['RS256', 'ES256', 'EdDSA']) {
  test(`row 79: a proof signed with ${alg} is ${alg === 'EdDSA' ? 'judged, not a server error' : 'accepted'}`, async () => {
    const other = await issuer.login('alice', { alg })
    const answer = await send('GET', closed, { headers: await other.headers('GET', closed) })
    expectStatus(answer, 200, ...(alg === 'EdDSA' ? [401] : []))
  })
}

test('row 78: a key that the issuer took into use later is found, and an RS256 one works', async () => {
  await using other = await startIssuer()
  const url = `${container}for-other`
  await alice.store(url)
  await protect(alice, url, { who: { agent: other.webId('dora') }, modes: 'R' })
  const before = await other.login('dora')
  const key = await other.addKey('RS256')
  const after = loginWith(before.webId, before.key, await other.token(before.webId, before.key.jkt, { key }))
  expectStatus(await send('GET', url, { headers: await after.headers('GET', url) }), 200)
  expectStatus(await send('GET', url, { headers: await before.headers('GET', url) }), 200)
})

test('row 78: the issuer may be named without its slash in the profile', async () => {
  issuer.documents.set('/slashless/card', {
    body: `<#me> <http://www.w3.org/ns/solid/terms#oidcIssuer> <${issuer.url.slice(0, -1)}> .`,
    type: 'text/turtle',
  })
  const other = await issuer.login('slashless')
  const url = `${container}for-slashless`
  await alice.store(url)
  await protect(alice, url, { who: { agent: other.webId }, modes: 'R' })
  expectStatus(await send('GET', url, { headers: await other.headers('GET', url) }), 200)
})

test('row 78: one token is good for many requests, each with its own proof', async () => {
  for (let n = 0; n < 20; n++)
    expectStatus(await send('GET', closed, { headers: await login.headers('GET', closed) }), 200)
  const profileReads = issuer.requests.filter((path) => path === '/alice/card').length
  assert.ok(profileReads <= 2, `the profile was fetched ${profileReads} times`)
})

test('pitfall 44: a WebID at an address inside the network is not fetched, and no error of the server', async () => {
  for (const webId of [
    'http://10.0.0.1/card#me',
    'http://169.254.169.254/latest#me',
    'file:///etc/passwd#me',
    'http://[fe80::1]/card#me',
  ]) {
    const token = await issuer.token(webId, login.key.jkt)
    expectStatus(await send('GET', open, { headers: await headersWith(token) }), 401)
  }
})

test('row 3: without a token a closed resource is 401 with both challenges', async () => {
  const answer = expectStatus(await anyone.get(closed), 401)
  const challenge = answer.header('www-authenticate')!
  assert.match(challenge, /Bearer scope="openid webid"/)
  assert.match(challenge, /DPoP algs="ES256 RS256"/)
  assert.doesNotMatch(challenge, /error=/)
})
