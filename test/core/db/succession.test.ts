// Which server a process is with: others hear of a change before it is used, and nobody goes back.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { XpodError } from '../../../src/base/errors.ts'
import { createLog } from '../../../src/base/log.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import { type ServerIdentity, Succession } from '../../../src/core/db/postgres/succession.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

const server: ServerIdentity = { system: '7', timeline: 3, startedMs: 1000 }

function begin(): { succession: Succession; heard: (readonly [number, boolean])[]; log: string[] } {
  const log: string[] = []
  const write = (line: string): void => void log.push(line)
  const made = createLog({ level: 'info', format: 'json', clock: createFakeClock(), write, journal: false })
  const succession = new Succession({ log: made, metrics: createMetrics() })
  const heard: (readonly [number, boolean])[] = []
  succession.onChange(({ server: { timeline }, mayHaveLost }) => heard.push([timeline, mayHaveLost]))
  return { succession, heard, log }
}

test('the first server, and the same again, is no change', () => {
  const { succession, heard } = begin()
  assert.equal(succession.timeline, 1)
  succession.met(server)
  succession.met({ ...server })
  assert.equal(succession.timeline, 3)
  assert.deepEqual(heard, [])
})

test('a restart is a change that loses nothing, a promotion and another cluster may have lost', () => {
  const { succession, heard, log } = begin()
  succession.met(server)
  succession.met({ ...server, startedMs: 2000 })
  succession.met({ ...server, timeline: 4, startedMs: 3000 })
  succession.met({ ...server, system: '8', timeline: 1 })
  assert.deepEqual(heard, [
    [3, false],
    [4, true],
    [1, true],
  ])
  assert.deepEqual(
    log.map((line) => (JSON.parse(line) as { msg: string }).msg),
    ['db.restarted', 'db.failed-over', 'db.failed-over'],
  )
})

test('a server that was replaced is refused, whatever it has done since', () => {
  const { succession, heard } = begin()
  succession.met({ ...server, timeline: 4 })
  for (const startedMs of [1000, 9000]) {
    assert.throws(
      () => succession.met({ ...server, startedMs }),
      (error) => error instanceof XpodError && error.code === 'DATABASE_UNAVAILABLE',
    )
  }
  assert.equal(succession.timeline, 4)
  assert.deepEqual(heard, [])
})
