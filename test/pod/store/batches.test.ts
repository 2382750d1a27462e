// The SQLite pod store against the model.

import { podBatchesSuite } from '../../conformance/pod-batches.ts'
import { openSqliteTestStore } from '../../support/sqlite-store.ts'

podBatchesSuite('sqlite', () => openSqliteTestStore(), { runs: 60 })
