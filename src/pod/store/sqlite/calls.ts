// What staging and chores ask of the database, as calls of the writer's procedures and reads of this thread's connection.

import { MiB } from '../../../base/bytes.ts'
import type { SqliteEngine } from '../../../core/db/sqlite/open.ts'
import { choreLane } from '../../../core/db/sqlite/procedure.ts'
import type { ChoreRows, DiskRoom } from '../chores.ts'
import type { ReadUsage } from '../reservations.ts'
import type { Room } from '../room.ts'
import type { StageRows } from '../stage.ts'

/** Ballast in the first minute: deletes have some room from the start, and a short run need not fill all of it. */
const firstBallastBytes = 2 * MiB

export function createStageRows(db: SqliteEngine): StageRows {
  return {
    add: (call) => db.call('stage.add', call, { lane: call.pod }),
    drop: (call) => db.call('stage.drop', call, { lane: call.pod }),
  }
}

export function createChoreRows(db: SqliteEngine): ChoreRows {
  const lane = { lane: choreLane }
  return {
    abandon: (call) => db.call('stage.abandon', call, lane),
    empty: (call) => db.call('pod.empty', call, lane),
    mark: (call) => db.call('garbage.mark', call, lane),
    gone: (doomed) => db.call('garbage.gone', doomed, lane),
    trim: (call) => db.call('feed.trim', call, lane),
  }
}

export function createDiskRoom(db: SqliteEngine, room: Room): DiskRoom {
  return {
    get isFull() {
      return db.isFull
    },
    async keep(isYoung) {
      await room.refresh()
      if (room.isAmple) await db.hasRoom(isYoung ? firstBallastBytes : undefined)
    },
  }
}

export function createReadUsage(db: SqliteEngine): ReadUsage {
  const usage = db.prepare<{ bytes: number; quota: number }>(
    `SELECT h.bytes, p.quota_bytes AS quota FROM pod p JOIN pod_head h ON h.pod = p.pod
     WHERE p.id = ? AND p.name IS NOT NULL`,
  )
  return async (pod) => usage.get(pod)
}
