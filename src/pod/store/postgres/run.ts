// This run of the node, by the row of the node: its `instance` is part of every commit's fence, so a run that another has
// followed writes nothing any more (store rule 9). A run in the same place, whose data directory is locked by this process, is
// over; so is one that has ended by itself. Any other may live, on the machine that this directory was copied from: it is
// watched for as long as a lease may last, and when it beats, this one does not start.

import { type Clock, delay } from '../../../base/clock.ts'
import { XpodError } from '../../../base/errors.ts'
import type { Log } from '../../../base/log.ts'
import type { PostgresEngine } from '../../../core/db/postgres/open.ts'

export interface RunParts {
  readonly db: Pick<PostgresEngine, 'call' | 'read' | 'isUp'>
  readonly node: string
  readonly instance: string
  /** The same for runs of which only one can live at a time; never empty. */
  readonly place: string
  readonly clock: Clock
  readonly log: Log
}

/** Longer than any read lease: who has not beaten for so long answers nothing from memory any more. */
export const deadAfterMs = 15_000

const everyMs = 500
/** Of runs that come and go in the same place while this one waits. */
const maxLooks = 1000
/** A run that has ended is in no place. */
const nowhere = ''

const seeRun = `SELECT instance, beat, place, xpod_era() AS era, CASE
    WHEN beat_at < clock_timestamp() - make_interval(secs => ?) THEN 1 ELSE 0 END AS "isExpired"
  FROM node WHERE id = ?`
const addRun = `INSERT INTO node (id, instance, place) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING`
const takeOver = `UPDATE node SET instance = ?, place = ?, started_at = clock_timestamp()
  WHERE id = ? AND instance = ? AND beat = ?`
const restore = `INSERT INTO node (id, instance, place) VALUES (?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET instance = excluded.instance WHERE node.place = excluded.place RETURNING id`
const endRun = `UPDATE node SET place = '${nowhere}' WHERE id = ? AND instance = ?`

const again = { repeatable: true }

interface SeenRun {
  readonly instance: string
  readonly beat: number
  readonly place: string
  readonly era: string
  readonly isExpired: number
}

/** Resolves when this is the run of the node; disposing ends it. Throws NODE_REPLACED when another one lives. */
export async function startRun(parts: RunParts): Promise<AsyncDisposable> {
  const { db, node, instance, place, clock, log } = parts
  let watched: { readonly seen: SeenRun; readonly sinceMs: number } | undefined
  for (let look = 0; look < maxLooks; look++) {
    const [seen] = (await db.read(seeRun, [deadAfterMs / 1000, node])) as unknown as SeenRun[]
    if (seen?.instance === instance) return { [Symbol.asyncDispose]: () => end(parts) }
    const nowMs = clock.monotonicMs()
    if (seen === undefined) await db.call(addRun, [node, instance, place], again)
    else if (isOver(seen, place, watched && nowMs - watched.sinceMs)) {
      await db.call(takeOver, [instance, place, node, seen.instance, seen.beat], again)
    } else {
      if (watched === undefined) log.warn('center.node-awaited', { node, atMostMs: deadAfterMs })
      // What another server says may be older than what was seen before: it begins anew.
      if (watched?.seen.era !== seen.era) watched = { seen, sinceMs: nowMs }
      else if (watched.seen.instance !== seen.instance || watched.seen.beat !== seen.beat) {
        throw new XpodError('NODE_REPLACED', `${node} is running in another place`)
      }
      await delay(clock, everyMs)
    }
  }
  throw new XpodError('NODE_REPLACED', `${node} is started over and over in another place`)
}

/**
 * A failover may have lost this run's entry: the row names one before it, in the same place, or there is none. False: it names
 * a run in another place, which has followed this one.
 */
export async function restoreRun(
  db: Pick<PostgresEngine, 'call'>,
  { node, instance, place }: Pick<RunParts, 'node' | 'instance' | 'place'>,
): Promise<boolean> {
  return (await db.call(restore, [node, instance, place], again)).length > 0
}

function isOver(seen: SeenRun, place: string, unchangedMs = 0): boolean {
  if (seen.place === place || seen.place === nowhere) return true
  return seen.isExpired === 1 && unchangedMs >= deadAfterMs
}

/** So that its directory may be moved: the next run, wherever it is, waits for nothing. */
async function end({ db, node, instance, log }: RunParts): Promise<void> {
  if (!db.isUp) return
  try {
    await db.call(endRun, [node, instance], again)
  } catch (error) {
    log.warn('center.node-kept', { node, error })
  }
}
