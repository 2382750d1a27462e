// What the pod store runs inside the writer thread: name → maker. threads.ts hands this table to the writer.

import type { Procedures } from '../../../core/db/sqlite/procedure.ts'
import { createCommit } from './commit.ts'
import { lifeProcedures } from './pods.ts'
import { sweepProcedures } from './sweep.ts'

export const podProcedures: Procedures = {
  'pod.commit': createCommit,
  ...lifeProcedures,
  ...sweepProcedures,
}
