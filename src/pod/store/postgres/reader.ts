// Reads of the pod store: each one statement and so one snapshot, whole pages, nothing held open. Names of pods are looked up
// in the same statement.

import { XpodError } from '../../../base/errors.ts'
import type { Row } from '../../../core/db/database.ts'
import type { PostgresEngine } from '../../../core/db/postgres/open.ts'
import type { ObjectStore } from '../../../core/objects/object-store.ts'
import { keyOf, nameOf, type Path } from '../../path.ts'
import { createBodyReader } from '../bodies.ts'
import { entryOf, type FeedRow, type FloorRow, goneSince } from '../feed.ts'
import type { ChangesPage, ChildPage, Found, PodReader } from '../pod-store.ts'
import type { Quarantine } from '../quarantine.ts'
import type { PodId } from '../resource.ts'
import {
  childOf,
  type ChildRow,
  containerKind,
  headOf,
  type HeadRow,
  parentKeyOf,
  resourceOf,
  type ResourceRow,
} from '../rows.ts'
import { feedColumns, headColumns, readColumns } from './columns.ts'

export interface ReaderParts {
  readonly db: PostgresEngine
  readonly objects: ObjectStore
  readonly quarantine: Quarantine
}

const maxChildren = 10_000
const maxChanges = 1000

const thisPod = '(SELECT p.pod FROM pod p WHERE p.id = ?)'

const findHead = `SELECT ${headColumns} FROM pod_head h WHERE h.pod = ${thisPod}`

const findRow = `SELECT h.seq AS "atSeq", h.mark AS "atMark", ${readColumns}
  FROM pod_head h LEFT JOIN resource r ON r.pod = h.pod AND r.parent = ? AND r.name = ? WHERE h.pod = ${thisPod}`

const findBody = `SELECT bytes FROM body WHERE id = ? AND pod = ${thisPod}`

/** One row for each child, or one without a child; none when the container is gone. */
const listChildren = `SELECT c.seq AS "ownSeq", c.mark AS "ownMark", c.child_seq AS "ownChildSeq", r.*
  FROM resource c LEFT JOIN LATERAL (
    SELECT r.parent || '/' || r.name AS "key", r.kind, r.media_type AS "mediaType", r.size, r.modified_ms AS "modifiedMs"
    FROM resource r WHERE r.pod = c.pod AND r.parent = ? AND r.name > ? AND r.kind < 2 ORDER BY r.name LIMIT ?
  ) r ON true
  WHERE c.pod = ${thisPod} AND c.parent = ? AND c.name = ? AND c.kind = ${containerKind} ORDER BY r."key"`

/** One row for each entry, or one without an entry; none when the pod is gone. */
const listChanges = `SELECT h.seq AS "nowSeq", h.mark AS "nowMark", h.floor_seq AS "floorSeq", h.floor_mark AS "floorMark",
    (SELECT o.mark FROM feed o WHERE o.pod = h.pod AND o.seq = ?) AS "markThere", f.*
  FROM pod_head h LEFT JOIN LATERAL (
    SELECT ${feedColumns} FROM feed f WHERE f.pod = h.pod AND f.seq > ? ORDER BY f.seq LIMIT ?
  ) f ON true
  WHERE h.pod = ${thisPod} ORDER BY f.seq`

interface FoundRow extends Omit<ResourceRow, 'd' | 'seq'> {
  readonly atSeq: number
  readonly atMark: number
  /** Null together with all the others when nothing stands there. */
  readonly seq: number | null
}

interface OwnRow extends ChildRow {
  readonly ownSeq: number
  readonly ownMark: number
  readonly ownChildSeq: number
}

interface ChangesRow extends FeedRow, Pick<FloorRow, 'floorSeq' | 'floorMark'> {
  readonly nowSeq: number
  readonly nowMark: number
  readonly markThere: number | null
}

export function createReader({ db, objects, quarantine }: ReaderParts): PodReader {
  /** Rows in the form that the query gives them. */
  async function read<T>(query: string, args: readonly (string | number)[]): Promise<readonly T[]> {
    return (await db.read<Row>(query, args)) as unknown as readonly T[]
  }

  async function findNow(pod: PodId, path: Path): Promise<Found> {
    const key = keyOf(path)
    const [row] = await read<FoundRow>(findRow, [parentKeyOf(key), nameOf(key), pod])
    if (row === undefined) throw new XpodError('POD_UNKNOWN')
    const at = { seq: row.atSeq, mark: row.atMark }
    return { at, resource: row.seq === null ? undefined : resourceOf({ ...row, seq: row.seq }) }
  }

  return {
    async head(pod) {
      const [row] = await read<HeadRow>(findHead, [pod])
      return row === undefined ? undefined : headOf(pod, row)
    },
    find: findNow,
    ...createBodyReader({
      objects,
      quarantine,
      findNow,
      inlineBytes: async (pod, id) => (await read<{ bytes: Uint8Array }>(findBody, [id, pod]))[0]?.bytes,
    }),
    async children(pod, path, after, limit): Promise<ChildPage | undefined> {
      const key = keyOf(path)
      const last = after === undefined ? '' : nameOf(after)
      const args = [key, last, Math.min(limit, maxChildren), pod, parentKeyOf(key), nameOf(key)]
      const rows = await read<OwnRow>(listChildren, args)
      const own = rows[0]
      if (own === undefined) {
        if ((await read(findHead, [pod])).length === 0) throw new XpodError('POD_UNKNOWN')
        return undefined
      }
      const page = rows.filter((row) => row.key !== null).map(childOf)
      return { version: { seq: own.ownSeq, mark: own.ownMark }, childSeq: own.ownChildSeq, page }
    },
    async changes(pod, after, limit): Promise<ChangesPage> {
      const rows = await read<ChangesRow>(listChanges, [after.seq, after.seq, Math.min(limit, maxChanges), pod])
      const [now] = rows
      if (now === undefined) throw new XpodError('POD_UNKNOWN')
      const { nowSeq, nowMark, floorSeq, floorMark, markThere } = now
      const floor = { seq: nowSeq, mark: nowMark, floorSeq, floorMark }
      const gone = goneSince(floor, after, () => markThere ?? undefined)
      if (gone !== undefined) return { gone, floor: { seq: floorSeq, mark: floorMark } }
      const entries = rows.filter((row) => row.seq !== null).map(entryOf)
      return { entries, next: entries.at(-1)?.version ?? after }
    },
  }
}
