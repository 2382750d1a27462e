// Where host and target lead.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createRoutingTable, type RoutingTable } from '../../../src/core/routing/table.ts'

function table(baseUrl: string, bases: Readonly<Record<string, readonly string[]>>): RoutingTable<string> {
  const routes = createRoutingTable<string>({
    baseUrl,
    node: 'n1',
    packing: { pack: (pod) => pod, unpack: (pod) => pod },
  })
  for (const [base, aliases] of Object.entries(bases)) routes.set(base, `pod at ${base}`, aliases)
  return routes
}

const base = 'https://pods.example/'
const alice = `${base}alice/`
const paths = table(base, { [alice]: ['https://old.example/', `${base}alicia/`] })

test('a pod is found by its first segment, and its path stays as it was written', () => {
  const found = { pod: `pod at ${alice}`, node: 'n1', epoch: 1 }
  assert.deepEqual(paths.find('pods.example', '/alice/'), { ...found, rawPath: '/' })
  assert.deepEqual(paths.find('pods.example', '/alice/a%2Fb//c?d=/e'), { ...found, rawPath: '/a%2Fb//c' })
  assert.deepEqual(paths.find('PODS.example:443', '/alice/x'), { ...found, rawPath: '/x' })
  assert.deepEqual(paths.find('pods.example', `HTTPS://pods.example/alice/x`), { ...found, rawPath: '/x' })
})

test('what is no pod is the origin of the server', () => {
  for (const [target, path] of [
    ['/', '/'],
    ['/?alice/', '/'],
    ['/bob/', '/bob/'],
    ['/alic%65/', '/alic%65/'],
    ['/Alice/', '/Alice/'],
    ['//alice/', '//alice/'],
    ['*', '*'],
    ['https://pods.example', '/'],
  ] as const) {
    assert.deepEqual(paths.find('pods.example', target), { origin: path }, target)
  }
})

test('a pod without its slash redirects, and so do its former bases', () => {
  for (const [host, target, location] of [
    ['pods.example', '/alice', alice],
    ['pods.example', '/alice?q=1', `${alice}?q=1`],
    ['old.example', '/a/b?c', `${alice}a/b?c`],
    ['pods.example', '/alicia/a/b', `${alice}a/b`],
    ['pods.example', '/alicia', alice],
  ] as const) {
    assert.deepEqual(paths.find(host, target), { redirect: location }, `${host} ${target}`)
  }
})

test('a host that is nobody is nowhere', () => {
  for (const host of [
    '',
    'evil.example',
    'pods.example:8443',
    'pods.example.',
    'a b',
    'alice.pods.example',
    '127.0.0.1',
  ]) {
    assert.equal(paths.find(host, '/alice/'), undefined, host)
  }
  assert.equal(paths.find('pods.example', 'http://evil.example/alice/'), undefined)
  assert.equal(paths.find('pods.example', 'alice/'), undefined)
})

test('pods with hosts of their own are found by them', () => {
  const hosts = table(base, { 'https://alice.pods.example/': [] })
  assert.equal((hosts.find('alice.pods.example', '/x?y') as { rawPath: string }).rawPath, '/x')
  assert.equal((hosts.find('Alice.Pods.Example:443', '/') as { rawPath: string }).rawPath, '/')
  assert.deepEqual(hosts.find('pods.example', '/alice/'), { origin: '/alice/' })
  assert.equal(hosts.find('bob.pods.example', '/'), undefined)
})

test('loopback names are aliases of each other on the same port', () => {
  const local = table('http://localhost:3000/', { 'http://localhost:3000/alice/': [] })
  for (const host of ['localhost:3000', '127.0.0.1:3000', '[::1]:3000', 'LOCALHOST:3000', '127.0.0.53:3000']) {
    assert.ok('pod' in (local.find(host, '/alice/') ?? {}), host)
  }
  for (const host of ['localhost', '127.0.0.1:3001', 'rebound.example:3000', 'alice.localhost:3000']) {
    assert.equal(local.find(host, '/alice/'), undefined, host)
  }
})

test('a pod that is deleted takes its former names along', () => {
  const routes = table(base, { [alice]: ['https://old.example/'] })
  routes.delete(alice)
  assert.deepEqual(routes.find('pods.example', '/alice/'), { origin: '/alice/' })
  assert.equal(routes.find('old.example', '/'), undefined)
  assert.equal(routes.size, 0)
})
