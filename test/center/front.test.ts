// Which pod a WebSocket is for, as the front finds it: the same rules as for requests.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { trustProxies } from '../../src/core/http/forwarded.ts'
import type { UpgradeAnswer, UpgradeRequest } from '../../src/core/http/websocket.ts'
import { createRoutingTable } from '../../src/core/routing/table.ts'
import { podPacking } from '../../src/center/pod-routes.ts'
import { createFront, type FrontParts } from '../../src/center/front.ts'
import type { PodRecord } from '../../src/pod/store/resource.ts'
import { podRecord } from '../support/access.ts'

const pod = (name: string, base: string): PodRecord => podRecord({ id: name, name, base })

interface Put {
  readonly pod: string
  readonly path: string
  readonly request: UpgradeRequest
}

function scene(baseUrl = 'http://localhost:3000/', trustProxy: readonly string[] = []) {
  const routes = createRoutingTable<PodRecord>({ baseUrl, node: 'n', packing: podPacking(baseUrl) })
  routes.set(`${baseUrl}alice/`, pod('alice', `${baseUrl}alice/`), [`${baseUrl}alicia/`])
  routes.set('http://bob.example/', pod('bob', 'http://bob.example/'), [])
  routes.set(`${baseUrl}gone/`, pod('gone', `${baseUrl}gone/`), [])
  const put: Put[] = []
  const accepted: UpgradeAnswer = { open: () => {} }
  const parts = {
    baseUrl,
    routes,
    trustsProxy: trustProxies(trustProxy),
    identity: { isWithdrawn: (id: string) => id === 'gone' },
    notifications: {
      pods: {
        upgrade: ({ id }: PodRecord, path: string, request: UpgradeRequest) => {
          put.push({ pod: id, path, request })
          return accepted
        },
      },
    },
  } as unknown as FrontParts
  const { upgrade } = createFront(parts)
  return {
    put,
    accepted,
    async ask(target: string, headers: Readonly<Record<string, string>> = {}, remoteAddress = '192.0.2.7') {
      const answer = await upgrade({ target, headers: { host: 'localhost:3000', ...headers }, remoteAddress })
      return 'open' in answer ? answer : answer.status
    },
  }
}

for (const [what, target, host, found, path] of [
  ['a pod by its path', '/alice/.notifications/x?y', 'localhost:3000', 'alice', '/.notifications/x'],
  ['another spelling of it', '/%61lice/%2Enotifications/x', 'localhost:3000', 'alice', '/.notifications/x'],
  ['a pod by its host', '/.notifications/x', 'bob.example', 'bob', '/.notifications/x'],
  ['another loopback name', '/alice/x', '127.0.0.1:3000', 'alice', '/x'],
] as const) {
  test(`${what} gets the upgrade, with its canonical path`, async () => {
    const { ask, put, accepted } = scene()
    assert.equal(await ask(target, { host }), accepted)
    assert.deepEqual(
      put.map(({ pod: id, path: at }) => [id, at]),
      [[found, path]],
    )
  })
}

for (const [what, target, host, status] of [
  ['an unknown host', '/alice/x', 'evil.example', 404],
  ['the origin itself', '/', 'localhost:3000', 404],
  ['a pod that is not there', '/carol/x', 'localhost:3000', 404],
  ['the asterisk', '*', 'localhost:3000', 404],
  ['a pod without its slash', '/alice', 'localhost:3000', 308],
  ['a former name', '/alicia/x', 'localhost:3000', 308],
  ['a path that is none', '/alice/../x', 'localhost:3000', 400],
] as const) {
  test(`${what} is refused with ${status}`, async () => {
    const { ask, put } = scene()
    assert.equal(await ask(target, { host }), status)
    assert.deepEqual(put, [])
  })
}

test('a page of any other site may connect: the address is the secret, and no cookie counts', async () => {
  const { ask, put, accepted } = scene()
  assert.equal(await ask('/alice/x', { origin: 'https://elsewhere.example', cookie: 'a=b' }), accepted)
  assert.equal(put[0]!.request.headers.origin, 'https://elsewhere.example')
})

test('behind a trusted proxy the client counts: its address, its host', async () => {
  const { ask, put } = scene('https://pods.example/', ['10.0.0.0/8'])
  const forwarded = 'for=198.51.100.9;host=pods.example;proto=https'
  await ask('/alice/x', { host: 'inside', forwarded }, '10.0.0.1')
  assert.equal(put[0]!.request.remoteAddress, '198.51.100.9')
  assert.equal(await ask('/alice/x', { host: 'inside', forwarded }, '192.0.2.7'), 404)
})

test('a pod that its owner has deleted gets no upgrade, however it is spelled', async () => {
  const { ask, put } = scene()
  for (const target of ['/gone/.notifications/x', '/g%6Fne/.notifications/x']) assert.equal(await ask(target), 410)
  assert.deepEqual(put, [])
})
