// argv → program; one bundle also serves as the entry of every worker thread. The first SIGINT or SIGTERM asks the program
// to finish, the second ends it now.

import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  const stop = new AbortController()
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(status)
      stop.abort()
    })
  }
  const { runProgram } = await import('./cli/program.ts')
  process.exit(await runProgram(process.argv.slice(2), stop.signal))
} else {
  const { runThread } = await import('./threads.ts')
  runThread()
}
