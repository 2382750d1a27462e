// argv → program; one bundle also serves as the entry of every worker thread.

import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  const { runProgram } = await import('./cli/program.ts')
  process.exitCode = await runProgram(process.argv.slice(2))
} else {
  const { runThread } = await import('./threads.ts')
  runThread()
}
