// Filesystem and memory run the suite of the ObjectStore contract.

import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'

import { openFilesystemObjects } from '../../../src/core/objects/filesystem.ts'
import { createMemoryObjects } from '../../support/memory-objects.ts'
import { objectStoreSuite } from '../../conformance/object-store.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { chunksOf } from '../../support/temporary-store.ts'

objectStoreSuite('objects in files', async () => {
  await using parts = new AsyncDisposableStack()
  const dir = parts.use(await temporaryDirectory())
  const objects = parts.use(await openFilesystemObjects({ dir: dir.path }))
  const owned = parts.move()
  return { objects, [Symbol.asyncDispose]: () => owned.disposeAsync() }
})

objectStoreSuite('objects in memory', async () => {
  const objects = createMemoryObjects()
  return { objects, [Symbol.asyncDispose]: async () => {} }
})

test('chunks that were given away are freed when they are written, but for parts of a larger buffer', async () => {
  await using dir = await temporaryDirectory()
  await using objects = await openFilesystemObjects({ dir: dir.path })
  const { signal } = new AbortController()
  const whole = Array.from({ length: 20 }, () => Buffer.alloc(65_536, 'w'))
  const part = Buffer.alloc(65_536, 'p').subarray(1)
  await objects.put('pod/x', Readable.from([...whole, part]), { ownsChunks: true }, signal)
  assert.deepEqual(new Set(whole.map((chunk) => chunk.length)), new Set([0]))
  assert.equal(part.toString(), 'p'.repeat(65_535))
})

test('a key that would leave the directory is a bug, not a path', async () => {
  await using dir = await temporaryDirectory()
  await using objects = await openFilesystemObjects({ dir: dir.path })
  const { signal } = new AbortController()
  for (const key of ['../x', 'a/../../x', 'a', '/a/b', 'a/b/c', 'a/.part']) {
    await assert.rejects(objects.put(key, chunksOf(new Uint8Array(1)), {}, signal), TypeError)
  }
})

test('a put waits until the name of its directory is durable, whoever made that directory', async () => {
  await using dir = await temporaryDirectory()
  const root = join(dir.path, 'objects')
  // As a process leaves it that died between making the directory and syncing its parent.
  await mkdir(join(root, 'pod'), { recursive: true })
  const synced: string[] = []
  const gate = Promise.withResolvers<void>()
  await using objects = await openFilesystemObjects({
    dir: root,
    syncDirectory: async (path) => {
      if (path === root) await gate.promise
      synced.push(path)
    },
  })
  const { signal } = new AbortController()
  let done = 0
  const puts = ['a', 'b', 'c'].map(async (name) => {
    await objects.put(`pod/${name}`, chunksOf(new Uint8Array(1)), {}, signal)
    done++
  })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(done, 0)
  gate.resolve()
  await Promise.all(puts)
  assert.equal(synced.filter((path) => path === root).length, 1, 'one sync a directory and process')
  await objects.put('pod/d', chunksOf(new Uint8Array(1)), {}, signal)
  assert.equal(synced.filter((path) => path === root).length, 1)
})

test('a directory whose name could not be synced is tried again by the next put', async () => {
  await using dir = await temporaryDirectory()
  let failing = true
  await using objects = await openFilesystemObjects({
    dir: dir.path,
    syncDirectory: async (path) => {
      if (path === dir.path && failing) throw new Error('EIO')
    },
  })
  const { signal } = new AbortController()
  await assert.rejects(objects.put('pod/a', chunksOf(new Uint8Array(1)), {}, signal), /EIO/)
  failing = false
  await objects.put('pod/a', chunksOf(new Uint8Array(1)), {}, signal)
})
