// @comunica/query-sparql-solid: SPARQL over documents of a pod, reading and writing. It has hundreds of packages, so it
// lies in a folder of its own, which `npm ci --prefix test/clients/comunica` fills; without it these tests are skipped.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { lacks } from '../support/needs.ts'
import { type ClientsWorld, openClientsWorld } from './world.ts'

const folder = fileURLToPath(new URL('comunica/', import.meta.url))
const skip = lacks('comunica', existsSync(`${folder}node_modules/@comunica/query-sparql-solid`))

interface Bindings {
  get(variable: string): { readonly value: string } | undefined
}

interface Engine {
  queryBindings(query: string, context: object): Promise<{ toArray(): Promise<Bindings[]> }>
  queryBoolean(query: string, context: object): Promise<boolean>
  queryVoid(query: string, context: object): Promise<void>
}

let world: ClientsWorld
let createEngine: () => Engine
before(async () => {
  if (skip !== false) return
  const { QueryEngine } = createRequire(folder)('@comunica/query-sparql-solid') as { QueryEngine: new () => Engine }
  // Each has its own cache, and so sees what is there now.
  createEngine = () => new QueryEngine()
  world = await openClientsWorld()
})
after(() => world?.[Symbol.asyncDispose]())

/** It takes the session itself, and asks it for its `fetch`. */
const withSession = (): object => ({ '@comunica/actor-http-inrupt-solid-client-authn:session': world.session })

async function namesIn(...sources: string[]): Promise<string[]> {
  const question = 'SELECT ?name WHERE { ?it <http://schema.org/name> ?name } ORDER BY ?name'
  const found = await createEngine().queryBindings(question, { sources, ...withSession() })
  return (await found.toArray()).map((row) => row.get('name')!.value)
}

async function change(url: string, update: string): Promise<void> {
  await createEngine().queryVoid(update, { sources: [url], destination: url, ...withSession() })
}

async function store(url: string, name: string): Promise<void> {
  const body = `<#it> <http://schema.org/name> "${name}" .`
  const answer = await world.fetch(url, { method: 'PUT', headers: { 'content-type': 'text/turtle' }, body })
  assert.equal(answer.status, 201)
}

test('private documents are asked together', { skip }, async () => {
  const container = world.fresh()
  await store(`${container}a.ttl`, 'one')
  await store(`${container}b.ttl`, 'two')
  assert.deepEqual(await namesIn(`${container}a.ttl`, `${container}b.ttl`), ['one', 'two'])
})

test('a container is asked for what it contains', { skip }, async () => {
  const container = world.fresh()
  await store(`${container}a.ttl`, 'one')
  const question = `ASK { <${container}> <http://www.w3.org/ns/ldp#contains> <${container}a.ttl> }`
  assert.equal(await createEngine().queryBoolean(question, { sources: [container], ...withSession() }), true)
})

test('a document that is not there is created', { skip }, async () => {
  const url = `${world.fresh()}new.ttl`
  await change(url, `INSERT DATA { <${url}#it> <http://schema.org/name> "one" }`)
  assert.deepEqual(await namesIn(url), ['one'])
})

test('a document that is there is added to, and taken from', { skip }, async () => {
  const url = `${world.fresh()}data.ttl`
  await store(url, 'one')
  await change(url, `INSERT DATA { <${url}#it> <http://schema.org/name> "two" }`)
  assert.deepEqual(await namesIn(url), ['one', 'two'])
  await change(url, `DELETE DATA { <${url}#it> <http://schema.org/name> "one" }`)
  assert.deepEqual(await namesIn(url), ['two'])
})

test('a document is changed by what it says', { skip }, async () => {
  const url = `${world.fresh()}data.ttl`
  await store(url, 'one')
  const name = '<http://schema.org/name>'
  await change(url, `DELETE { ?it ${name} "one" } INSERT { ?it ${name} "three" } WHERE { ?it ${name} "one" }`)
  assert.deepEqual(await namesIn(url), ['three'])
})
