// Where a worker thread starts: at the entry of the program, whose main.ts sees that it is not the main thread and calls
// src/threads.ts. In the bundle the entry lies beside every part of it; from source it is three folders up. Starts nothing.

import { threadId } from 'node:worker_threads'

/** Differs between all threads of the process; 0 in the main thread. For names that several threads make. */
export const threadNumber = threadId

/** The module to give to `new Worker`. */
export function threadEntry(): URL {
  const here = new URL(import.meta.url)
  return new URL(here.pathname.endsWith('.ts') ? '../../main.ts' : 'xpod.mjs', here)
}
