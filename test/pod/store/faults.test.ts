// What the store does when the machine fails it: a full disk in the midst of a batch, a COMMIT whose outcome is unknown,
// damaged content, a sweep that meets a write. Failures are real ones or made at named points of the writer thread.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import Sqlite from 'better-sqlite3'

import { XpodError } from '../../../src/base/errors.ts'
import { createMemoryObjects } from '../../support/memory-objects.ts'
import type { ObjectStore } from '../../../src/core/objects/object-store.ts'
import type { PodStore } from '../../../src/pod/store/pod-store.ts'
import type { PodId } from '../../../src/pod/store/resource.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { openSqliteTestStore } from '../../support/sqlite-store.ts'
import { bodyOf, changeOf, chunksOf, createPod, putOp } from '../../support/temporary-store.ts'
import { until } from '../../support/until.ts'
import { ProbeControl } from '../../support/writer-probe.ts'

const signal = new AbortController().signal
const limits = { maxBytes: 10_000_000, expectedBytes: undefined }
const hourMs = 3_600_000

function failsWith(code: string): (error: unknown) => boolean {
  return (error) => error instanceof XpodError && error.code === code
}

async function names(store: PodStore, pod: PodId): Promise<string[]> {
  return (await store.children(pod, '/', undefined, 1000))!.page.map((child) => child.path)
}

async function putLarge(store: PodStore, pod: PodId, path: string, bytes: Uint8Array): Promise<void> {
  await using staged = await store.stage(pod, chunksOf(bytes), limits, signal)
  assert((await store.commit(changeOf(pod, [putOp(path, bodyOf(staged))]))).ok)
}

test('a disk that fills up in the midst of a batch fails only what finds no room, and nothing answered is lost', async () => {
  const control = new ProbeControl()
  await using world = await openSqliteTestStore({ probe: control.probe })
  const { store } = world
  const pod = await createPod(store, 'alice')
  const body = randomBytes(12_000)
  assert((await store.commit(changeOf(pod, [putOp('/old', body)]))).ok)
  // From its first judgement on the database may not grow: SQLite rolls the whole transaction back on its own.
  control.at('judged', 'fill')
  const writes = Array.from({ length: 12 }, (_, index) => store.commit(changeOf(pod, [putOp(`/n${index}`, body)])))
  const remove = store.commit(changeOf(pod, [{ kind: 'delete', path: '/old' }]))
  const results = await Promise.allSettled(writes)
  assert((await remove).ok, 'a delete passes on a full disk')
  const kept = results.flatMap((result, index) => (result.status === 'fulfilled' ? [`/n${index}`] : []))
  assert(kept.length < 12, 'some found no room')
  for (const result of results) {
    if (result.status === 'rejected') assert(failsWith('DISK_FULL')(result.reason), String(result.reason))
  }
  assert.deepEqual(await names(store, pod), kept.sort())
  assert.equal((await store.head(pod))!.version.seq, 3 + kept.length)
})

test('a COMMIT that fails is answered with nothing claimed, and no write is taken after it', async () => {
  const control = new ProbeControl()
  await using world = await openSqliteTestStore({ probe: control.probe })
  const { store } = world
  const pod = await createPod(store, 'alice')
  control.at('before-commit', 'fail')
  const first = store.commit(changeOf(pod, [putOp('/x', '1')]))
  await assert.rejects(first, failsWith('OUTCOME_UNKNOWN'))
  assert.equal(world.fatal.length, 1)
  control.release()
  await assert.rejects(store.commit(changeOf(pod, [putOp('/y', '1')])), failsWith('SHUTTING_DOWN'))
  assert.equal((await store.find(pod, '/x')).resource, undefined)
})

test('a writer thread that dies leaves its changes unknown, and the retry after a restart has one effect', async () => {
  await using home = await temporaryDirectory()
  const control = new ProbeControl()
  const change = { ...changeOf('', []), opId: 'once' }
  let pod: PodId
  {
    await using world = await openSqliteTestStore({ probe: control.probe, dir: home.path })
    pod = await createPod(world.store, 'alice')
    control.at('committed-not-answered', 'die')
    const answer = world.store.commit({ ...change, pod, ops: [putOp('/x', '1')] })
    await assert.rejects(answer, failsWith('OUTCOME_UNKNOWN'))
    assert.equal(world.fatal.length, 1)
  }
  await using again = await openSqliteTestStore({ dir: home.path })
  const outcome = await again.store.commit({ ...change, pod, ops: [putOp('/x', '1')] })
  assert(outcome.ok)
  assert.equal(outcome.at.seq, 2)
  assert.equal((await again.store.head(pod))!.version.seq, 2)
})

test('nothing is visible before COMMIT and everything is after it, also when the answer is late', async () => {
  const control = new ProbeControl()
  await using world = await openSqliteTestStore({ probe: control.probe })
  const { store } = world
  const pod = await createPod(store, 'alice')
  for (const [point, expected] of [
    ['judged', []],
    ['before-commit', []],
    ['committed-not-answered', ['/x']],
  ] as const) {
    control.at(point, 'hold')
    let isAnswered = false
    const answer = store.commit(changeOf(pod, [putOp('/x', '1')])).then(() => (isAnswered = true))
    await control.reached()
    assert.deepEqual(await names(store, pod), expected, point)
    assert.equal(isAnswered, false)
    control.release()
    await answer
    assert.deepEqual(await names(store, pod), ['/x'])
    assert((await store.commit(changeOf(pod, [{ kind: 'delete', path: '/x' }]))).ok)
  }
})

test('a body staged but not committed at a crash is swept at the next start', async () => {
  await using home = await temporaryDirectory()
  {
    await using world = await openSqliteTestStore({ dir: home.path })
    const pod = await createPod(world.store, 'alice')
    await world.store.stage(pod, chunksOf(randomBytes(80_000)), limits, signal)
    assert.equal((await world.objects.list('', undefined, 10)).length, 1)
  }
  await using again = await openSqliteTestStore({ dir: home.path })
  await until('the blob is swept', async () => (await again.objects.list('', undefined, 10)).length === 0)
})

test('a PUT of equal bytes while the sweep is between mark and delete keeps its body', async () => {
  let passMark = (): void => {}
  const held = new Promise<void>((resolve) => (passMark = resolve))
  let isMarked = false
  await using world = await openSqliteTestStore({
    pause: async (point) => {
      if (point !== 'sweep-marked') return
      isMarked = true
      await held
    },
  })
  const { store, clock, objects } = world
  const pod = await createPod(store, 'alice')
  const bytes = randomBytes(80_000)
  await putLarge(store, pod, '/x', bytes)
  await putLarge(store, pod, '/x', randomBytes(80_000))
  clock.advance(25 * hourMs)
  await until('the sweep has marked', () => isMarked)
  await putLarge(store, pod, '/x', bytes)
  passMark()
  await until('the old blob is gone', async () => (await objects.list('', undefined, 10)).length === 2)
  const { resource } = await store.find(pod, '/x')
  assert(Buffer.from(await store.readBody(pod, resource!, signal)).equals(bytes))
})

test('a damaged body is quarantined, named in the log and counted, never served', async () => {
  await using home = await temporaryDirectory()
  let pod: PodId
  {
    await using world = await openSqliteTestStore({ dir: home.path })
    pod = await createPod(world.store, 'alice')
    assert((await world.store.commit(changeOf(pod, [putOp('/small', 'hello'), putOp('/good', 'x')]))).ok)
    await putLarge(world.store, pod, '/large', randomBytes(80_000))
    await putLarge(world.store, pod, '/lost', randomBytes(80_000))
  }
  const raw = new Sqlite(join(home.path, 'xpod.db'))
  raw.prepare('UPDATE body SET bytes = ? WHERE bytes = ?').run(Buffer.from('hellO'), Buffer.from('hello'))
  const rows = raw.prepare('SELECT key, blob FROM resource WHERE blob IS NOT NULL ORDER BY key').all()
  raw.close()
  const [large, lost] = rows as { key: string; blob: string }[]
  await writeFile(join(home.path, 'objects', large!.blob), randomBytes(80_000))
  await unlink(join(home.path, 'objects', lost!.blob))

  await using world = await openSqliteTestStore({ dir: home.path })
  const { store, errors, metrics } = world
  for (const path of ['/small', '/large', '/lost']) {
    const { resource } = await store.find(pod, path)
    await assert.rejects(store.readBody(pod, resource!, signal), failsWith('CORRUPT'))
  }
  assert.deepEqual(
    store
      .quarantined()
      .map((one) => one.path)
      .sort(),
    ['/large', '/lost', '/small'],
  )
  assert.deepEqual(
    errors.filter(({ event }) => event === 'store.corrupt').map(({ fields }) => fields['path']),
    ['/small', '/large', '/lost'],
  )
  assert.match(metrics.render(), /^xpod_quarantined 3$/m)
  const { resource: good } = await store.find(pod, '/good')
  assert.equal(Buffer.from(await store.readBody(pod, good!, signal)).toString(), 'x')
  assert((await store.commit(changeOf(pod, [putOp('/small', 'again')]))).ok)
  assert.equal(store.quarantined().length, 2)
})

test('below the floor of the disk bodies and growth are refused; deletes and ACLs still commit', async () => {
  let freeBytes = 1e12
  const objects: ObjectStore = { ...createMemoryObjects(), room: async () => ({ freeBytes, totalBytes: 1e12 }) }
  await using world = await openSqliteTestStore({ objects, limits: { minFreeBytes: 1e9 } })
  const { store, clock } = world
  const pod = await createPod(store, 'alice')
  assert((await store.commit(changeOf(pod, [putOp('/x', '1'), putOp('/y', '1')]))).ok)
  freeBytes = 1e8
  clock.advance(1000)
  let size = 1
  await until('the disk is seen to be full', async () => {
    const [grown] = await Promise.allSettled([store.commit(changeOf(pod, [putOp('/x', '1'.repeat(++size))]))])
    return grown.status === 'rejected' && failsWith('DISK_FULL')(grown.reason)
  })
  await assert.rejects(store.stage(pod, neverRead(), limits, signal), failsWith('DISK_FULL'))
  assert((await store.commit(changeOf(pod, [putOp('/.acl', 'rules')]))).ok)
  assert((await store.commit(changeOf(pod, [{ kind: 'delete', path: '/y' }]))).ok)
  freeBytes = 1e12
  clock.advance(60_000)
  await until('there is room again', async () => {
    const [grown] = await Promise.allSettled([store.commit(changeOf(pod, [putOp('/x', '1'.repeat(++size))]))])
    return grown.status === 'fulfilled'
  })
})

// oxlint-disable-next-line require-yield
async function* neverRead(): AsyncGenerator<Uint8Array> {
  assert.fail('refused before the first byte')
}

test('an aborted upload leaves no file in the data directory', async () => {
  await using world = await openSqliteTestStore()
  const { store, dir } = world
  const pod = await createPod(store, 'alice')
  const abort = new AbortController()
  async function* body(): AsyncGenerator<Uint8Array> {
    yield randomBytes(300_000)
    abort.abort(new Error('gone'))
    yield randomBytes(300_000)
  }
  await assert.rejects(store.stage(pod, body(), limits, abort.signal))
  const files = await readdir(join(dir, 'objects'), { recursive: true, withFileTypes: true })
  assert.deepEqual(
    files.filter((file) => file.isFile()).map((file) => file.name),
    [],
  )
})
