// Accounts whose deletion is due disappear with their pods, each for itself.

import assert from 'node:assert/strict'

import { silentLog } from '../../../src/base/log.ts'
import { startPurging } from '../../../src/identity/account/purge-rounds.ts'
import { until } from '../../support/until.ts'
import { testOnEach } from '../../support/databases.ts'
import { openWorld, signUp } from './world.ts'

const roundMs = 5 * 60_000

testOnEach(
  'a due account loses its pods, then itself; one that cannot lose a pod is tried again and delays no other',
  async (database) => {
    await using world = await openWorld(database)
    const { accounts, clock } = world
    const [stuck, free] = [await signUp(accounts, 'a@b'), await signUp(accounts, 'c@d')]
    await accounts.linkPod(stuck.id, 'gone')
    await accounts.linkPod(stuck.id, 'stuck')
    await accounts.linkPod(free.id, 'free')
    let isStuck = true
    const deleted: string[] = []
    const errors: string[] = []
    await using _purging = startPurging({
      accounts,
      clock,
      log: { ...silentLog, error: (event) => void errors.push(event) },
      async deletePod(pod) {
        if (pod === 'stuck' && isStuck) throw new Error('the disk is full')
        deleted.push(pod)
      },
      podBase: async () => undefined,
      revokeWebId: async () => undefined,
    })
    await accounts.scheduleDelete(stuck.id, clock.nowMs())
    await accounts.scheduleDelete(free.id, clock.nowMs() + 1)
    clock.advance(roundMs)
    await until('the other account is removed', async () => (await accounts.get(free.id)) === undefined)
    assert.deepEqual(await accounts.pods(stuck.id), ['stuck'])
    assert.deepEqual(
      [deleted, errors],
      [
        ['gone', 'free'],
        ['pod.unremoved', 'account.unremoved'],
      ],
    )
    isStuck = false
    await until('it is removed in a later round', async () => {
      clock.advance(roundMs)
      return (await accounts.get(stuck.id)) === undefined
    })
    assert.deepEqual(deleted, ['gone', 'free', 'stuck'])
  },
)

testOnEach(
  'a pod whose deletion is due goes with the WebIDs in it; one whose deletion was taken back stays',
  async (database) => {
    await using world = await openWorld(database)
    const { accounts, clock } = world
    const { id } = await signUp(accounts, 'a@b')
    for (const pod of ['due', 'kept']) await accounts.linkPod(id, pod)
    await accounts.linkWebId(id, 'https://pods.example/due/profile/card#me')
    await accounts.linkWebId(id, 'https://pods.example/kept/profile/card#me')
    await accounts.setPodDelete(id, 'due', clock.nowMs() + 1)
    await accounts.setPodDelete(id, 'kept', clock.nowMs() + 1)
    await accounts.setPodDelete(id, 'kept', undefined)
    const deleted: string[] = []
    const revoked: string[] = []
    await using _purging = startPurging({
      accounts,
      clock,
      log: silentLog,
      deletePod: async (pod) => void deleted.push(pod),
      podBase: async (pod) => `https://pods.example/${pod}/`,
      revokeWebId: async (_account, webId) => void revoked.push(webId),
    })
    assert.deepEqual(await accounts.podLinks(id).then((links) => links.map(({ pod }) => pod)), ['due', 'kept'])
    clock.advance(roundMs)
    await until('the pod is gone', async () => (await accounts.pods(id)).length === 1)
    assert.deepEqual([deleted, revoked], [['due'], ['https://pods.example/due/profile/card#me']])
    assert.deepEqual(
      (await accounts.webIds(id)).map(({ webId }) => webId),
      ['https://pods.example/kept/profile/card#me'],
    )
    await assert.rejects(accounts.setPodDelete(id, 'other', 1), { code: 'POD_UNKNOWN' })
  },
)
