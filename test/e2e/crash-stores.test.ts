// The stores of a center die under write load and come back: PostgreSQL and S3 are killed while the center lives on, and in the
// end all three are. What was acknowledged is there, nothing is half there, and nobody repairs anything in between. That the
// center alone is killed is crash.test.ts, which runs on these stores as well.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'

import { LoadRounds } from '../support/load-rounds.ts'
import { type Running, Scene } from '../support/load-scene.ts'
import { lacksPostgres } from '../support/postgres-programs.ts'
import { startPostgres } from '../support/postgres-server.ts'
import { lacksS3, startS3Server } from '../support/s3-server.ts'
import { until } from '../support/until.ts'

const rounds = 3
const skip = lacksPostgres || lacksS3

test('every acknowledged write survives that PostgreSQL and S3 are killed under load', { skip }, async (t) => {
  await using database = await startPostgres()
  await using store = await startS3Server()
  const env = {
    XPOD_DB: await database.freshDatabase(),
    XPOD_S3: `${store.endpoint}/${store.bucket}`,
    XPOD_S3_ACCESS_KEY: store.accessKey,
    XPOD_S3_SECRET_KEY: store.secretKey,
  }
  const killStores = (): Promise<unknown> => Promise.all([database.stop('kill'), store.stop('SIGKILL')])
  const startStores = (): Promise<unknown> => Promise.all([database.start(), store.start()])
  await using scene = await Scene.open()
  const start = (): Promise<Running> => scene.start({ env, args: ['--cache-path', scene.path('cache')] })
  const running = await start()
  const load = new LoadRounds(scene)
  t.diagnostic(`seed ${load.seed}`)
  await load.createPod()
  for (let round = 0; round < rounds; round++) {
    await load.writeUntilKilled({
      async kill() {
        await killStores()
        await startStores()
      },
    })
    await until('the center is back on both stores', () => isWritable(scene), 30_000)
    await load.compare(`round ${round}`)
  }
  await load.writeUntilKilled({
    async kill() {
      await killStores()
      await running.kill()
    },
  })
  await startStores()
  const last = await start()
  await load.compare('after all of them died')
  assert.equal(await last.stop(), 0)
  t.diagnostic(`${load.acknowledged} acknowledged writes`)
  assert.ok(load.acknowledged > rounds, `only ${load.acknowledged} writes were acknowledged`)
})

/** A body that is too large for the database; outside of what the load compares. */
async function isWritable(scene: Scene): Promise<boolean> {
  const headers = { 'content-type': 'application/octet-stream' }
  const answer = await fetch(`${scene.baseUrl}alice/probe`, { method: 'PUT', headers, body: randomBytes(70_000) })
  await answer.arrayBuffer()
  return answer.ok
}
