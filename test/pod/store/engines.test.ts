// SQLite judges one op after the other on rows that it reads; PostgreSQL judges lines that were worked out before. The same
// changes, of several ops each, with groups, described containers and conditions, must come out the same on both.

import assert, { AssertionError } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'

import type { Change, Op, Outcome, Require } from '../../../src/pod/store/change.ts'
import type { PodStore } from '../../../src/pod/store/pod-store.ts'
import { compile } from '../../../src/pod/store/postgres/lines.ts'
import type { PodId } from '../../../src/pod/store/resource.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { lacksPostgres } from '../../support/postgres-programs.ts'
import { openPostgresTestStore } from '../../support/postgres-store.ts'
import { openSqliteTestStore } from '../../support/sqlite-store.ts'
import { changeOf, createPod, inlineBody } from '../../support/temporary-store.ts'

const runs = 60
const quota = { bytes: 4000, resources: 8 }

const name = fc.constantFrom('a', 'b')
const folder = fc.array(name, { maxLength: 2 }).map((names) => `/${names.map((one) => `${one}/`).join('')}`)
const document = fc.tuple(folder, name).map(([above, last]) => above + last)
const container = document.map((path) => `${path}/`)
const subject = fc.oneof(document, container, fc.constant('/'))
const auxiliary = fc.tuple(subject, fc.constantFrom('.acl', '.meta')).map(([of, suffix]) => of + suffix)
const anyPath = fc.oneof(subject, auxiliary)
const body = fc.integer({ min: 0, max: 2000 }).map((size) => inlineBody(new Uint8Array(size)))
const mediaType = fc.constantFrom('text/turtle', 'text/plain; charset="ü"')

const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('put' as const), path: fc.oneof(document, auxiliary), mediaType, body }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('put' as const), path: container, mediaType, body }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('container' as const), path: container }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete' as const), path: anyPath }) },
  {
    weight: 2,
    arbitrary: fc.record(
      {
        kind: fc.constant('create' as const),
        container: fc.oneof(folder, container),
        wish: fc.option(name, { nil: undefined }),
        fallback: fc.constantFrom('a', 'f'),
        mediaType,
        body: fc.option(body, { nil: undefined }),
        meta: fc.record({ mediaType, body }),
      },
      { requiredKeys: ['kind', 'container', 'wish', 'fallback', 'mediaType', 'body'] },
    ),
  },
)

interface Draft {
  readonly ops: readonly Op[]
  readonly require: readonly (Require | { readonly kind: 'now'; readonly path: string; readonly isShifted: boolean })[]
  readonly groups: readonly { readonly acl: string; readonly documents: readonly string[] }[]
}

const draft: fc.Arbitrary<Draft> = fc.record({
  ops: fc.array(op, { minLength: 1, maxLength: 4 }),
  require: fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('absent' as const), path: anyPath }),
      fc.record({ kind: fc.constant('exists' as const), path: anyPath }),
      fc.record({ kind: fc.constant('acl' as const), aclSeq: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ kind: fc.constant('now' as const), path: anyPath, isShifted: fc.boolean() }),
    ),
    { maxLength: 1 },
  ),
  groups: fc.array(
    fc.record({ acl: fc.constantFrom('/.acl', '/a.acl', '/a/.acl'), documents: fc.array(document, { maxLength: 2 }) }),
    { maxLength: 1 },
  ),
})

interface Side {
  readonly store: PodStore
  readonly pod: PodId
}

test('changes of several ops come out the same on SQLite and on PostgreSQL', { skip: lacksPostgres }, async () => {
  const clock = createFakeClock()
  await using sqlite = await openSqliteTestStore({ clock })
  await using postgres = await openPostgresTestStore({ clock })
  let round = 0
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(draft, { maxLength: 6 }), { maxLength: 4 }), async (batches) => {
      const podName = `p${round++}`
      const sides = await Promise.all(
        [sqlite, postgres].map(async ({ store }) => ({ store, pod: await createPod(store, podName, quota) })),
      )
      for (const batch of batches) {
        const sound = batch.filter(isSound)
        const [one, other] = await Promise.all(sides.map((side) => submit(side, sound)))
        assert.deepEqual(other, one)
        assert.deepEqual(await headOf(sides[1]!), await headOf(sides[0]!))
        clock.advance(3)
      }
    }),
    { numRuns: runs },
  )
})

/** What the contract forbids, a key twice, is a bug of the caller and asserted; here it is left out. */
function isSound({ ops }: Draft): boolean {
  try {
    compile(changeOf('', ops))
    return true
  } catch (error) {
    if (error instanceof AssertionError) return false
    throw error
  }
}

async function submit(side: Side, drafts: readonly Draft[]): Promise<unknown[]> {
  const changes: Change[] = []
  for (const { ops, require, groups } of drafts) {
    const exact = await Promise.all(require.map(async (one) => (one.kind === 'now' ? versionNow(side, one) : one)))
    changes.push(changeOf(side.pod, ops, { require: exact, groups }))
  }
  const outcomes = await Promise.all(changes.map((change) => side.store.commit(change)))
  return outcomes.map(comparable)
}

/** A version, and childSeq, as it stands before the batch; shifted, one that never was. */
async function versionNow({ store, pod }: Side, one: { path: string; isShifted: boolean }): Promise<Require> {
  const { resource } = await store.find(pod, one.path)
  const version = resource?.version ?? { seq: 1, mark: 0 }
  const childSeq = { childSeq: resource?.childSeq ?? 0 }
  const shifted = one.isShifted ? { ...version, mark: version.mark ^ 1 } : version
  return { kind: 'version', path: one.path, version: shifted, ...(one.path.endsWith('/') ? childSeq : {}) }
}

function comparable(outcome: Outcome): unknown {
  if (!outcome.ok) return outcome
  const parents = [...outcome.parents].sort((a, b) => (a.path < b.path ? -1 : 1))
  return { seq: outcome.at.seq, aclSeq: outcome.aclSeq, made: outcome.made, parents }
}

async function headOf({ store, pod }: Side): Promise<unknown> {
  const { aclSeq, bytes, resources, digest, version } = (await store.head(pod))!
  const page = await store.changes(pod, { seq: 0, mark: 0 }, 1000)
  assert('entries' in page)
  const feed = page.entries.map(({ touched, bytesDelta, atMs }) => ({ touched, bytesDelta, atMs }))
  return { aclSeq, bytes, resources, digest: Buffer.from(digest).toString('hex'), seq: version.seq, feed }
}
