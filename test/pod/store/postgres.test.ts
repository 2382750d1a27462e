// The PostgreSQL pod store runs the suite of the contract, and against the model with one and two batches in flight, and
// through a pooler that may give each transaction another connection.

import { describe } from 'node:test'

import { type BatchWorld, podBatchesSuite } from '../../conformance/pod-batches.ts'
import { podStoreSuite } from '../../conformance/pod-store.ts'
import { lacksPgBouncer, startPgBouncer } from '../../support/pgbouncer.ts'
import { lacksPostgres } from '../../support/postgres-programs.ts'
import { openPostgresTestStore } from '../../support/postgres-store.ts'
import { sharedPostgres } from '../../support/stores.ts'

describe('on PostgreSQL', { skip: lacksPostgres }, () => {
  podStoreSuite('postgres and memory', () => openPostgresTestStore())
  for (const maxBatches of [1, 2]) {
    podBatchesSuite(`postgres, ${maxBatches} in flight`, () => openPostgresTestStore({ maxBatches }), { runs: 25 })
  }
  podBatchesSuite('postgres through PgBouncer', openPooled, { runs: 5, skip: lacksPgBouncer })
})

async function openPooled(): Promise<BatchWorld> {
  await using stack = new AsyncDisposableStack()
  const server = await sharedPostgres()
  const pooler = stack.use(await startPgBouncer({ port: server.port }))
  const world = stack.use(await openPostgresTestStore({ url: pooler.url(await server.freshDatabase()) }))
  const owned = stack.move()
  return { store: world.store, clock: world.clock, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
