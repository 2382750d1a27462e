// Filesystem and memory run the suite of the ObjectStore contract.

import assert from 'node:assert/strict'
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

test('a key that would leave the directory is a bug, not a path', async () => {
  await using dir = await temporaryDirectory()
  await using objects = await openFilesystemObjects({ dir: dir.path })
  const { signal } = new AbortController()
  for (const key of ['../x', 'a/../../x', 'a', '/a/b', 'a/b/c', 'a/.part']) {
    await assert.rejects(objects.put(key, chunksOf(new Uint8Array(1)), {}, signal), TypeError)
  }
})
