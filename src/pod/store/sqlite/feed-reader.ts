// Reading the feed: entries after a position, or why they cannot be had. Never a gap that looks like nothing happened.

import { XpodError } from '../../../base/errors.ts'
import type { SqliteEngine } from '../../../core/db/sqlite/open.ts'
import { entryOf, type FeedRow, type FloorRow, goneSince } from '../feed.ts'
import type { ChangesPage, PodReader } from '../pod-store.ts'
import { feedColumns } from './feed.ts'
import type { LocalIds } from './local-ids.ts'

const maxChanges = 1000

export function createFeedReader(db: SqliteEngine, ids: LocalIds): Pick<PodReader, 'changes'> {
  const feed = db.prepare<FeedRow>(`SELECT ${feedColumns} FROM feed WHERE pod = ? AND seq > ? ORDER BY seq LIMIT ?`)
  const feedMark = db.prepare<{ mark: number }>('SELECT mark FROM feed WHERE pod = ? AND seq = ?')
  const floor = db.prepare<FloorRow>(
    'SELECT seq, mark, floor_seq AS floorSeq, floor_mark AS floorMark FROM pod_head WHERE pod = ?',
  )

  return {
    async changes(pod, after, limit): Promise<ChangesPage> {
      const id = ids.known(pod)
      const now = floor.get(id)
      if (now === undefined) throw new XpodError('POD_UNKNOWN')
      const gone = goneSince(now, after, () => feedMark.get(id, after.seq)?.mark)
      if (gone !== undefined) return { gone, floor: { seq: now.floorSeq, mark: now.floorMark } }
      const entries = feed.all(id, after.seq, Math.min(limit, maxChanges)).map(entryOf)
      return { entries, next: entries.at(-1)?.version ?? after }
    },
  }
}
