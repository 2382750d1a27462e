// Keys and signatures: what is refused before anything is verified, and that what jose signs verifies here.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'

import { calculateJwkThumbprint } from 'jose'

import {
  algorithms,
  type Algorithm,
  headerOf,
  importKey,
  type Json,
  splitJws,
  thumbprint,
  verifySignature,
} from '../../../src/pod/auth/jws.ts'
import { createSigningKey, sign } from '../../support/issuer.ts'

const names = Object.keys(algorithms) as Algorithm[]

for (const algorithm of names) {
  test(`${algorithm}: what jose signs verifies, what was changed does not`, async () => {
    const key = await createSigningKey(algorithm)
    const jws = splitJws(await sign(key, { alg: algorithm }, { a: 1 }), 9999)!
    const imported = importKey({ ...key.jwk }, algorithm)!
    assert.equal(await verifySignature(jws, imported), true)
    assert.equal(await verifySignature({ ...jws, signed: `${jws.signed}A` }, imported), false)
    assert.equal(await verifySignature({ ...jws, signature: 'AAAA' }, imported), false)
  })

  test(`${algorithm}: the thumbprint is that of jose`, async () => {
    const { jwk } = await createSigningKey(algorithm)
    assert.equal(thumbprint({ ...jwk }), await calculateJwkThumbprint(jwk))
  })
}

for (const algorithm of ['ES256', 'ES384', 'ES512'] as const) {
  test(`${algorithm}: signatures verify whatever bytes their numbers begin with`, async () => {
    const key = await createSigningKey(algorithm)
    const imported = importKey({ ...key.jwk }, algorithm)!
    const wanted = new Set(algorithm === 'ES512' ? [0, 1] : [0, 0x7f, 0x80, 0xff])
    for (let turn = 0; turn < 5000 && wanted.size > 0; turn++) {
      const jws = splitJws(await sign(key, { alg: algorithm }, { turn }), 9999)!
      const signature = Buffer.from(jws.signature, 'base64url')
      const firsts = [signature[0]!, signature[signature.length / 2]!]
      if (!firsts.map((first) => wanted.delete(first)).includes(true)) continue
      assert.equal(await verifySignature(jws, imported), true, `first bytes ${firsts.join(' and ')}`)
    }
    assert.equal(wanted.size, 0)
  })
}

test('a key of one algorithm is not taken for another', async () => {
  const ec = await createSigningKey('ES256')
  const { alg: _, ...bare } = ec.jwk
  for (const other of names.filter((name) => name !== 'ES256')) assert.equal(importKey(bare, other), undefined, other)
  assert.equal(importKey({ ...ec.jwk, alg: 'ES384' }, 'ES256'), undefined)
})

function rsaKey(modulusLength: number, publicExponent = 65_537): Json {
  return { ...generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey.export({ format: 'jwk' }) }
}

test('RSA keys under 2048 bits, and ones made to be slow, are refused', () => {
  assert.equal(importKey(rsaKey(1024), 'RS256'), undefined)
  const key = rsaKey(2048)
  assert.ok(importKey(key, 'RS256'))
  const longExponent = Buffer.alloc(200, 0xff).toString('base64url')
  assert.equal(importKey({ ...key, e: longExponent }, 'RS256'), undefined)
  const longModulus = Buffer.alloc(2000, 0xff).toString('base64url')
  assert.equal(importKey({ ...key, n: longModulus }, 'RS256'), undefined)
})

for (const [what, jwk] of Object.entries<Json>({
  'an empty object': {},
  'a symmetric key': { kty: 'oct', k: 'AAAA' },
  'a key with a wrong member': { kty: 'EC', crv: 'P-256', x: 1, y: 2 },
  'a curve that is not accepted': { kty: 'EC', crv: 'secp256k1', x: 'A'.repeat(43), y: 'A'.repeat(43) },
  'a type nobody knows': { kty: 'XX' },
})) {
  test(`${what} is no public key`, () => {
    for (const name of names) assert.equal(importKey(jwk, name), undefined)
  })
}

test('a private key is no public key', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  assert.equal(importKey({ ...privateKey.export({ format: 'jwk' }) }, 'ES256'), undefined)
})

test('a key for encryption signs nothing', async () => {
  const { jwk } = await createSigningKey('ES256')
  assert.equal(importKey({ ...jwk, use: 'enc' }, 'ES256'), undefined)
})

for (const text of ['', '..', 'e30.e30', 'e30.e30.', 'e30.e30.AA.AA', 'e30.bnVsbA.AA', 'e30.e3.AA', 'e30=.e30.AA']) {
  test(`"${text}" is no JWS of an object`, () => assert.equal(splitJws(text, 99), undefined))
}

for (const text of ['W10.e30.AA', 'bnVsbA.e30.AA', 'e3.e30.AA']) {
  test(`the header of "${text}" is no object`, () => assert.equal(headerOf(splitJws(text, 99)!), undefined))
}

test('a JWS over the length is none', () => {
  assert.ok(splitJws('e30.e30.AA', 10))
  assert.equal(splitJws('e30.e30.AA', 9), undefined)
})
