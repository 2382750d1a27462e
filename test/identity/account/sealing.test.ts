// Secrets at rest: sealed under a file that is made once and must be the same ever after.

import assert from 'node:assert/strict'
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { systemRandom } from '../../../src/base/random.ts'
import { XpodError } from '../../../src/base/errors.ts'
import { openSealer, type Sealer } from '../../../src/identity/sealing.ts'
import { testOnEach } from '../../support/databases.ts'
import { failsWith, openWorld, type World } from './world.ts'

const text = Buffer.from('a private key')

function openAt(file: string, { db, clock }: World): Promise<Sealer> {
  return openSealer(file, { db, clock, random: systemRandom })
}

testOnEach(
  'what is sealed opens after a restart, differs each time and does not show what it holds',
  async (database) => {
    await using world = await openWorld(database)
    const file = join(world.dir, 'deep', 'secret')
    const sealer = await openAt(file, world)
    const [one, two] = [sealer.seal(text), sealer.seal(text)]
    assert.notDeepEqual(one, two)
    assert.equal(Buffer.from(one).includes(text), false)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    const again = await openAt(file, world)
    assert.deepEqual([again.open(one), again.open(two)], [text, text])
  },
)

testOnEach('two first starts at once agree on one secret', async (database) => {
  await using world = await openWorld(database)
  const file = join(world.dir, 'secret')
  const sealers = await Promise.all(Array.from({ length: 4 }, () => openAt(file, world)))
  const sealed = sealers[0]!.seal(text)
  for (const sealer of sealers) assert.deepEqual(sealer.open(sealed), text)
})

testOnEach(
  'another secret, or none where there was one, is refused with status 78 and nothing is made',
  async (database) => {
    await using world = await openWorld(database)
    const file = join(world.dir, 'secret')
    await openAt(file, world)
    const isMismatch = (error: unknown): boolean => error instanceof XpodError && error.exit === 78
    await assert.rejects(openAt(join(world.dir, 'other'), world), failsWith('SECRET_MISMATCH'))
    await assert.rejects(stat(join(world.dir, 'other')))
    const kept = await readFile(file)
    await writeFile(file, 'x'.repeat(43))
    await assert.rejects(openAt(file, world), failsWith('SECRET_MISMATCH'))
    await rm(file)
    await assert.rejects(openAt(file, world), isMismatch)
    await writeFile(file, kept)
    await openAt(file, world)
  },
)

testOnEach('every byte of what is sealed counts', async (database) => {
  await using world = await openWorld(database)
  const sealer = await openAt(join(world.dir, 'secret'), world)
  const sealed = sealer.seal(text)
  for (const index of sealed.keys()) {
    const altered = Uint8Array.from(sealed)
    altered[index]! ^= 1
    assert.throws(() => sealer.open(altered), failsWith('SECRET_MISMATCH'), `byte ${index}`)
    assert.throws(() => sealer.open(sealed.subarray(0, index)), failsWith('SECRET_MISMATCH'))
  }
})

testOnEach('a file that is no secret is refused', async (database) => {
  await using world = await openWorld(database)
  const file = join(world.dir, 'secret')
  await writeFile(file, 'short\n')
  await assert.rejects(openAt(file, world), failsWith('SECRET_UNUSABLE'))
  await assert.rejects(openAt(world.dir, world), failsWith('SECRET_UNUSABLE'))
  await writeFile(file, systemRandom.bytes(5000))
  await assert.rejects(openAt(file, world), failsWith('SECRET_UNUSABLE'))
  await chmod(file, 0o600)
})
