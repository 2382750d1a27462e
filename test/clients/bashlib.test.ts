// solid-bashlib, the shell of Solid: its functions for files and rights, its log-in with credentials that it makes itself
// through the account API, and its command line.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import * as bashlib from 'solid-bashlib'

import { type ClientsWorld, openClientsWorld } from './world.ts'

const silent = { log: (): void => {}, error: (): void => {} }

let world: ClientsWorld
let fetch: typeof globalThis.fetch
let folder: string
before(async () => {
  world = await openClientsWorld()
  folder = await mkdtemp(join(tmpdir(), 'xpod-bashlib-'))
  const token = await bashlib.generateCSSToken({
    name: 'shell',
    email: world.alice.email,
    password: world.alice.password,
    idp: world.baseUrl,
    webId: world.alice.webId,
  } as bashlib.ICSSClientCredentialsTokenGenerationOptions)
  const session = await bashlib.authenticateToken({ id: token.id, secret: token.secret }, world.baseUrl)
  assert.equal(session.webId, world.alice.webId)
  fetch = session.fetch
})
after(async () => {
  await world[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const options = (): { fetch: typeof globalThis.fetch; logger: typeof silent } => ({ fetch, logger: silent })

async function statusOf(url: string): Promise<number> {
  return (await fetch(url, { method: 'HEAD' })).status
}

async function namesIn(container: string): Promise<string[]> {
  return (await bashlib.list(container, options())).map(({ url }) => url.slice(container.length)).sort()
}

/** A container with two documents and a container in it. */
async function filledContainer(): Promise<string> {
  const container = world.fresh()
  for (const [name, type, body] of [
    ['a.ttl', 'text/turtle', '<#it> <http://schema.org/name> "one" .'],
    ['inner/b.txt', 'text/plain', 'text'],
  ] as const) {
    const answer = await fetch(container + name, { method: 'PUT', headers: { 'content-type': type }, body })
    assert.equal(answer.status, 201)
  }
  return container
}

test('mkdir, touch and ls', async () => {
  const container = world.fresh()
  await bashlib.makeDirectory(container, options())
  await bashlib.touch(`${container}empty.txt`, options())
  assert.deepEqual(await namesIn(container), ['empty.txt'])
  const [entry] = await bashlib.list(container, options())
  assert.ok(entry!.modified instanceof Date)
})

test('cp from the pod to the disk and back', async () => {
  const container = world.fresh()
  const [here, back] = [join(folder, 'here.txt'), join(folder, 'back.txt')]
  await writeFile(here, 'some text')
  await bashlib.copy(here, `${container}there.txt`, options())
  await bashlib.copy(`${container}there.txt`, back, options())
  assert.equal(await readFile(back, 'utf8'), 'some text')
})

test('cp -r copies a container with what is in it', async () => {
  const container = await filledContainer()
  const target = world.fresh()
  await bashlib.makeDirectory(target, options())
  await bashlib.copy(`${container}.`, target, options())
  assert.deepEqual(await namesIn(target), ['a.ttl', 'inner/'])
  assert.equal(await (await fetch(`${target}inner/b.txt`)).text(), 'text')
  assert.equal(await statusOf(`${container}a.ttl`), 200)
})

test('mv moves, and leaves nothing behind', async () => {
  const container = await filledContainer()
  const target = world.fresh()
  await bashlib.makeDirectory(target, options())
  await bashlib.move(`${container}a.ttl`, `${target}moved.ttl`, options())
  assert.equal(await statusOf(`${container}a.ttl`), 404)
  assert.equal(await statusOf(`${target}moved.ttl`), 200)
})

test('rm -r removes a container with what is in it', async () => {
  const container = await filledContainer()
  await bashlib.remove(container, { ...options(), recursive: true })
  assert.equal(await statusOf(container), 404)
})

test('find walks the tree', async () => {
  const container = await filledContainer()
  const found: string[] = []
  for await (const file of bashlib.find(container, 'b\\.txt', options())) found.push(file.absolutePath)
  assert.deepEqual(found, [`${container}inner/b.txt`])
})

test('query asks a document', async () => {
  const container = await filledContainer()
  const names: unknown[] = []
  const question = 'SELECT ?name WHERE { ?s <http://schema.org/name> ?name }'
  for await (const { bindings } of bashlib.query(`${container}a.ttl`, question, options())) {
    for (const binding of bindings as { get(name: string): { value: string } }[]) names.push(binding.get('name').value)
  }
  assert.deepEqual(names, ['one'])
})

test('access is set and listed', async () => {
  const url = `${await filledContainer()}a.ttl`
  assert.equal((await globalThis.fetch(url)).status, 401)
  await bashlib.setPermissionsAcl(url, [{ type: 'public', id: 'public', read: true }], options())
  assert.equal((await globalThis.fetch(url)).status, 200)
  const listed = await bashlib.listPermissions(url, options())
  assert.equal(listed?.access.public?.read, true)
  assert.equal(listed?.access.agent?.[world.alice.webId]?.write, true)
  await bashlib.deletePermissionsAcl(url, options())
  assert.equal((await globalThis.fetch(url)).status, 401)
})
