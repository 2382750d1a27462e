// What each worker thread runs: role → function. main.ts comes here when it is not the main thread. The only place where a
// thread of core learns of a part above it: the SQLite writer is handed the pod store's procedures here.

import assert from 'node:assert/strict'
import { parentPort, workerData } from 'node:worker_threads'

import type { ThreadBoot, ThreadRole } from './core/threads/messages.ts'
import type { RunThreadRole } from './core/threads/serve.ts'

const roles: Readonly<Record<ThreadRole, () => Promise<RunThreadRole>>> = {
  'sqlite-writer': async () => {
    const { runWriter } = await import('./core/db/sqlite/writer.ts')
    const { podProcedures } = await import('./pod/store/sqlite/writer/procedures.ts')
    return (port, start) => runWriter(port, start, podProcedures)
  },
  'sqlite-checkpoint': async () => (await import('./core/db/sqlite/checkpoint.ts')).runCheckpoint,
  rdf: async () => (await import('./pod/rdf/thread.ts')).runRdfThread,
}

/** A failure to start is an unhandled rejection, which ends the thread and reaches its owner as a crash. */
export function runThread(): void {
  const port = parentPort
  assert(port !== null, 'runs in a worker thread')
  const { role } = workerData as ThreadBoot
  void roles[role]().then((run) => port.once('message', (start: unknown) => run(port, start)))
}
