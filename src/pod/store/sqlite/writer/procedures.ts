// What the pod store runs inside the writer thread: name → maker. threads.ts hands this table to the writer.

import type { Procedures } from '../../../../core/db/sqlite/procedure.ts'
import { type CommitLine, decodeCommit, encodeOutcome } from '../wire.ts'
import { createCommit } from './commit.ts'
import { garbageProcedures } from './garbage.ts'
import { importProcedures } from './import.ts'
import { lifeProcedures } from './pods.ts'
import { retentionProcedures } from './retention.ts'

export const podProcedures: Procedures = {
  'pod.commit': (sql) => {
    const commit = createCommit(sql)
    return (line: CommitLine) => encodeOutcome(commit(decodeCommit(line)))
  },
  ...lifeProcedures,
  ...garbageProcedures,
  ...retentionProcedures,
  ...importProcedures,
}
