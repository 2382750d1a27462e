// A pod that its owner deletes, asked over HTTP in its week: gone for everybody, brought back as it was.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { createProofKey, type Login, loginWith } from '../../support/issuer.ts'
import { type Send, SocketListener, subscribe } from '../../support/listening.ts'
import { aclFor } from '../../support/solid-client-acl.ts'
import { until } from '../../support/until.ts'
import { begin, connect, refreshForm, tokenRequest } from '../attacks/stage/app.ts'
import { logIn, type Person } from '../attacks/stage/person.ts'
import { openStage } from '../attacks/stage/stage.ts'

const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())

const withinMs = 6000
const weekMs = 7 * 24 * 60 * 60_000

async function resourceOf({ call, controls, pod }: Person): Promise<string> {
  return (await call('GET', controls['account']!['pod']!)).json<{ pods: Record<string, string> }>().pods[pod]!
}

async function put(login: Login, url: string, body: string, type = 'text/plain'): Promise<void> {
  const answer = await login.fetch(url, { method: 'PUT', headers: { 'content-type': type }, body })
  assert.ok(answer.ok, `${answer.status} ${await answer.text()}`)
}

/** Gives a new login each time. */
async function credentialOf({ call, controls, browser, webId }: Person): Promise<() => Promise<Login>> {
  const made = await call('POST', controls['account']!['clientCredentials']!, { name: 'script', webId })
  const { id, secret } = made.json<{ id: string; secret: string }>()
  return async () => {
    const key = await createProofKey()
    const form = { grant_type: 'client_credentials' }
    const answer = await tokenRequest(browser, { id, secret, redirectUri: '' }, { key, form })
    assert.equal(answer.status, 200, answer.text)
    return loginWith(webId, key, answer.json<{ access_token: string }>().access_token)
  }
}

/** What a reader sees of some resources, ETags included. */
async function seen(get: typeof fetch, urls: readonly string[]): Promise<readonly unknown[]> {
  return await Promise.all(
    urls.map(async (url) => {
      const { status, headers, ...answer } = await get(url).then(async (one) => ({
        status: one.status,
        headers: one.headers,
        text: await one.text(),
      }))
      return [url, status, headers.get('etag'), headers.get('wac-allow'), answer.text]
    }),
  )
}

test('a pod that is deleted is 410 to everybody, whatever is asked, and comes back as it was', async () => {
  const person = await stage.person()
  const { pod } = person
  const { login } = await connect(person)
  await put(login, `${pod}notes/private.txt`, 'a secret')
  const urls = [pod, `${pod}notes/`, `${pod}notes/private.txt`, `${pod}profile/card`, `${pod}.acl`]
  const before = [await seen(login.fetch, urls), await seen(fetch, urls)]
  const resource = await resourceOf(person)
  assert.equal((await person.call('DELETE', resource, { password: 'wrong' })).status, 403)
  assert.equal((await fetch(`${pod}profile/card`)).status, 200)

  assert.equal((await person.call('DELETE', resource, { password: person.password })).status, 200)
  const { pods } = stage.center.center
  const { state, deleteAt } = await pods.show(person.name)
  assert.equal(state, 'deleted', 'for operators')
  assert.ok(Math.abs(Date.parse(deleteAt!) - Date.now() - weekMs) < 60_000)
  for (const get of [login.fetch, fetch]) {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'POST', 'PATCH', 'DELETE']) {
      for (const url of [...urls, `${pod}.notifications/WebSocketChannel2023/`, `${pod}new`]) {
        const body = ['PUT', 'POST', 'PATCH'].includes(method) ? { body: 'x' } : {}
        const answer = await get(url, { method, ...body, headers: { 'content-type': 'text/plain' } })
        assert.equal(answer.status, 410, `${method} ${url}`)
        const text = await answer.text()
        if (method === 'GET') assert.equal((JSON.parse(text) as { code: string }).code, 'POD_DELETED')
      }
    }
  }

  assert.equal((await person.call('POST', `${resource}keep/`, {})).status, 200)
  assert.equal((await pods.show(person.name)).state, 'active')
  assert.deepEqual([await seen(login.fetch, urls), await seen(fetch, urls)], before)
  await put(login, `${pod}notes/private.txt`, 'another')
})

test('apps of another origin can read that it is deleted, and a socket to it is refused', async () => {
  const person = await stage.person()
  const { pod } = person
  assert.equal((await person.call('DELETE', await resourceOf(person), { password: person.password })).status, 200)
  const origin = 'https://app.example'
  const asked = await fetch(pod, { headers: { origin } })
  assert.deepEqual([asked.status, asked.headers.get('access-control-allow-origin')], [410, origin])
  const preflight = { origin, 'access-control-request-method': 'PUT' }
  assert.equal((await fetch(`${pod}x`, { method: 'OPTIONS', headers: preflight })).status, 204)
  const socket = await stage.browser().send('GET', `${new URL(pod).pathname}.notifications/WebSocketChannel2023/x`, {
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.alloc(16).toString('base64'),
    },
  })
  assert.equal(socket.status, 410)
})

test('a WebID in a deleted pod opens nothing elsewhere, gets no tokens and is told nothing, until the pod is back', async () => {
  const [alice, bob] = [await stage.person(), await stage.person()]
  const { login: owner } = await connect(bob)
  const shared = `${bob.pod}shared.txt`
  await put(owner, shared, 'for Alice')
  const rule = aclFor(shared, [{ who: { agent: alice.webId }, modes: 'R' }], bob.webId)
  await put(owner, `${shared}.acl`, rule, 'text/turtle')
  const { client, key, tokens, login } = await connect(alice)
  const script = await credentialOf(alice)
  const ofScript = await script()
  for (const one of [login, ofScript]) assert.equal((await one.fetch(shared)).status, 200)
  const silent = async (): Promise<URLSearchParams> => {
    const { headers } = await alice.browser.page(begin(client, { prompt: 'none' }).url)
    return new URL(headers.location!).searchParams
  }
  const refreshed = async (): Promise<number> =>
    (await tokenRequest(alice.browser, client, { key, form: refreshForm(tokens) })).status
  assert.ok((await silent()).has('code'))

  const resource = await resourceOf(alice)
  assert.equal((await alice.call('DELETE', resource, { password: alice.password })).status, 200)
  await assert.rejects(connect(alice), /WebID does not belong/, 'it is none to choose for an app')
  assert.equal((await silent()).get('error'), 'login_required', 'nor is it given without asking')
  assert.equal(await refreshed(), 400)
  await assert.rejects(script(), /unauthorized_client/)
  for (const one of [login, ofScript]) {
    assert.equal((await one.fetch(shared)).status, 401, 'nobody can look who may speak for this WebID')
  }
  const channel = { '@context': 'https://www.w3.org/ns/solid/notification/v1', topic: `${alice.pod}profile/card` }
  const subscribed = await owner.fetch(`${stage.baseUrl}.notifications/WebSocketChannel2023/`, {
    method: 'POST',
    headers: { 'content-type': 'application/ld+json' },
    body: JSON.stringify({
      ...channel,
      type: 'http://www.w3.org/ns/solid/notifications#WebSocketChannel2023',
    }),
  })
  assert.equal(subscribed.status, 403, await subscribed.text())

  assert.equal((await alice.call('POST', `${resource}keep/`, {})).status, 200)
  await until('the WebID is one again', async () => (await login.fetch(shared)).status === 200, withinMs)
  assert.equal((await (await script()).fetch(shared)).status, 200)
  assert.equal(await refreshed(), 200)
  assert.ok((await silent()).has('code'))
})

test('the pods of an account that is deleted are 410, and come back when its owner logs in and keeps it', async () => {
  const person = await stage.person()
  const { pod, password } = person
  const gone = await person.call('POST', person.controls['account']!['delete']!, { password })
  assert.equal(gone.status, 200, gone.text)
  assert.equal((await fetch(`${pod}profile/card`)).status, 410)
  const browser = stage.browser()
  await logIn(browser, person)
  assert.equal((await fetch(`${pod}profile/card`)).status, 410, 'logging in is not enough')
  assert.equal((await browser.json('POST', person.controls['account']!['keep']!, {})).status, 200)
  assert.equal((await fetch(`${pod}profile/card`)).status, 200)
})

test('who listens to a pod is told that it is over when the pod is deleted, and may come again when it is back', async () => {
  const person = await stage.person()
  const { pod } = person
  const { login } = await connect(person)
  const send: Send = async (method, url, ask) => {
    const answer = await login.fetch(url, { method, ...ask })
    return { status: answer.status, text: await answer.text() }
  }
  const topic = `${pod}a.txt`
  const { receiveFrom } = await subscribe(send, { pod, topic })
  using heard = await SocketListener.open(receiveFrom)
  const resource = await resourceOf(person)
  assert.equal((await person.call('DELETE', resource, { password: person.password })).status, 200)
  assert.equal((await heard.end()).code, 1000)
  assert.match(heard.texts[0]!, /removed/)
  assert.equal((await person.call('POST', `${resource}keep/`, {})).status, 200)
  using again = await SocketListener.open(receiveFrom)
  await put(login, topic, 'new')
  await again.heard(1)
})
