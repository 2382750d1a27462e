// What bounds uploads and calls: the memory of all parts together, and the breaker. Exact, with a clock that a test moves.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { XpodError } from '../../../../src/base/errors.ts'
import { silentLog } from '../../../../src/base/log.ts'
import { systemRandom } from '../../../../src/base/random.ts'
import { Breaker } from '../../../../src/core/objects/s3/breaker.ts'
import { type PartMemory, UploadMemory } from '../../../../src/core/objects/s3/memory.ts'
import { partBytes } from '../../../../src/core/objects/s3/upload.ts'
import { createFakeClock } from '../../../support/fake-clock.ts'

const { signal } = new AbortController()
const isOverloaded = (error: unknown): boolean => error instanceof XpodError && error.code === 'OVERLOADED'
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('parts are 5 MiB, 16 from the thousandth and 64 from the five thousandth', () => {
  const sizes = [1, 999, 1000, 4999, 5000, 10_000].map((number) => partBytes(number) / 2 ** 20)
  assert.deepEqual(sizes, [5, 5, 16, 16, 64, 64])
})

describe('the memory of uploads', () => {
  const clock = createFakeClock()
  const open = (maxWaiting = 3): UploadMemory =>
    new UploadMemory({ clock, limitBytes: 100, reserveBytes: 20, maxWaiting })

  /** Whether it was granted by now. */
  function asking(part: PartMemory, bytes: number, under = signal): { granted: boolean; readonly done: Promise<void> } {
    const asked = { granted: false, done: Promise.resolve() }
    asked.done = part.grow(bytes, under).then(() => {
      asked.granted = true
    })
    asked.done.catch(() => undefined)
    return asked
  }

  test('is never more than the limit, and one part may use the reserve', async () => {
    const memory = open()
    const parts = Array.from({ length: 6 }, () => memory.open())
    for (const part of parts.slice(0, 4)) await part.grow(20, signal)
    assert.equal(memory.usedBytes, 80)
    const fifth = asking(parts[4]!, 10)
    const sixth = asking(parts[5]!, 10)
    await turn()
    assert.deepEqual([fifth.granted, sixth.granted, memory.usedBytes], [true, false, 90], 'the reserve is for one')
    await parts[4]!.grow(10, signal)
    assert.equal(memory.usedBytes, 100)
    parts[4]!.free()
    await turn()
    assert.deepEqual([sixth.granted, memory.usedBytes], [true, 90], 'then it is for the next')
    for (const part of parts) part.free()
    assert.equal(memory.usedBytes, 0)
  })

  test('many small parts that grow at the same time all come to their end', async () => {
    const memory = open(10)
    let most = 0
    const grow = async (): Promise<void> => {
      const part = memory.open()
      for (let bytes = 0; bytes < 20; bytes += 5) {
        await part.grow(5, signal)
        most = Math.max(most, memory.usedBytes)
        await turn()
      }
      part.free()
    }
    await Promise.all(Array.from({ length: 7 }, grow))
    assert(most <= 100)
    assert.equal(memory.usedBytes, 0)
  })

  test('is waited for in order, for a while, by a bounded number, and not by those who went away', async () => {
    const memory = open()
    const full = Array.from({ length: 5 }, () => memory.open())
    for (const part of full) await part.grow(20, signal)
    const abort = new AbortController()
    const gone = asking(memory.open(), 5, abort.signal)
    const late = asking(memory.open(), 5)
    const last = asking(memory.open(), 5)
    await assert.rejects(memory.open().grow(5, signal), isOverloaded)
    abort.abort(new Error('gone'))
    await assert.rejects(gone.done, /gone/)
    clock.advance(30_000)
    await assert.rejects(late.done, isOverloaded)
    await assert.rejects(last.done, isOverloaded)
    full[0]!.free()
    await memory.open().grow(5, signal)
    assert.equal(memory.usedBytes, 85, 'who gave up holds nothing')
  })
})

describe('the breaker', () => {
  const clock = createFakeClock()
  const open = (): Breaker =>
    new Breaker({ clock, random: systemRandom, log: silentLog, maxFailures: 3, firstPauseMs: 1000, maxPauseMs: 4000 })
  const fail = (breaker: Breaker, times: number): void => {
    for (let time = 0; time < times; time++) breaker.enter().failed()
  }
  const mayEnter = (breaker: Breaker): boolean => {
    try {
      breaker.enter().dropped()
      return true
    } catch (error) {
      assert(error instanceof XpodError && error.code === 'OBJECTS_UNAVAILABLE')
      return false
    }
  }

  test('opens after failures in a row, not after as many with an answer between', () => {
    const breaker = open()
    fail(breaker, 2)
    breaker.enter().answered()
    fail(breaker, 2)
    assert(mayEnter(breaker))
    fail(breaker, 1)
    assert(!mayEnter(breaker))
  })

  test('lets one call try when its pause is over, and all when that one is answered', () => {
    const breaker = open()
    fail(breaker, 3)
    clock.advance(1000)
    const trial = breaker.enter()
    assert(!mayEnter(breaker))
    trial.answered()
    assert(mayEnter(breaker) && !breaker.isOpen)
  })

  test('pauses longer each time, up to a bound', () => {
    const breaker = open()
    fail(breaker, 3)
    for (const pauseMs of [1000, 2000, 4000, 4000]) {
      clock.advance(pauseMs / 2 - 1)
      assert(!mayEnter(breaker), 'jitter takes half of it at most')
      clock.advance(pauseMs / 2 + 1)
      breaker.enter().failed()
    }
  })

  test('lets another one try when the first went away', () => {
    const breaker = open()
    fail(breaker, 3)
    clock.advance(1000)
    breaker.enter().dropped()
    assert(mayEnter(breaker))
  })

  test('calls that were under way when it opened do not prolong the pause', () => {
    const breaker = open()
    const passes = Array.from({ length: 6 }, () => breaker.enter())
    for (const pass of passes) pass.failed()
    clock.advance(1000)
    assert(mayEnter(breaker))
  })
})
