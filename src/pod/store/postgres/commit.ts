// Commits on PostgreSQL: changes become lines, lines batches, a batch one call. What is in the way or lost on the way is run
// again by the engine with the same opIds, so that it happens once (store rules 3 and 5); an outcome is told when it is durable.

import { XpodError } from '../../../base/errors.ts'
import type { PostgresEngine } from '../../../core/db/postgres/open.ts'
import type { Change, Outcome } from '../change.ts'
import type { PodId } from '../resource.ts'
import { Batches, type Entry, type Result } from './batches.ts'
import { commitQuery, commitValues, type CompiledChange, decodeAnswer, encodeBatch, type Stamp } from './call.ts'
import { footprintOf, KnownContainers, Taken } from './footprint.ts'
import { compile, weightOf } from './lines.ts'
import { LocalIds } from './local-ids.ts'

export interface CommitParts {
  readonly db: PostgresEngine
  readonly stamp: () => Stamp
  readonly maxBatches: number
}

export interface Committer {
  commit(change: Change, more: { readonly mark: number; readonly bytes: number }): Promise<Outcome>
  /** Containers may have gone otherwise than by a commit. */
  forget(): void
  readonly waiting: number
}

type CommitEntry = Entry<Outcome> & CompiledChange

const moved: Outcome = { ok: false, why: 'moved', at: '/' }

export function createCommit({ db, stamp, maxBatches }: CommitParts): Committer {
  const ids = new LocalIds(db)
  const known = new KnownContainers()
  const batches = new Batches<Outcome, CommitEntry>({
    run: async (batch) => {
      const local = await ids.of(batch.map(({ pod }) => pod))
      const there = batch.filter((_, index) => local[index] !== undefined)
      const results = there.length === 0 ? [] : await runBatch(there, local.filter(isThere))
      let next = 0
      return local.map((pod) => (pod === undefined ? { reply: moved } : results[next++]!))
    },
    startTaking: ({ pod, change }) => new Taken((key) => known.has(pod, change.epoch, key)),
    maxInFlight: maxBatches,
  })

  async function runBatch(
    batch: readonly CommitEntry[],
    local: readonly number[],
  ): Promise<readonly Result<Outcome>[]> {
    const values = commitValues(stamp(), local, encodeBatch(batch, local))
    const [row] = await db.call<{ answer: string }>(commitQuery, values, { repeatable: true })
    return decodeAnswer(row!.answer).map((answer, index) => {
      if (answer === 'again') return answer
      if (answer === 'full') return { error: new XpodError('DISK_FULL') }
      learn(known, batch[index]!.change, answer)
      return { reply: answer }
    })
  }

  // A pod that was made last may never have been, and its number be another's.
  db.succession.onChange(({ mayHaveLost }) => {
    if (!mayHaveLost) return
    ids.forget()
    known.clear()
  })
  return {
    commit(change, more) {
      const compiled = compile(change)
      const { mark } = more
      const bytes = more.bytes + weightOf(compiled)
      const footprint = footprintOf(change, compiled)
      return new Promise((resolve, reject) => {
        const { pod } = change
        const take = (taken: Taken): boolean => taken.take(footprint)
        batches.add({ pod, bytes, change, compiled, mark, resolve, reject, take })
      })
    },
    forget: () => known.clear(),
    get waiting() {
      return batches.waiting
    },
  }
}

function isThere(local: number | undefined): local is number {
  return local !== undefined
}

function learn(known: KnownContainers, { pod, epoch }: { pod: PodId; epoch: number }, outcome: Outcome): void {
  if (!outcome.ok) return
  for (const { path, act } of outcome.made) {
    if (!path.endsWith('/')) continue
    if (act === 'delete') known.delete(pod, epoch, path)
    else known.add(pod, epoch, path)
  }
  for (const { path } of outcome.parents) known.add(pod, epoch, path)
}
