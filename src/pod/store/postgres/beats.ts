// The beat of a node in its row, and who else has one: one statement, by the clock of the database. It waits for no commit, and
// gives up soon when the database does not answer, so that the next one can try.

import type { PostgresEngine } from '../../../core/db/postgres/open.ts'
import type { Timeouts } from '../../../core/db/postgres/session.ts'
import type { ServerIdentity } from '../../../core/db/postgres/succession.ts'
import type { Beaten } from '../../../core/heartbeat/heartbeat.ts'
import { restoreRun } from './run.ts'

/** For a pool that only beats. */
export const beatTimeouts: Timeouts = { statementMs: 2000, lockMs: 1500, idleMs: 5000, connectMs: 2000, resolveMs: 0 }

const maxNodes = 1000

/** Rows as they were before this beat; of the own one only counts that it is there. */
const beatQuery = `WITH mine AS (
    UPDATE node SET beat = beat + 1, beat_at = clock_timestamp() WHERE id = ? AND instance = ? RETURNING id
  )
  SELECT n.id, n.instance, n.beat, xpod_era() AS era, EXISTS (SELECT FROM mine) AS "isMine"
  FROM node n ORDER BY n.beat_at DESC LIMIT ${maxNodes}`

type BeatRow = Readonly<Record<'id' | 'instance' | 'era', string>> & Readonly<Record<'beat' | 'isMine', number>>

export function createBeat(
  db: Pick<PostgresEngine, 'call' | 'succession'>,
  run: { readonly node: string; readonly instance: string; readonly place: string },
): () => Promise<Beaten> {
  const beat = (): Promise<BeatRow[]> => db.call<BeatRow>(beatQuery, [run.node, run.instance])
  return async () => {
    let rows = await beat()
    if (rows[0]?.isMine !== 1 && (await restoreRun(db, run))) rows = await beat()
    const [first] = rows
    if (first === undefined) return { isMine: false, era: '', beats: [] }
    // Through a pooler nobody else sees that it is another server.
    db.succession.met(serverOf(first.era))
    db.succession.takesWrites(true)
    return { isMine: first.isMine === 1, era: first.era, beats: rows }
  }
}

/** As xpod_era() writes it. */
function serverOf(era: string): ServerIdentity {
  const [system = '', timeline, startedMs] = era.split('/')
  return { system, timeline: Number(timeline), startedMs: Number(startedMs) }
}
