// A cache of very many blocks at a restart: the first hit does not wait until they are known, and memory is bounded by what one
// block takes. As many as XPOD_TEST_ROUNDS_BLOCKS says; the claim is about a million, and was tried with as many.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { MiB } from '../../../../src/base/bytes.ts'
import { Block, costOf, fixedBytes, Layout } from '../../../../src/core/cache/tiered/block.ts'
import { rounds } from '../../../support/needs.ts'
import { temporaryDirectory } from '../../../support/temporary.ts'
import { chunksOf } from '../../../support/temporary-store.ts'
import { openWorld, pattern, signal } from './world.ts'

const count = rounds('BLOCKS', 20_000)
const size = 70_000
const pods = 1000

interface Told {
  readonly openedMs: number
  readonly firstHitMs: number
  readonly firstHitBytes: number
  readonly wasRecovered: boolean
  readonly recoveredMs: number
  readonly usedBytes: number
  readonly longestDelayMs: number
  readonly grownMiB: number
  readonly closedMs: number
}

let dir: Awaited<ReturnType<typeof temporaryDirectory>>

before(async () => {
  dir = await temporaryDirectory()
  {
    await using world = await openWorld({ dir: dir.path, blockBytes: 4 * MiB })
    await world.objects.put('pod/read', chunksOf(pattern(size)), {}, signal)
    await world.holds(1)
  }
  // Nothing opens them: what they are called is all that a restart looks at.
  const layout = new Layout(4 * MiB)
  for (let shard = 0; shard < 16; shard++) {
    mkdirSync(join(dir.path, 'v1', shard.toString(16)), { recursive: true })
  }
  for (let number = 1; number < count; number++) {
    const key = `pod-${number % pods}/00000000-0000-7000-8000-${String(number).padStart(12, '0')}`
    const block = new Block(layout, { key, number: 0, objectBytes: size })
    writeFileSync(join(dir.path, 'v1', block.shard, block.name), '')
  }
})
after(() => dir[Symbol.asyncDispose]())

async function restart(maxBlocks?: number): Promise<Told> {
  const program = fileURLToPath(new URL('./restarting-process.ts', import.meta.url))
  const args = [program, dir.path, 'pod/read', String(size), ...(maxBlocks === undefined ? [] : [String(maxBlocks)])]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as Told
}

/** What the process itself grows by. */
const spareMiB = 60
/** About 490 live, and what the collector has not come to. */
const bytesPerBlock = 900
const taken = fixedBytes + count * costOf(size)

for (const what of ['without a snapshot', 'with the order of the last run']) {
  test(`${count} blocks, ${what}: the first hit is served at once`, async (t) => {
    const told = await restart(count)
    t.diagnostic(JSON.stringify(told))
    assert.equal(told.firstHitBytes, size)
    assert.ok(told.firstHitMs < 500, `first hit after ${told.firstHitMs} ms`)
    assert.equal(told.usedBytes, taken)
    const most = spareMiB + (count * bytesPerBlock) / MiB
    assert.ok(told.grownMiB < most, `${told.grownMiB} MiB more, ${most} at most`)
  })
}

test('more blocks than there may be are left out, and memory is that of the others', async (t) => {
  const told = await restart(count >> 1)
  t.diagnostic(JSON.stringify(told))
  assert.equal(told.firstHitBytes, size)
  assert.ok(told.firstHitMs < 500, `first hit after ${told.firstHitMs} ms`)
  assert.ok(told.usedBytes <= fixedBytes + (count >> 1) * costOf(size))
  assert.ok(told.grownMiB < spareMiB + ((count >> 1) * bytesPerBlock) / MiB, `${told.grownMiB} MiB more`)
})
