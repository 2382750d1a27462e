// When the write-ahead log is folded into the database file: a checkpoint thread from 4 MiB on, beside the commits; the
// writer itself for the small rest, so that the log starts again at its beginning; a pause above 64 MiB; refusal of
// commits above 256 MiB, which only a reader that never ends can cause (store rule 21).

import { MiB } from '../../../base/bytes.ts'
import type { SqliteConnection } from './connection.ts'

const startCheckpointBytes = 4 * MiB
const littleLeftBytes = 1 * MiB
const pauseBytes = 64 * MiB
const refuseBytes = 256 * MiB

interface WalState {
  /** Frames in the log. */
  readonly log: number
  readonly checkpointed: number
}

export interface Wal {
  /** Between batches. */
  afterBatch(): void
  /** The checkpoint thread has ended a pass. */
  checkpointed(): void
  /** True when commits must be refused. */
  readonly isFull: boolean
  readonly bytes: number
}

export function createWal(db: SqliteConnection, askForCheckpoint: () => void): Wal {
  const pageBytes = db.pragma('page_size', { simple: true }) as number
  const look = db.prepare('PRAGMA wal_checkpoint(NOOP)')
  let isAsked = false
  let bytes = 0

  function measure(): WalState {
    const state = look.get() as WalState
    bytes = state.log * pageBytes
    return state
  }

  return {
    afterBatch() {
      measure()
      if (bytes >= pauseBytes) {
        db.pragma('wal_checkpoint(RESTART)')
        // The log begins again with the next write; what is there now is folded in.
        const { log, checkpointed } = measure()
        bytes = log === checkpointed ? 0 : bytes
      } else if (bytes >= startCheckpointBytes && !isAsked) {
        isAsked = true
        askForCheckpoint()
      }
    },
    checkpointed() {
      isAsked = false
      const { log, checkpointed } = measure()
      if (log > checkpointed && (log - checkpointed) * pageBytes <= littleLeftBytes)
        db.pragma('wal_checkpoint(PASSIVE)')
    },
    get isFull() {
      return bytes >= refuseBytes
    },
    get bytes() {
      return bytes
    },
  }
}
