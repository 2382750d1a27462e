// Builds what a scenario of the permission matrix is about (a container, a resource in it, their ACLs) and plays the
// scenario. Each played scenario has its own container unless the caller shares one that nothing can change.

import assert from 'node:assert/strict'

import { type Scenario, type Shape, type Subject, whoOf } from './matrix.ts'
import { expectStatus, n3 } from './solid-client.ts'
import { protect } from './solid-client-acl.ts'
import type { World } from './solid-client-world.ts'

const payloads = {
  text: { type: 'text/plain', body: 'Bob replaced it' },
  turtle: { type: 'text/turtle', body: '<> <http://www.w3.org/2000/01/rdf-schema#comment> "Bob replaced it" .' },
  n3: {
    type: n3,
    body: '@prefix solid: <http://www.w3.org/ns/solid/terms#>. _:insert a solid:InsertDeletePatch; solid:inserts { <> a <http://example.org/Bob_replaced_it> . }.',
  },
} as const

const names = { plain: 'plain.txt', rdf: 'graph.ttl', container: 'below/', fictive: 'missing.txt' } as const

/** Makes container, resource and ACLs; gives the URL of the resource. */
export async function build(world: World, shape: Shape, subject: Subject): Promise<string> {
  const { alice, bob } = world
  const container = world.fresh()
  const url = container + names[shape.kind]
  if (shape.kind === 'plain') await alice.store(url, 'Hello', 'text/plain')
  else if (shape.kind === 'rdf') await alice.store(url)
  else await alice.makeContainer(shape.kind === 'container' ? url : container)
  const who = whoOf(subject, bob.webId!)
  const isInherited = shape.resource === 'inherited'
  await protect(
    alice,
    container,
    isInherited
      ? { who, modes: shape.container }
      : {
          who,
          modes: shape.container,
          on: 'accessTo',
        },
  )
  if (!isInherited) await protect(alice, url, { who, modes: shape.resource, on: 'accessTo' })
  return url
}

/** Sends the request of a scenario and judges the answer. */
export async function play(world: World, scenario: Scenario, url: string): Promise<void> {
  const asker = scenario.asker === 'bob' ? world.bob : world.anyone
  const payload = scenario.payload === undefined ? undefined : payloads[scenario.payload]
  const answer = await asker.send(scenario.method, url, {
    body: payload?.body,
    headers: payload === undefined ? {} : { 'Content-Type': payload.type },
  })
  expectStatus(answer, ...scenario.allowed)
  assert.doesNotMatch(answer.text, /Bob.replaced.it/, 'the answer repeats what was sent')
  if (answer.status === 401) assert.ok(answer.header('www-authenticate'), '401 without WWW-Authenticate')
  if (scenario.method === 'HEAD') assert.equal(answer.bytes.length, 0)
  if (scenario.thenRead !== undefined) expectStatus(await asker.get(url), scenario.thenRead)
}
