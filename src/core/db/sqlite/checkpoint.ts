// The checkpoint thread: folds the write-ahead log into the database beside the commits (PASSIVE never holds anybody up).
// Started when the log first reaches 4 MiB; a small idle server never pays for it.

import { serveThread, type ThreadPort } from '../../threads/serve.ts'
import { openReadingConnection } from './connection.ts'

export interface CheckpointStart {
  readonly path: string
}

export function runCheckpoint(port: ThreadPort, start: unknown): void {
  const { path } = start as CheckpointStart
  const db = openReadingConnection(path, { cacheKiB: 256, timeoutMs: 1000 })
  serveThread<'passive' | 'close', null>(port, (request) => {
    if (request === 'passive') db.pragma('wal_checkpoint(PASSIVE)')
    else db.close()
    return { reply: null }
  })
}
