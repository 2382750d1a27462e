// The account API on a whole center: what a script gets from it works there. A pod is made and its storage answers, its
// WebID logs a script in by client credentials, and what is deleted is refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { startTestCenter } from '../../support/center.ts'

interface Reply {
  readonly status: number
  // Any shape: tests look into what they expect
  readonly json: any
}

async function call(method: string, url: string, token?: string, json?: unknown): Promise<Reply> {
  const headers = {
    ...(token === undefined ? {} : { authorization: `CSS-Account-Token ${token}` }),
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
  }
  const response = await fetch(url, { method, headers, ...(json === undefined ? {} : { body: JSON.stringify(json) }) })
  return { status: response.status, json: await response.json() }
}

test('a script makes an account, a pod and credentials, and the center knows them', async () => {
  await using center = await startTestCenter()
  const index = `${center.baseUrl}.account/`
  const first = (await call('GET', index)).json.controls
  const token = (await call('POST', first.account.create)).json.authorization
  const { account, password } = (await call('GET', index, token)).json.controls
  await call('POST', password.create, token, { email: 'alice@example.org', password: 'secret!' })
  const pod = await call('POST', account.pod, token, { name: 'alice' })
  assert.equal(pod.status, 200)
  const { webId } = pod.json
  assert.equal(webId, `${center.baseUrl}alice/profile/card#me`)
  const profile = await (await fetch(webId)).text()
  assert.ok(profile.includes(`solid:oidcIssuer <${center.baseUrl}>`))

  const made = (await call('POST', account.clientCredentials, token, { name: 'job', webId })).json
  assert.ok(await center.center.identity.accounts.verifyCredential(made.id, made.secret))
  assert.equal((await call('DELETE', made.resource, token)).status, 200)
  assert.equal(await center.center.identity.accounts.verifyCredential(made.id, made.secret), undefined)

  const second = await call('POST', account.pod, token, { name: 'Work', settings: { webId } })
  assert.equal(second.json.pod, `${center.baseUrl}work/`)
  const other = 'https://other.example/#me'
  const shown = async (): Promise<unknown> => {
    const { owners } = (await call('GET', second.json.podResource, token)).json
    const link = (await fetch(second.json.pod, { method: 'HEAD' })).headers.get('link')!
    const named = [...link.matchAll(/<([^>]*)>; rel="http:\/\/www.w3.org\/ns\/solid\/terms#owner"/g)]
    return { owners, named: named.map(([, owner]) => owner) }
  }
  await call('POST', second.json.podResource, token, { webId: other })
  const [own, others] = [
    { webId, visible: false },
    { webId: other, visible: false },
  ]
  assert.deepEqual(await shown(), { owners: [own, others], named: [] })
  await call('POST', second.json.podResource, token, { webId: other, visible: true })
  assert.deepEqual(await shown(), { owners: [own, { ...others, visible: true }], named: [other] })
  await call('POST', second.json.podResource, token, { webId: other, visible: false })
  assert.deepEqual(await shown(), { owners: [own, others], named: [] })
  await call('POST', second.json.podResource, token, { webId: other, visible: true })
  await call('POST', second.json.podResource, token, { webId: other, remove: true })
  assert.deepEqual(await shown(), { owners: [own], named: [] })
  assert.equal((await call('POST', account.logout, token)).status, 200)
  assert.equal((await call('GET', account.pod, token)).status, 401)
})

test('pages and API answer no other site, and the front page is for people', async () => {
  await using center = await startTestCenter()
  const preflight = await fetch(`${center.baseUrl}.account/login/password/`, {
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
  })
  assert.equal(preflight.headers.get('access-control-allow-origin'), null)
  assert.equal(preflight.headers.get('access-control-allow-credentials'), null)
  const front = await fetch(center.baseUrl, { headers: { accept: 'text/html' } })
  assert.match(await front.text(), /\.account\/login\/password\/register\//)
  assert.equal((await fetch(center.baseUrl)).status, 200)
})
