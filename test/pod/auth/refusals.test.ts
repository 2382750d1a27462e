// Every token and proof of the table, asked of this server and of the outside judge @solid/access-token-verifier. Where the judge
// is laxer (or stricter), the name of the test says why.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { createSolidTokenVerifier, type RequestMethod } from '@solid/access-token-verifier'

import { XpodError } from '../../../src/base/errors.ts'
import type { Authenticator } from '../../../src/pod/auth/agent.ts'
import { profile, startIssuer, type TestIssuer } from '../../support/issuer.ts'
import { testAuthenticator } from '../../support/login.ts'
import { loginCases, type LoginScene, type Sent } from '../../support/login-cases.ts'

const method = 'GET'
const url = 'https://pods.example/alice/x'

let issuer: TestIssuer
let scene: LoginScene
let authenticator: Authenticator
const judge = createSolidTokenVerifier()

before(async () => {
  issuer = await startIssuer()
  const stranger = `${issuer.url}stranger/card`
  issuer.documents.set('/stranger/card', {
    body: profile(`${stranger}#me`, 'https://other.example/'),
    type: 'text/turtle',
  })
  scene = { issuer, login: await issuer.login('bob'), method, url }
  authenticator = testAuthenticator()
})

after(() => issuer[Symbol.asyncDispose]())

async function isAcceptedHere({ authorization, dpop }: Sent): Promise<boolean> {
  try {
    const agent = await authenticator.authenticate({ method, url, authorization, dpop, origin: undefined })
    assert.equal(agent.webId, scene.login.webId)
    return true
  } catch (error) {
    assert.ok(error instanceof XpodError && error.status === 401, `it must be a 401, not ${String(error)}`)
    return false
  }
}

async function isAcceptedByJudge({ authorization, dpop }: Sent): Promise<boolean> {
  try {
    await judge(authorization, { header: dpop, method: method as RequestMethod, url })
    return true
  } catch {
    return false
  }
}

const verb = (isAccepted: boolean): string => (isAccepted ? 'accepted' : 'refused')

for (const one of loginCases) {
  const judged = one.judge?.isAccepted ?? one.isAccepted
  const aside = one.judge === undefined ? '' : ` (${verb(judged)} by the judge: ${one.judge.why})`
  test(`${one.name} is ${verb(one.isAccepted)}${aside}`, async () => {
    assert.equal(await isAcceptedHere(await one.send(scene)), one.isAccepted, 'here')
    assert.equal(await isAcceptedByJudge(await one.send(scene)), judged, 'by the judge')
  })
}
