// The SQLite pod store runs the suite of the contract.

import { podStoreSuite } from '../../conformance/pod-store.ts'
import { openTestStore } from '../../support/temporary-store.ts'

podStoreSuite('sqlite and files', () => openTestStore())
