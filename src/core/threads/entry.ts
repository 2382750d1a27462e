// Where a worker thread starts. In the bundle every module is the bundle itself, whose main.ts sees that it is not the main
// thread and calls src/threads.ts; from source that same main.ts is three folders up. Starts nothing.

import { threadId } from 'node:worker_threads'

/** Differs between all threads of the process; 0 in the main thread. For names that several threads make. */
export const threadNumber = threadId

/** The module to give to `new Worker`. */
export function threadEntry(): URL {
  const here = new URL(import.meta.url)
  return here.pathname.endsWith('.ts') ? new URL('../../main.ts', here) : here
}
