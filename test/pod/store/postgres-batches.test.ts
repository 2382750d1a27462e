// How changes become batches on PostgreSQL: what may share one, one in flight for each pod, order kept, bounds. The function
// that a batch would call is played by the test.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { XpodError } from '../../../src/base/errors.ts'
import type { Change, Op } from '../../../src/pod/store/change.ts'
import { Batches, type Entry, type Result } from '../../../src/pod/store/postgres/batches.ts'
import { footprintOf, KnownContainers, Taken } from '../../../src/pod/store/postgres/footprint.ts'
import { compile, weightOf } from '../../../src/pod/store/postgres/lines.ts'
import { changeOf, inlineBody, putOp } from '../../support/temporary-store.ts'

const create: Op = {
  kind: 'create',
  container: '/c/',
  wish: 'x',
  fallback: 'y',
  mediaType: 'a/b',
  body: inlineBody('1'),
}
const remove = (path: string): Op => ({ kind: 'delete', path })
const exists = { require: [{ kind: 'exists', path: '/c/x' }] } as const

/** How many of them go into one batch, /c/ and /d/ being known to stand. */
function shared(...changes: readonly (readonly Op[] | Change)[]): number {
  const known = new KnownContainers()
  for (const path of ['/c/', '/d/']) known.add('pod', 1, path)
  const taken = new Taken((key) => known.has('pod', 1, key))
  let count = 0
  for (const one of changes) {
    const change = 'ops' in one ? one : changeOf('pod', one)
    if (!taken.take(footprintOf(change, compile(change)))) break
    count++
  }
  return count
}

test('changes that cannot see each other share a batch', () => {
  assert.equal(shared([putOp('/c/x', '')], [putOp('/c/y', '')], [putOp('/d/x', '')], [remove('/c/z')]), 4)
  assert.equal(shared([putOp('/x.meta', '')], [putOp('/y.meta', '')], [putOp('/c/.acl', '')]), 3)
  assert.equal(shared(changeOf('pod', [putOp('/c/y', '')], exists), [putOp('/c/x', '')]), 2)
})

test('changes of which the later could see what the earlier does come one after the other', () => {
  const once = changeOf('pod', [putOp('/c/x', '')])
  const pairs: [readonly Op[] | Change, readonly Op[] | Change][] = [
    [[putOp('/c/x', '')], [putOp('/c/x', '')]],
    [[putOp('/c/x', '')], [remove('/c/')]],
    [[remove('/c/')], [putOp('/c/x', '')]],
    [[remove('/c/x')], [remove('/c/')]],
    [[create], [putOp('/c/y', '')]],
    [[create], [create]],
    [[putOp('/e/x', '')], [putOp('/e/y', '')]],
    [[putOp('/e', '')], [putOp('/e/y', '')]],
    [[putOp('/c/x', '')], [putOp('/c/x.meta', '')]],
    [[putOp('/c/x', '')], changeOf('pod', [putOp('/c/y', '')], exists)],
    [[putOp('/.acl', '')], [putOp('/c/x', '')]],
    [once, { ...changeOf('pod', [putOp('/c/z', '')]), opId: once.opId }],
  ]
  for (const [first, second] of pairs) assert.equal(shared(first, second), 1, JSON.stringify([first, second]))
})

interface Job extends Entry<string> {
  readonly name: string
}

function world(maxInFlight: number) {
  const started: string[][] = []
  const ends: ((results: readonly Result<string>[]) => void)[] = []
  const fails: ((error: unknown) => void)[] = []
  const batches = new Batches<string, Job>({
    run: (batch) => {
      started.push(batch.map(({ name }) => name))
      return new Promise((resolve, reject) => {
        ends.push(resolve)
        fails.push(reject)
      })
    },
    startTaking: () => new Taken(() => true),
    maxInFlight,
  })
  /** A name that ends in ! shares no batch with others of its pod. */
  function add(pod: string, name: string, bytes = 1): Promise<string> {
    return new Promise((resolve, reject) => {
      const take = (taken: Taken): boolean => {
        const change = changeOf(pod, [putOp(name.endsWith('!') ? '/same' : `/${name}`, '')])
        return taken.take(footprintOf(change, compile(change)))
      }
      batches.add({ pod, name, bytes, resolve, reject, take })
    })
  }
  const end = async (index: number, results?: readonly Result<string>[]): Promise<void> => {
    ends[index]!(results ?? started[index]!.map((name) => ({ reply: name })))
    await new Promise(setImmediate)
  }
  return { batches, add, end, fails, started }
}

const soon = (): Promise<void> => new Promise(setImmediate)

test('a pod is in one batch at a time, others go meanwhile, pods take turns', async () => {
  const { add, end, started } = world(2)
  void add('a', 'a1')
  await soon()
  for (const [pod, name] of [
    ['a', 'a2'],
    ['b', 'b1!'],
    ['b', 'b2!'],
    ['c', 'c1'],
  ] as const) {
    void add(pod, name)
  }
  await soon()
  assert.deepEqual(started, [['a1'], ['b1!', 'c1']])
  await end(1)
  assert.deepEqual(started[2], ['b2!'])
  await end(0)
  assert.deepEqual(started[3], ['a2'])
})

test('what comes again goes ahead of what came later', async () => {
  const { add, end, started } = world(1)
  const answers = ['a1', 'a2', 'a3'].map((name) => add('a', name))
  await soon()
  void add('a', 'a4')
  await end(0, [{ reply: 'done' }, 'again', 'again'])
  assert.equal(await answers[0], 'done')
  assert.deepEqual(started[1], ['a2', 'a3', 'a4'])
})

test('a batch that fails because of a statement is run one by one; one that the database fails is not', async () => {
  const { add, end, fails, started } = world(1)
  const answers = Promise.allSettled(['a1', 'a2'].map((name) => add('a', name)))
  await soon()
  fails[0]!(new Error('a statement'))
  await soon()
  assert.deepEqual(started[1], ['a1'])
  fails[1]!(new Error('a statement'))
  await soon()
  await end(2)
  assert.deepEqual(
    (await answers).map(({ status }) => status),
    ['rejected', 'fulfilled'],
  )
  const later = Promise.allSettled(['a3', 'a4'].map((name) => add('a', name)))
  await soon()
  fails[3]!(new XpodError('DATABASE_UNAVAILABLE'))
  assert.equal((await later).filter(({ status }) => status === 'rejected').length, 2)
  assert.equal(started.length, 4)
})

test('batches and the queue are bounded', async () => {
  const { add, batches, started } = world(1)
  const waiting: Promise<string>[] = []
  for (let index = 0; index < 10_000; index++) waiting.push(add(`p${index}`, 'x'))
  await assert.rejects(add('a', 'x'), { code: 'OVERLOADED' })
  await soon()
  assert.equal(started[0]!.length, 64)
  assert.equal(batches.waiting, 10_000 - 64)
  const large = world(1)
  for (let index = 0; index < 6; index++) void large.add(`p${index}`, 'x', 1_000_000)
  await soon()
  assert.equal(large.started[0]!.length, 4)
  await assert.rejects(large.add('a', 'x', 64 * 1024 * 1024), { code: 'OVERLOADED' })
})

test('a change with a deep path counts with all that its lines take on the way', () => {
  for (const depth of [1, 10, 900]) {
    const compiled = compile(changeOf('pod', [putOp(`${'/a'.repeat(depth)}/x`, '')]))
    const bytes = JSON.stringify(compiled.lines).length
    assert(weightOf(compiled) > 0.7 * bytes && weightOf(compiled) < 1.5 * bytes, `${weightOf(compiled)} of ${bytes}`)
  }
})
