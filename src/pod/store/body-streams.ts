// Streams of bodies that never look complete when they are not: the last bytes are only passed on, or the stream only ends,
// when what was read is what the row says. Decides nothing about what happens to a damaged row.

import { createHash } from 'node:crypto'

import { XpodError } from '../../base/errors.ts'

/** Makes the error to throw, and notes the damage. */
type Damage = (reason: string) => Promise<Error>

/**
 * Resolves when the first bytes are there, so that what fails before them is answered as what it is, and not by a connection
 * that ends. What it resolves with must be read, or begun and left.
 */
export async function begun(stream: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const chunks = stream[Symbol.asyncIterator]()
  const first = await chunks.next()
  return (async function* () {
    try {
      for (let step = first; step.done !== true; step = await chunks.next()) yield step.value
    } finally {
      await chunks.return?.()
    }
  })()
}

/** Holds back the last chunk until the hash of all is known to be right. */
export async function* proving(
  stream: AsyncIterable<Uint8Array>,
  sha256: Uint8Array,
  damage: Damage,
): AsyncGenerator<Uint8Array> {
  const digest = createHash('sha256')
  let held: Uint8Array | undefined
  for await (const chunk of stream) {
    if (held !== undefined) yield held
    digest.update(chunk)
    held = chunk
  }
  if (!digest.digest().equals(sha256)) throw await damage('hash mismatch')
  if (held !== undefined) yield held
}

/** What a cache below found damaged is looked into here, where it is known whose it is. */
export async function* judging(stream: AsyncIterable<Uint8Array>, damage: Damage): AsyncGenerator<Uint8Array> {
  try {
    yield* stream
  } catch (error) {
    throw error instanceof XpodError && error.code === 'CORRUPT' ? await damage('hash mismatch') : error
  }
}

/** A file that lost its end must not look like an answer that is over. */
export async function* complete(
  stream: AsyncIterable<Uint8Array>,
  size: number,
  damage: Damage,
): AsyncGenerator<Uint8Array> {
  let left = size
  for await (const chunk of stream) {
    left -= chunk.length
    yield chunk
  }
  if (left !== 0) throw await damage('body cut')
}
