// Profiles of WebIDs that accounts use keep their login provider, whoever may write the document (rule 7).

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createPerson, logInScript } from '../../support/account-login.ts'
import { openScene } from './scene.ts'

const issuer = 'http://www.w3.org/ns/solid/terms#oidcIssuer'

test('a WebID linked to an account is protected in a pod of somebody else too, until it is unlinked', async () => {
  await using scene = await openScene()
  const bob = await createPerson(scene.center, 'bob')
  const script = await logInScript(scene.center, bob)
  const put = (path: string, turtle: string): Promise<Response> =>
    script.fetch(`${bob.base}${path}`, { method: 'PUT', headers: { 'content-type': 'text/turtle' }, body: turtle })
  const ours = `<#she> <${issuer}> <${scene.baseUrl}>.`
  const theirs = `<#she> <${issuer}> <https://evil.example/>.`
  assert.equal((await put('people/alice', ours)).status, 201)
  assert.equal((await put('people/alice', theirs)).status, 204)
  assert.equal((await put('people/alice', ours)).status, 204)
  const webId = `${bob.base}people/alice#she`
  await scene.accounts.linkWebId(scene.alice.account, webId)
  assert.equal((await put('people/alice', theirs)).status, 409)
  assert.equal((await put('people/alice', '')).status, 409)
  assert.equal((await script.fetch(`${bob.base}people/alice`, { method: 'DELETE' })).status, 409)
  const patch = { method: 'PATCH', headers: { 'content-type': 'application/sparql-update' } }
  const body = `INSERT DATA { <#she> <${issuer}> <https://evil.example/> }`
  assert.equal((await script.fetch(`${bob.base}people/alice`, { ...patch, body })).status, 409)
  assert.equal((await put('people/alice', `${ours} <#she> <${issuer}s> 1.`)).status, 204)
  assert.equal((await put('people/alice!', theirs)).status, 201)
  await scene.accounts.unlinkWebId(scene.alice.account, webId)
  assert.equal((await put('people/alice', theirs)).status, 204)
})
