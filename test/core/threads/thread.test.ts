// Worker threads as something to ask: what waits is bounded, and a thread that dies lets nobody wait for ever. The checkpoint
// thread of the database serves as an example, because it is small.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import Sqlite from 'better-sqlite3'

import { XpodError } from '../../../src/base/errors.ts'
import { bootThread, startThread } from '../../../src/core/threads/thread.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

function failsWith(code: string): (error: unknown) => boolean {
  return (error) => error instanceof XpodError && error.code === code
}

test('requests are answered each, more than the bound are refused, and after its end all are', async () => {
  await using dir = await temporaryDirectory()
  const path = join(dir.path, 'x.db')
  new Sqlite(path).exec('PRAGMA journal_mode = WAL').close()
  const thread = startThread<'passive', null>('sqlite-checkpoint', { data: { path }, maxWaiting: 3 })
  const asked = Array.from({ length: 5 }, () => thread.ask('passive'))
  const results = await Promise.allSettled(asked)
  assert.deepEqual(
    results.map((result) => result.status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'],
  )
  assert(results.every((result) => result.status === 'fulfilled' || failsWith('OVERLOADED')(result.reason)))
  await thread[Symbol.asyncDispose]()
  await assert.rejects(thread.ask('passive'), failsWith('SHUTTING_DOWN'))
})

test('a thread that was booted before is started with what it is told then, and the next is another one', async () => {
  await using dir = await temporaryDirectory()
  const paths = ['a.db', 'b.db'].map((name) => join(dir.path, name))
  for (const path of paths) new Sqlite(path).exec('PRAGMA journal_mode = WAL').close()
  bootThread('sqlite-checkpoint')
  const [booted, other] = paths.map((path) =>
    startThread<'passive' | 'close', null>('sqlite-checkpoint', { data: { path }, maxWaiting: 3 }),
  )
  await booted!.ask('passive')
  await booted![Symbol.asyncDispose]()
  await other!.ask('passive')
  await other![Symbol.asyncDispose]()
})

test('a thread that cannot start rejects what waits with the code of its owner and says so once', async () => {
  await using dir = await temporaryDirectory()
  const crashes: unknown[] = []
  await using thread = startThread<'passive', null>('sqlite-checkpoint', {
    data: { path: join(dir.path, 'missing.db') },
    maxWaiting: 3,
    crashCode: 'OUTCOME_UNKNOWN',
    onCrash: (error) => crashes.push(error),
  })
  const asked = [thread.ask('passive'), thread.ask('passive')]
  for (const result of await Promise.allSettled(asked)) {
    assert(result.status === 'rejected' && failsWith('OUTCOME_UNKNOWN')(result.reason))
  }
  assert.equal(crashes.length, 1)
})
