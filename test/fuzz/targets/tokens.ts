// Authorization and DPoP headers: two lines of input. Without a key of the issuer nothing can be accepted, so any answer that is
// not a refusal is a finding; nothing is fetched before the proof's signature holds.

import assert from 'node:assert/strict'

import { systemClock } from '../../../src/base/clock.ts'
import { XpodError } from '../../../src/base/errors.ts'
import { silentLog } from '../../../src/base/log.ts'
import type { FetchDoor } from '../../../src/core/http/fetch-door.ts'
import { createAuthenticator } from '../../../src/pod/auth/authenticator.ts'
import { openRdfWorkers } from '../../../src/pod/rdf/workers.ts'
import type { Target } from '../target.ts'

const door = {
  fetch: async () => {
    throw new XpodError('FETCH_REFUSED')
  },
} as unknown as FetchDoor

const authenticator = createAuthenticator({
  door,
  local: () => undefined,
  rdf: openRdfWorkers({ log: silentLog }),
  clock: systemClock,
  log: silentLog,
  replays: { slots: 1024, share: 256 },
})

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

export const tokensTarget: Target = {
  name: 'token',
  snippets: [
    'DPoP ',
    'Bearer ',
    'Basic ',
    '.',
    '..',
    'e30',
    encode({ alg: 'none' }),
    encode({ alg: 'HS256' }),
    encode({ alg: 'ES256', typ: 'dpop+jwt', jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } }),
    encode({ alg: 'RS256', jwk: { kty: 'RSA', n: 'AQ', e: 'AQAB' } }),
    encode({ alg: 'ES256', jwk: { kty: 'oct', k: 'AA' } }),
    encode({ htm: 'GET', htu: 'https://pod.example/alice/', iat: 1e9, jti: 'x' }),
    encode({ webid: 'https://a/', iss: 'https://i/', aud: 'solid', exp: 1e12, iat: 1, cnf: { jkt: 'x'.repeat(43) } }),
    encode([]),
    encode(null),
    '\n',
  ],
  run: async (input) => {
    const [authorization = '', dpop] = input.split('\n', 2)
    const credentials = { method: 'GET', url: 'https://pod.example/alice/', authorization, dpop, origin: undefined }
    const agent = await authenticator.authenticate(credentials)
    assert.equal(agent.webId, undefined, 'nobody is let in')
  },
}
