// Objects in memory: for tests, and the simplest reading of the contract. Nothing survives the process.

import { collect } from '../../src/base/bytes.ts'
import { XpodError } from '../../src/base/errors.ts'
import { DigestCount } from '../../src/core/objects/digest-stream.ts'
import type { ObjectStore } from '../../src/core/objects/object-store.ts'

export function createMemoryObjects(): ObjectStore {
  const objects = new Map<string, Uint8Array>()
  return {
    async put(key, body, _options, signal) {
      const bytes = await collect(abortable(body, signal), Number.MAX_SAFE_INTEGER)
      signal.throwIfAborted()
      const count = new DigestCount()
      count.add(bytes)
      objects.set(key, bytes)
      return count.end()
    },
    async get(key, range, signal) {
      signal.throwIfAborted()
      const bytes = objects.get(key)
      if (bytes === undefined) throw new XpodError('NOT_FOUND', 'no such object')
      return parts(range === undefined ? bytes : bytes.subarray(range.start, range.end + 1))
    },
    async head(key) {
      const bytes = objects.get(key)
      return bytes === undefined ? undefined : { key, size: bytes.length }
    },
    async delete(keys) {
      for (const key of keys) objects.delete(key)
    },
    async list(prefix, after, limit) {
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && (after === undefined || key > after))
      return keys
        .sort()
        .slice(0, limit)
        .map((key) => ({ key, size: objects.get(key)!.length }))
    },
    probe: async () => {},
    room: async () => undefined,
    [Symbol.asyncDispose]: async () => {},
  }
}

async function* abortable(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    signal.throwIfAborted()
    yield chunk
  }
}

async function* parts(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
