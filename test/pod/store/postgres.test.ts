// The PostgreSQL pod store runs the suite of the contract, and against the model with one and two batches in flight.

import { describe } from 'node:test'

import { podBatchesSuite } from '../../conformance/pod-batches.ts'
import { podStoreSuite } from '../../conformance/pod-store.ts'
import { lacksPostgres } from '../../support/postgres-programs.ts'
import { openPostgresTestStore } from '../../support/postgres-store.ts'

describe('on PostgreSQL', { skip: lacksPostgres }, () => {
  podStoreSuite('postgres and memory', () => openPostgresTestStore())
  podBatchesSuite('postgres, one batch in flight', () => openPostgresTestStore({ maxBatches: 1 }))
  podBatchesSuite('postgres, two batches in flight', () => openPostgresTestStore({ maxBatches: 2 }))
})
