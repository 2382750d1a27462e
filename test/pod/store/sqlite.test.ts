// The SQLite pod store runs the suite of the contract.

import { podStoreSuite } from '../../conformance/pod-store.ts'
import { openSqliteTestStore } from '../../support/sqlite-store.ts'

podStoreSuite('sqlite and files', () => openSqliteTestStore())
