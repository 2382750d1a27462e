// The SQLite pod store against the model.

import { podBatchesSuite } from '../../conformance/pod-batches.ts'
import { openTestStore } from '../../support/temporary-store.ts'

podBatchesSuite('sqlite', () => openTestStore(), { runs: 60 })
