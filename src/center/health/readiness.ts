// Whether this server should get requests, asked when somebody wants to know: draining, database, room on the disk, and
// rows that are set aside because they are damaged. Quarantined rows and a full disk do not make it unready: reads work.

import { MiB } from '../../base/bytes.ts'
import { toXpodError } from '../../base/errors.ts'
import type { Database } from '../../core/db/database.ts'
import { readSetting } from '../../core/db/settings.ts'
import type { ObjectStore } from '../../core/objects/object-store.ts'
import type { ReadLease } from '../../pod/lease.ts'
import type { PodStore } from '../../pod/store/pod-store.ts'

interface Check {
  readonly name: string
  readonly ok: boolean
  /** Worth a look, but requests can be served. */
  readonly harmless: boolean
  readonly detail: string
}

export interface Readiness {
  check(): Promise<readonly Check[]>
}

/** Below this, the disk is worth a warning. */
const littleRoomBytes = 256 * MiB
/** Of the quarantined rows, so many are named. */
const maxNamed = 20

export function watchReadiness(parts: {
  readonly db: Database
  readonly objects: ObjectStore
  readonly store: PodStore
  /** Where other centers use the same database. */
  readonly lease: ReadLease | undefined
  readonly isDraining: () => boolean
}): Readiness {
  return {
    async check() {
      const isDraining = parts.isDraining()
      return [
        { name: 'accepting requests', ok: !isDraining, harmless: false, detail: isDraining ? 'draining' : '' },
        await checkDatabase(parts.db),
        await checkRoom(parts.objects),
        checkObjects(parts.objects),
        checkRows(parts.store),
        ...(parts.lease === undefined ? [] : [checkLease(parts.lease)]),
      ]
    },
  }
}

async function checkDatabase(db: Database): Promise<Check> {
  try {
    await readSetting(db, 'base-url')
    return { name: 'database', ok: true, harmless: false, detail: '' }
  } catch (error) {
    return { name: 'database', ok: false, harmless: false, detail: toXpodError(error).code }
  }
}

/** Without it everything is read from the database, which is its own check. */
function checkLease(lease: ReadLease): Check {
  const ok = lease.term() !== 0
  return { name: 'read lease', ok, harmless: true, detail: ok ? '' : 'the database took no beat for 10 seconds' }
}

async function checkRoom(objects: ObjectStore): Promise<Check> {
  const room = await objects.room()
  const ok = room === undefined || room.freeBytes >= littleRoomBytes
  const detail = room === undefined ? '' : `${Math.floor(room.freeBytes / MiB)} MiB free`
  return { name: 'disk', ok, harmless: true, detail }
}

/** Only large bodies lie there. */
function checkObjects({ trouble }: ObjectStore): Check {
  return { name: 'object store', ok: trouble === undefined, harmless: true, detail: trouble ?? '' }
}

function checkRows(store: PodStore): Check {
  const rows = store.quarantined()
  const named = rows.slice(0, maxNamed).map(({ pod, path, reason }) => `${pod} ${path} (${reason})`)
  const more = rows.length > maxNamed ? [`and ${rows.length - maxNamed} more`] : []
  return { name: 'stored resources', ok: rows.length === 0, harmless: true, detail: [...named, ...more].join(', ') }
}
