// A copy of a data directory is the same node in another place: while one of the two runs, the other does not start, and a
// command on it does nothing to the first; when the first is dead, the other one is let in after the lease of the first.

import assert from 'node:assert/strict'
import { cp } from 'node:fs/promises'
import { test } from 'node:test'

import { freePort } from '../support/free-port.ts'
import { lacksPostgres } from '../support/postgres-programs.ts'
import { lacksS3 } from '../support/s3-server.ts'
import { type Finished, runXpod } from '../support/spawn.ts'
import { openPlace, type Place } from './centers.ts'

const skip = lacksPostgres || lacksS3
/** Less than a lease: nobody waits for one. */
const atOnceMs = 10_000
const leaseMs = 10_000

/** Files that are in use are copied as they are, as by a snapshot of the disk; sockets are not. */
async function copy(place: Place, from: string, to: string): Promise<void> {
  await cp(place.dataDir(from), place.dataDir(to), {
    recursive: true,
    filter: (path) => !path.endsWith('.sock'),
  })
}

async function startInVain(place: Place, name: string): Promise<Finished> {
  const listen = ['--listen', `127.0.0.1:${await freePort()}`, '--admin-listen', '127.0.0.1:0']
  const where = ['--data-dir', place.dataDir(name), '--base-url', place.baseUrl]
  return runXpod(['center', ...listen, ...where], { env: place.env })
}

test('a copy of a data directory does not run beside the first', { skip, timeout: 180_000 }, async () => {
  await using place = await openPlace()
  const first = await place.start('first')
  const pod = await place.createPod(first, 'alice')
  await copy(place, 'first', 'copy')

  const refused = await startInVain(place, 'copy')
  assert.equal(refused.status, 78, refused.stderr)
  assert.match(refused.stderr, /NODE_REPLACED/)
  assert.match(refused.stderr, /another place/)
  const listed = await runXpod(['pod', 'list', '--data-dir', place.dataDir('copy')], { env: place.env })
  assert.equal(listed.status, 78, listed.stderr)
  assert.equal((await place.ask(first, 'PUT', `${pod}doc`, { body: 'one' })).status, 201)
  assert.equal(first.process.exitCode, null, first.output())

  first.process.kill('SIGKILL')
  const killedMs = Date.now()
  const second = await place.start('copy')
  assert.ok(Date.now() - killedMs >= leaseMs, 'it has waited for the lease')
  assert.equal((await place.ask(second, 'GET', `${pod}doc`)).text, 'one')
  assert.equal((await place.ask(second, 'PUT', `${pod}doc`, { body: 'two' })).status, 204)
  assert.equal((await startInVain(place, 'first')).status, 78)

  // One that has ended by itself leaves nothing to wait for.
  assert.equal(await second.stop(), 0)
  const stoppedMs = Date.now()
  const third = await place.start('first')
  assert.ok(Date.now() - stoppedMs < atOnceMs)
  assert.equal((await place.ask(third, 'GET', `${pod}doc`)).text, 'two')
  third.process.kill('SIGKILL')
  const againMs = Date.now()
  const fourth = await place.start('first')
  assert.ok(Date.now() - againMs < atOnceMs, 'in the same place it is known to be dead')
  assert.equal((await place.ask(fourth, 'GET', `${pod}doc`)).text, 'two')
})
