// Apps that are known by the document at their id (row 74).

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'

import { logInScript } from '../../support/account-login.ts'
import { registerApp } from './app.ts'
import { claimsOf, openScene, type Scene } from './scene.ts'

const context = 'https://www.w3.org/ns/solid/oidc-context.jsonld'
const redirectUri = 'https://app.example/callback'

let scene: Scene
let origin: string
const documents = new Map<string, { readonly status?: number; readonly body: string }>()
const server = createServer((request, response) => {
  const { status = 200, body } = documents.get(request.url ?? '') ?? { status: 404, body: '' }
  response.writeHead(status, { 'content-type': 'application/ld+json' }).end(body)
})
before(async () => {
  scene = await openScene()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://localhost:${(server.address() as AddressInfo).port}`
})
after(async () => {
  server.close()
  await scene[Symbol.asyncDispose]()
})

function publish(path: string, changes: Record<string, unknown> = {}): string {
  const clientId = `${origin}${path}`
  const document = { '@context': context, client_id: clientId, client_name: 'Documented', redirect_uris: [redirectUri] }
  const scope = { scope: 'openid webid offline_access', grant_types: ['authorization_code', 'refresh_token'] }
  documents.set(path, { body: JSON.stringify({ ...document, ...scope, ...changes }) })
  return clientId
}

test('an app logs in with its document, and its tokens name it', async () => {
  const { app, tokens } = await scene.logIn({ clientId: publish('/app') })
  assert.equal(claimsOf(tokens.access_token)['client_id'], app.clientId)
  assert.deepEqual(claimsOf(tokens.id_token)['aud'], [app.clientId, 'solid'])
  assert.equal((await app.refresh(tokens.refresh_token!)).status, 200)
  const [shown] = await scene.provider.apps(scene.alice.account)
  assert.deepEqual([shown?.client.name, shown?.client.isDocument], ['Documented', true])
})

test('a document in a pod of this service is read from the store, and only when the public may', async () => {
  const script = await logInScript(scene.center, scene.alice)
  const put = async (path: string, type: string, body: string): Promise<void> => {
    const headers = { 'content-type': type }
    const answer = await script.fetch(`${scene.alice.base}${path}`, { method: 'PUT', headers, body })
    assert.equal(answer.status, 201)
  }
  const publishInPod = async (path: string): Promise<string> => {
    const clientId = `${scene.alice.base}${path}`
    const document = { '@context': [context], client_id: clientId, redirect_uris: [redirectUri] }
    await put(path, 'application/ld+json', JSON.stringify(document))
    return clientId
  }
  const hidden = await registerApp(scene.baseUrl, { clientId: await publishInPod('apps/hidden') })
  assert.equal((await hidden.visit(hidden.authorizationUrl())).status, 400)
  const clientId = await publishInPod('apps/shown')
  const acl = `@prefix acl: <http://www.w3.org/ns/auth/acl#>. <#p> a acl:Authorization; acl:mode acl:Read;
    acl:accessTo <shown>; acl:agentClass <http://xmlns.com/foaf/0.1/Agent>.`
  await put('apps/shown.acl', 'text/turtle', acl)
  const { tokens } = await scene.logIn({ clientId })
  assert.equal(claimsOf(tokens.access_token)['client_id'], clientId)
})

test('trouble with a document is a page for the person, not a failure of the server, and no redirect', async () => {
  documents.set('/broken', { body: '{' })
  documents.set('/gone', { status: 500, body: '' })
  const wrong = [
    `${origin}/nothing-here`,
    `${origin}/broken`,
    `${origin}/gone`,
    publish('/other-id', { client_id: `${origin}/somebody-else` }),
    publish('/no-context', { '@context': undefined }),
    publish('/no-redirect', { redirect_uris: [] }),
    publish('/large', { client_name: 'x'.repeat(100_000) }),
    'http://127.0.0.1:1/closed',
    'https://[::ffff:10.0.0.1]/inside',
  ]
  for (const clientId of wrong) {
    const app = await registerApp(scene.baseUrl, { clientId })
    const answer = await app.visit(app.authorizationUrl())
    assert.equal(answer.status, 400, clientId)
    assert.match(answer.headers.get('content-type') ?? '', /text\/html/)
    assert.match(answer.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/)
  }
})

test('a login goes only to an address that the document lists, letter for letter', async () => {
  const clientId = publish('/exact')
  for (const wrong of [
    `${redirectUri}/`,
    `${redirectUri}?x=1`,
    'https://app.example.evil/callback',
    'https://evil.example/',
  ]) {
    const app = await registerApp(scene.baseUrl, { clientId, redirectUri: wrong })
    const answer = await app.visit(app.authorizationUrl())
    assert.equal(answer.status, 400, wrong)
    assert.equal(answer.headers.get('location'), null)
  }
})
