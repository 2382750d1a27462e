// Homes under a lease that the test gives and takes, on a store to which somebody else may write as well: memory answers only for
// as long as nobody else can have written, and nothing that was on its way then comes into it later.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { XpodError } from '../../src/base/errors.ts'
import { systemRandom } from '../../src/base/random.ts'
import { createPodHomes, type HomeMove, type ResidentHomes } from '../../src/pod/homes.ts'
import { performUnder } from '../../src/pod/lease.ts'
import type { PodResponse } from '../../src/pod/exchange.ts'
import type { Path } from '../../src/pod/path.ts'
import { planPod } from '../../src/pod/provision.ts'
import type { Change, Outcome } from '../../src/pod/store/change.ts'
import type { PodStore } from '../../src/pod/store/pod-store.ts'
import type { PodHead, PodRecord } from '../../src/pod/store/resource.ts'
import { createMetrics } from '../../src/base/metrics.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { changeOf, openTestStore, putOp } from '../support/temporary-store.ts'

interface World extends AsyncDisposable {
  readonly homes: ResidentHomes
  readonly pod: PodRecord
  readonly clock: FakeClock
  readonly moves: HomeMove['kind'][]
  readonly lease: { held: number }
  /** Faults of the store. */
  readonly faults: {
    commit: ((change: Change) => Promise<Outcome>) | undefined
    head: ((head: PodHead | undefined) => Promise<PodHead | undefined>) | undefined
    found: (() => Promise<void>) | undefined
    adopt: (() => void) | undefined
  }
  readonly store: PodStore
  readonly read: (path: Path) => Promise<string | undefined>
  /** By this node. */
  readonly write: (path: Path, text: string) => Promise<Outcome>
  /** As a node that nobody told this one about. */
  readonly writeElsewhere: (path: Path, text: string) => Promise<Outcome>
}

async function openWorld(): Promise<World> {
  await using stack = new AsyncDisposableStack()
  const { store: real } = stack.use(await openTestStore())
  const clock = createFakeClock()
  const plan = planPod({
    id: systemRandom.uuid7(Date.now()),
    name: 'alice',
    base: 'https://pods.example/alice/',
    issuer: 'https://pods.example/',
    nowMs: Date.now(),
  })
  await real.directory.create(plan)
  const pod = plan.record
  const lease = { held: 1 }
  const faults: World['faults'] = { commit: undefined, head: undefined, found: undefined, adopt: undefined }
  const store: PodStore = {
    ...real,
    commit: (change) => (faults.commit ?? ((one: Change) => real.commit(one)))(change),
    async head(id) {
      const head = await real.head(id)
      return faults.head === undefined ? head : faults.head(head)
    },
    async find(id, path) {
      const found = await real.find(id, path)
      await faults.found?.()
      return found
    },
  }
  const head = await real.head(pod.id)
  const moves: HomeMove['kind'][] = []
  const cluster = { lease: { term: () => lease.held }, adopt: async () => faults.adopt?.(), history: () => 1 }
  const metrics = createMetrics()
  const bus = { publish: () => undefined }
  const homes = stack.use(createPodHomes({ store, bus, node: head!.node, clock, metrics, cluster }))
  stack.use(homes.onMove(({ kind }) => void moves.push(kind)))
  const change = (path: Path, text: string): Change => changeOf(pod.id, [putOp(path, text)])
  const owned = stack.move()
  return {
    homes,
    pod,
    clock,
    moves,
    lease,
    faults,
    store: real,
    async read(path) {
      const home = await homes.of(pod)
      const entry = home.peek(path) ?? (await home.load(path))
      return entry.body && Buffer.from(entry.body).toString()
    },
    write: async (path, text) => (await homes.of(pod)).commit(change(path, text)),
    writeElsewhere: (path, text) => real.commit(change(path, text)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

test('memory answers under the lease, and is looked through when it was lost', async () => {
  await using world = await openWorld()
  const { lease } = world
  await world.write('/a', 'one')
  assert.equal(await world.read('/a'), 'one')
  await world.writeElsewhere('/a', 'two')
  assert.equal(await world.read('/a'), 'one', 'under the lease nobody can do that')
  lease.held = 2
  assert.equal(await world.read('/a'), 'two')
  assert.deepEqual(world.moves, [])
})

test('without a lease nothing stays in memory', async () => {
  await using world = await openWorld()
  world.lease.held = 0
  for (const text of ['one', 'two', 'three']) {
    await world.writeElsewhere('/a', text)
    assert.equal(await world.read('/a'), text)
    await world.write('/b', text)
    await world.writeElsewhere('/b', `${text}!`)
    assert.equal(await world.read('/b'), `${text}!`)
  }
  await world.write('/a', 'four')
  world.lease.held = 1
  assert.equal(await world.read('/a'), 'four')
})

test('what stayed the same while the lease was lost is still in memory', async () => {
  await using world = await openWorld()
  await world.write('/a', 'one')
  const home = await world.homes.of(world.pod)
  world.lease.held = 2
  assert.notEqual(home.peek('/a'), undefined)
  assert.equal(await world.homes.of(world.pod), home)
  assert.notEqual(home.peek('/a'), undefined)
})

test('a head that was read before the lease was lost makes no home', async () => {
  await using world = await openWorld()
  const { faults, lease } = world
  const reading = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  faults.head = async (head) => {
    reading.resolve()
    await goOn.promise
    return head
  }
  const opening = world.homes.of(world.pod)
  await reading.promise
  lease.held = 0
  lease.held = 2
  faults.head = undefined
  goOn.resolve()
  const home = await opening
  await home.load('/')
  assert.equal(home.peek('/'), undefined)
  await world.writeElsewhere('/a', 'one')
  assert.equal(await world.read('/a'), 'one')
})

test('a row that was read before the lease was lost is not kept under the next one', async () => {
  await using world = await openWorld()
  const { faults, lease } = world
  await world.write('/a', 'one')
  lease.held = 2
  await world.writeElsewhere('/b', 'here already')
  await world.read('/a')
  const reading = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  faults.found = async () => {
    reading.resolve()
    await goOn.promise
  }
  const loading = world.read('/b')
  await reading.promise
  faults.found = undefined
  lease.held = 3
  await world.writeElsewhere('/b', 'later')
  await world.homes.of(world.pod)
  goOn.resolve()
  await loading
  assert.equal(await world.read('/b'), 'later')
})

test('a commit whose outcome is unknown is looked for until it can no longer happen', async () => {
  await using world = await openWorld()
  const { faults } = world
  await world.write('/a', 'one')
  let late: Change | undefined
  faults.commit = async (change) => {
    late = change
    throw new XpodError('OUTCOME_UNKNOWN')
  }
  await assert.rejects(world.write('/a', 'two'), { code: 'OUTCOME_UNKNOWN' })
  faults.commit = undefined
  assert.equal(await world.read('/a'), 'one')
  await world.store.commit(late!)
  assert.equal(await world.read('/a'), 'two')
  world.clock.advance(30_000)
  await world.read('/a')
  assert.notEqual((await world.homes.of(world.pod)).peek('/a'), undefined)
})

test('rules that a commit of unknown outcome may have changed are read again', async () => {
  await using world = await openWorld()
  const { faults, homes, pod } = world
  await world.write('/a', 'one')
  const before = homes.aclSeq(pod)
  faults.commit = async (change) => {
    await world.store.commit(change)
    throw new XpodError('OUTCOME_UNKNOWN')
  }
  await assert.rejects(world.write('/a.acl', '# closed'), { code: 'OUTCOME_UNKNOWN' })
  await homes.of(pod)
  assert.ok(homes.aclSeq(pod) > before)
})

test('a pod that another node has is forgotten, and one that it gives up arrives', async () => {
  await using world = await openWorld()
  const { faults, lease, homes, pod } = world
  await world.write('/a', 'one')
  const here = await homes.of(pod)
  faults.head = async (head) => head && { ...head, node: 'other', epoch: head.epoch + 1 }
  lease.held = 2
  await assert.rejects(async () => homes.of(pod), { code: 'POD_ELSEWHERE' })
  await assert.rejects(
    here.commit(changeOf(pod.id, [putOp('/a', 'two')])),
    { code: 'POD_BUSY' },
    'what began before commits nothing',
  )
  assert.deepEqual(world.moves, ['left'])
  faults.adopt = () => (faults.head = async (head) => head && { ...head, epoch: head.epoch + 2 })
  assert.notEqual(await homes.of(pod), here)
  assert.deepEqual(world.moves, ['left', 'arrived'])
})

test('what the database has lost is lost here, too', async () => {
  await using world = await openWorld()
  const { faults, lease, homes, pod } = world
  const before = await world.store.head(pod.id)
  await world.write('/a', 'one')
  faults.head = async (head) => head && { ...head, version: before!.version, aclSeq: before!.aclSeq }
  lease.held = 2
  const home = await homes.of(pod)
  assert.equal(home.peek('/a'), undefined)
  assert.deepEqual(world.moves, ['diverged'])
})

test('a row that the database has lost does not come into memory when it was on its way', async () => {
  await using world = await openWorld()
  const { faults, lease, homes, pod } = world
  await homes.of(pod)
  const before = await world.store.head(pod.id)
  await world.write('/a', 'lost')
  await world.writeElsewhere('/b', 'lost')
  const reading = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  faults.found = async () => {
    reading.resolve()
    await goOn.promise
  }
  const loading = world.read('/b')
  await reading.promise
  faults.found = undefined
  faults.head = async (head) => head && { ...head, version: before!.version }
  lease.held = 2
  const home = await homes.of(pod)
  goOn.resolve()
  await loading
  assert.equal(home.peek('/b'), undefined)
})

const fine: PodResponse = { status: 200, headers: [], body: undefined }

test('an answer that waited for something is given again when the lease was lost meanwhile', async () => {
  const lease = { held: 1, term: () => lease.held }
  let times = 0
  const perform = (losses: number) => async (): Promise<PodResponse> => {
    if (times++ < losses) lease.held++
    return { ...fine, status: 200 + times }
  }
  const answers = async (method: string, losses: number): Promise<number> => {
    times = 0
    return (await performUnder(lease, { method }, perform(losses))).status
  }
  assert.equal(await answers('GET', 0), 201)
  assert.equal(await answers('GET', 1), 202)
  assert.equal(await answers('HEAD', 1), 202)
  await assert.rejects(answers('GET', 2), { code: 'POD_BUSY' })
  assert.equal(await answers('PUT', 1), 201, 'what is done is done')
})

test('a refusal by what memory said does not stand when the lease was lost meanwhile', async () => {
  const lease = { held: 1, term: () => lease.held }
  const refuse = (code: 'FORBIDDEN' | 'OUTCOME_UNKNOWN') => async (): Promise<PodResponse> => {
    lease.held++
    throw new XpodError(code)
  }
  const asked = async (code: 'FORBIDDEN' | 'OUTCOME_UNKNOWN'): Promise<PodResponse> =>
    performUnder(lease, { method: 'PUT' }, refuse(code))
  await assert.rejects(asked('FORBIDDEN'), { code: 'POD_BUSY' })
  await assert.rejects(asked('OUTCOME_UNKNOWN'), { code: 'OUTCOME_UNKNOWN' })
  assert.equal(
    performUnder(lease, { method: 'GET' }, () => fine),
    fine,
    'nothing was waited for',
  )
})
