// Behind a reverse proxy, with a public base URL that is not this machine: what the proxy says counts only when it is trusted,
// proofs are compared with the public URL, and nothing inside the network is fetched unless it was opened. Pitfalls 32 and
// 44, rules 2 and 12.

import assert from 'node:assert/strict'
import { type AddressInfo, createServer } from 'node:net'
import { after, test } from 'node:test'

import type { CenterOptions } from '../../../src/center/options.ts'
import { startTestCenter } from '../../support/center.ts'
import { startIssuer } from '../../support/issuer.ts'
import { type Answer, type Headers, expectStatus, must, send, turtle } from '../../support/solid-client.ts'

interface Behind extends AsyncDisposable {
  /** Where it really listens. */
  readonly socket: string
}

const publicBase = 'https://pods.example/'
const internal = ['127.0.0.1', '::1', 'localhost']
const issuer = await startIssuer()
const alice = await issuer.login('alice')

async function start(options: Partial<CenterOptions>): Promise<Behind> {
  const port = await freePort()
  const center = await startTestCenter({ ...options, baseUrl: publicBase, listen: { host: '127.0.0.1', port } })
  await center.createPod('alice', { webId: alice.webId })
  return { socket: `http://127.0.0.1:${port}/`, [Symbol.asyncDispose]: () => center[Symbol.asyncDispose]() }
}

/** The base URL does not tell the port here, so it is chosen before. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const trusting = await start({ trustProxy: ['127.0.0.1/32'], allowInternal: internal })
const distrusting = await start({ allowInternal: internal })
const closed = await start({})
after(async () => {
  for (const part of [trusting, distrusting, closed, issuer]) await part[Symbol.asyncDispose]()
})

/** Asks the center at its socket for a path of the public base. */
async function ask(
  center: Behind,
  method: string,
  path: string,
  headers: Headers = {},
  body?: string,
): Promise<Answer> {
  const proof = await alice.headers(method, publicBase + path)
  const type = body === undefined ? {} : { 'Content-Type': 'text/turtle' }
  return await send(method, `${center.socket}${path}`, {
    headers: { Host: 'pods.example', ...proof, ...type, ...headers },
    body,
  })
}

const proxied = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'pods.example' }

test('pitfall 32: a proof names the public URL, and so do Location and listing', async () => {
  const made = expectStatus(await ask(trusting, 'PUT', 'alice/c/a.ttl', proxied, turtle), 201)
  assert.equal(made.header('location') ?? `${publicBase}alice/c/a.ttl`, `${publicBase}alice/c/a.ttl`)
  const listing = must(await ask(trusting, 'GET', 'alice/c/', proxied))
  const children = listing.quads(`${publicBase}alice/c/`).filter((quad) => quad.predicate.value.endsWith('#contains'))
  assert.deepEqual(
    children.map((quad) => quad.object.value),
    [`${publicBase}alice/c/a.ttl`],
  )
  assert.equal(listing.link('acl'), `${publicBase}alice/c/.acl`)
})

test('pitfall 32: Forwarded (RFC 7239) says the same', async () => {
  const headers = { Host: 'inside:3000', Forwarded: 'for=192.0.2.1;proto=https;host="pods.example"' }
  expectStatus(await ask(trusting, 'PUT', 'alice/b.ttl', headers, turtle), 201, 204)
})

test('rule 2: what an untrusted sender says about host and scheme is not believed', async () => {
  expectStatus(await ask(distrusting, 'GET', 'alice/', { Host: 'inside:3000', ...proxied }), 404)
  expectStatus(
    await ask(distrusting, 'GET', 'alice/', { Host: 'evil.example', Forwarded: 'host=pods.example;proto=https' }),
    404,
  )
})

test('rule 2: a host that is nobody’s is 404 and names the base URL, also from a proxy', async () => {
  const answer = expectStatus(await ask(trusting, 'GET', 'alice/', { 'X-Forwarded-Host': 'evil.example' }), 404)
  assert.ok(answer.text.includes('pods.example'))
})

test('pitfall 32: a proof for the inner address is refused', async () => {
  const headers = await alice.headers('GET', `${trusting.socket}alice/`)
  expectStatus(
    await send('GET', `${trusting.socket}alice/`, { headers: { Host: 'pods.example', ...proxied, ...headers } }),
    401,
  )
})

test('pitfall 44, rule 12: with a public base URL an issuer inside the network is never asked', async () => {
  const asked = issuer.requests.length
  for (const [method, body] of [
    ['GET', undefined],
    ['PUT', turtle],
  ] as const) {
    const answer = expectStatus(await ask(closed, method, 'alice/x', {}, body), 401)
    assert.match(answer.header('www-authenticate') ?? '', /invalid_token/)
  }
  assert.equal(issuer.requests.length, asked)
})
