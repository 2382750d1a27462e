// Messages, read back by the parsers that receivers use.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { Parser } from 'n3'

import { silentLog } from '../../../src/base/log.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import type { Activity } from '../../../src/pod/notify/activity.ts'
import { renderMessage } from '../../../src/pod/notify/message.ts'
import { openRdfWorkers } from '../../../src/pod/rdf/workers.ts'
import { podRecord } from '../../support/temporary-store.ts'

const pod = podRecord('alice')
const rdf = openRdfWorkers({ log: silentLog, metrics: createMetrics() })
after(() => rdf[Symbol.asyncDispose]())

const added: Activity = {
  id: 'urn:uuid:00000000-0000-8000-8000-000000000000',
  type: 'Add',
  topic: '/c/',
  object: '/c/a%20b',
  target: '/c/',
  atMs: 1_800_000_000_123,
  version: { seq: 1, mark: 2 },
}
const state = '"1-2-3"'

test('JSON-LD has both contexts, the ids and the time, on one line', () => {
  const text = renderMessage(pod, added, state, 'application/ld+json')
  assert.ok(!text.includes('\n'))
  assert.deepEqual(JSON.parse(text), {
    '@context': ['https://www.w3.org/ns/activitystreams', 'https://www.w3.org/ns/solid/notification/v1'],
    id: added.id,
    type: 'Add',
    object: 'https://pods.example/alice/c/a%20b',
    target: 'https://pods.example/alice/c/',
    state,
    published: '2027-01-15T08:00:00.123Z',
  })
})

test('a Delete has no state, and nothing but Add and Remove has a target', () => {
  const gone: Activity = { ...added, type: 'Delete', object: '/c/' }
  const { target: _, ...without } = gone
  const message = JSON.parse(renderMessage(pod, without, state, 'application/ld+json')) as object
  assert.deepEqual(Object.keys(message), ['@context', 'id', 'type', 'object', 'published'])
})

test('Turtle and JSON-LD say the same', async () => {
  const turtle = new Parser().parse(renderMessage(pod, added, state, 'text/turtle'))
  const json = Buffer.from(renderMessage(pod, added, state, 'application/ld+json'))
  const { quads } = await rdf.parse(
    json,
    { mediaType: 'application/ld+json', base: 'https://pods.example/' },
    new AbortController().signal,
  )
  const brief = (
    all: Iterable<{ subject: { value: string }; predicate: { value: string }; object: { value: string } }>,
  ) => [...all].map(({ subject, predicate, object }) => `${subject.value} ${predicate.value} ${object.value}`).sort()
  assert.equal(turtle.length, 5)
  assert.deepEqual(brief(quads), brief(turtle))
})

test('messages in Turtle can follow each other in one document', () => {
  const text = renderMessage(pod, added, state, 'text/turtle')
  const other = renderMessage(pod, { ...added, id: 'urn:uuid:1' }, undefined, 'text/turtle')
  assert.equal(new Parser().parse(`${text}\n${other}`).length, 9)
})
