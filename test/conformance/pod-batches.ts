// For any list of changes submitted at once, outcomes and state equal those of the model run one by one in the order of seq:
// same and nested keys, twins, the edge of the quota, requirements that stopped holding, a poisoned change in between. Several
// pods at once, so that stores that can have several batches in flight do.

import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'

import { isContainer } from '../../src/pod/path.ts'
import type { Change, Op, Require } from '../../src/pod/store/change.ts'
import type { PodStore } from '../../src/pod/store/pod-store.ts'
import type { PodId, Resource } from '../../src/pod/store/resource.ts'
import type { FakeClock } from '../support/fake-clock.ts'
import { comparable, ModelPod } from '../support/model.ts'
import { changeOf, createPod, inlineBody } from '../support/temporary-store.ts'

const quota = { bytes: 9000, resources: 14 }

const name = fc.constantFrom('a', 'b', 'c')
const folder = fc.array(name, { maxLength: 2 }).map((names) => `/${names.map((one) => `${one}/`).join('')}`)
const document = fc.tuple(folder, name).map(([above, last]) => above + last)
const container = fc.tuple(folder, name).map(([above, last]) => `${above}${last}/`)
const subject = fc.oneof(document, container, fc.constant('/'))
const auxiliary = fc.tuple(subject, fc.constantFrom('.acl', '.meta')).map(([of, suffix]) => of + suffix)
const body = fc.integer({ min: 0, max: 3000 }).map((size) => inlineBody(new Uint8Array(size)))
const mediaType = fc.constantFrom('text/turtle', 'text/plain')

const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('put' as const), path: document, mediaType, body }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('put' as const), path: auxiliary, mediaType, body }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('container' as const), path: container }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), path: fc.oneof(subject, auxiliary) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('create' as const),
      container: fc.oneof(folder, container),
      wish: fc.option(name, { nil: undefined }),
      fallback: fc.constantFrom('f', 'g'),
      mediaType,
      body: fc.option(body, { nil: undefined }),
    }),
  },
)

const require: fc.Arbitrary<Require> = fc.oneof(
  fc.record({ kind: fc.constant('absent' as const), path: subject }),
  fc.record({ kind: fc.constant('exists' as const), path: subject }),
  fc.record({ kind: fc.constant('acl' as const), aclSeq: fc.integer({ min: 0, max: 4 }) }),
  fc.record({
    kind: fc.constant('version' as const),
    path: subject,
    version: fc.record({ seq: fc.integer({ min: 1, max: 8 }), mark: fc.constant(0) }),
  }),
)

interface Draft {
  readonly ops: readonly Op[]
  readonly require: readonly Require[]
  readonly fate: 'plain' | 'poisoned' | 'repeated'
}

const draft: fc.Arbitrary<Draft> = fc.record({
  // A key may appear once in a change: one op, or two that cannot meet.
  ops: fc.oneof(
    { weight: 5, arbitrary: op.map((one) => [one]) },
    { weight: 1, arbitrary: fc.tuple(container, body).map(describedContainer) },
  ),
  require: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(require, { maxLength: 2 })),
  fate: fc.oneof({ weight: 8, arbitrary: fc.constant('plain' as const) }, fc.constantFrom('poisoned', 'repeated')),
})

function describedContainer([path, content]: [string, ReturnType<typeof inlineBody>]): Op[] {
  return [
    { kind: 'container', path },
    { kind: 'put', path: `${path}.meta`, mediaType: 'text/turtle', body: content },
  ]
}

export interface BatchWorld extends AsyncDisposable {
  readonly store: PodStore
  readonly clock: FakeClock
}

export function podBatchesSuite(
  name: string,
  open: () => Promise<BatchWorld>,
  options: { readonly runs: number; readonly skip?: false | string },
): void {
  const { runs, skip = false } = options
  test(`${name}: a batch gives the same outcomes and state as its changes one by one`, { skip }, async () => {
    await using world = await open()
    let round = 0
    const lists = fc.array(fc.array(draft, { maxLength: 12 }), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(fc.array(lists, { minLength: 1, maxLength: 2 }), async (pods) => {
        await Promise.all(pods.map((batches) => compareWithModel(world, `p${round++}`, batches)))
        if (round % 2 === 0) world.clock.advance(5)
      }),
      { numRuns: runs },
    )
  })
}

async function compareWithModel(
  world: BatchWorld,
  name: string,
  batches: readonly (readonly Draft[])[],
): Promise<void> {
  const { store, clock } = world
  const pod = await createPod(store, name, quota)
  const model = new ModelPod(quota, clock.nowMs())
  for (const batch of batches) {
    const changes = await materialise(store, pod, batch)
    const outcomes = await Promise.allSettled(changes.map((change) => store.commit(change)))
    for (const [index, outcome] of outcomes.entries()) {
      if (batch[index]!.fate === 'poisoned') {
        assert.equal(outcome.status, 'rejected')
        continue
      }
      assert(outcome.status === 'fulfilled', String((outcome as PromiseRejectedResult).reason))
      assert.deepEqual(comparable(outcome.value), model.commit(changes[index]!, clock.nowMs()))
    }
    await compareState(store, pod, model)
  }
}

/** A body that is none: fails in the midst of its writes, which must fail this change alone. */
const poison: readonly Op[] = [{ kind: 'put', path: '/poison/deep', mediaType: '', body: null as never }]

/** Gives each draft its ids; version requirements get the mark that stands there now, so that they can hold. */
async function materialise(store: PodStore, pod: PodId, batch: readonly Draft[]): Promise<Change[]> {
  const changes: Change[] = []
  for (const { ops, require, fate } of batch) {
    if (fate === 'poisoned') {
      changes.push(changeOf(pod, poison))
      continue
    }
    const first = changes[0]
    const opId = fate === 'repeated' && first !== undefined ? { opId: first.opId } : {}
    const marked = await Promise.all(require.map((one) => withMark(store, pod, one)))
    changes.push(changeOf(pod, ops, { require: marked, ...opId }))
  }
  return changes
}

/** A version that does not stand there now gets a seq that never will: its mark cannot be known before it is written. */
async function withMark(store: PodStore, pod: PodId, one: Require): Promise<Require> {
  if (one.kind !== 'version') return one
  const { resource } = await store.find(pod, one.path)
  const isThere = resource?.version.seq === one.version.seq
  return { ...one, version: isThere ? resource.version : { seq: 1_000_000, mark: 0 } }
}

async function compareState(store: PodStore, pod: PodId, model: ModelPod): Promise<void> {
  const head = await store.head(pod)
  assert(head !== undefined)
  const { aclSeq, bytes, resources } = head
  assert.deepEqual(
    { seq: head.version.seq, aclSeq, bytes, resources },
    { seq: model.seq, aclSeq: model.aclSeq, bytes: model.bytes, resources: model.state.size },
  )
  const digest = Buffer.alloc(16)
  for (const [path, expected] of model.state) {
    const { resource } = await store.find(pod, path)
    assert(resource !== undefined && resource.path === path, path)
    const { size, childSeq, mediaType, modifiedMs } = resource
    assert.deepEqual({ size, seq: resource.version.seq, childSeq, mediaType, modifiedMs }, expected, path)
    for (const [index, byte] of digestOf(resource).entries()) digest[index]! ^= byte
    if (isContainer(path)) await compareListing(store, pod, path, model)
  }
  assert.deepEqual(Buffer.from(head.digest), digest)
}

async function compareListing(store: PodStore, pod: PodId, path: string, model: ModelPod): Promise<void> {
  const listed = await store.children(pod, path, undefined, 100)
  const members = [...model.state.keys()].filter(
    (other) => other !== path && other.startsWith(path) && /^[^/]+\/?$/.test(other.slice(path.length)),
  )
  const expected = members.filter((other) => !/\.(acl|meta)$/.test(other)).sort()
  assert.deepEqual(
    listed?.page.map((child) => child.path),
    expected,
  )
  assert.equal(listed?.childSeq, model.state.get(path)!.childSeq)
}

function digestOf(resource: Resource): Buffer {
  const kind = ['container', 'document', 'acl', 'meta'].indexOf(resource.kind)
  const key = resource.path.replace(/\/$/, '')
  const parts = [key, kind, resource.mediaType, Buffer.from(resource.sha256).toString('hex'), resource.modifiedMs]
  return hash('sha256', [...parts, resource.size].join('\0'), 'buffer').subarray(0, 16)
}
