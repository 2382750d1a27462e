// How far a copy has come, kept in the target with the rows themselves: each page is one transaction with the mark that
// counts it, so that a copy that was killed goes on behind the last page that is there. A mark is moved from what was read
// only: of two copies into one target, one stops. Nobody starts on a target before its mark says `done`.

import { XpodError } from '../../../base/errors.ts'
import type { Database, Row, SqlValue, Step } from '../../../core/db/database.ts'
import { readSetting } from '../../../core/db/settings.ts'

export interface CopyMark {
  /** Which state of which database this is a copy of; another one is copied from the beginning. */
  readonly source: string
  /** The node whose pods they become. */
  readonly home: string
  /** Where large bodies lie, as in the setting `objects`. */
  readonly place: string
  readonly stage: 'rows' | 'bodies' | 'compare' | 'done'
  /** What is being copied, up to and with the row of this key. */
  readonly at: { readonly table: string; readonly after: readonly SqlValue[]; readonly rows: number } | null
  /** Of tables that are copied, the number of rows. */
  readonly rows: Readonly<Record<string, number>>
  readonly bodies: number
  readonly bodyBytes: number
  /** Whose digests were made again from their rows. */
  readonly pods: number
}

export const markSetting = 'copy'
export const retiredSetting = 'retired'

const insertMark = 'INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING'
const moveMark = 'UPDATE setting SET value = ? WHERE key = ? AND value = ?'

export class Ledger {
  readonly #db: Database
  #text: string
  mark: CopyMark

  constructor(db: Database, mark: CopyMark, text = JSON.stringify(mark)) {
    this.#db = db
    this.#text = text
    this.mark = mark
  }

  /** All of it or nothing. Throws DATABASE_IN_USE when another copy was here. */
  async move(change: Partial<CopyMark>, steps: readonly Step[] = []): Promise<void> {
    const next = { ...this.mark, ...change }
    const text = JSON.stringify(next)
    const result = await this.#db.write([
      { query: moveMark, args: [text, markSetting, this.#text], expect: 1 },
      ...steps,
    ])
    if (!result.ok) throw busy()
    this.mark = next
    this.#text = text
  }
}

export async function readLedger(db: Database): Promise<Ledger | undefined> {
  const text = await readSetting(db, markSetting)
  return text === undefined ? undefined : new Ledger(db, JSON.parse(text) as CopyMark, text)
}

/** Throws DATABASE_IN_USE. */
export async function beginLedger(db: Database, mark: CopyMark): Promise<Ledger> {
  const result = await db.write([{ query: insertMark, args: [markSetting, JSON.stringify(mark)], expect: 1 }])
  if (!result.ok) throw busy()
  return new Ledger(db, mark)
}

/** For whoever would start on it. Throws COPY_UNFINISHED, DATABASE_RETIRED. */
export async function refuseCopies(db: Pick<Database, 'read'>): Promise<void> {
  const query = 'SELECT key, value FROM setting WHERE key IN (?, ?)'
  const rows = await db.read<Row & { key: string; value: string }>(query, [markSetting, retiredSetting])
  for (const { key, value } of rows) {
    if (key === retiredSetting) throw new XpodError('DATABASE_RETIRED', `it was copied to ${value}`)
    if ((JSON.parse(value) as CopyMark).stage !== 'done') throw new XpodError('COPY_UNFINISHED')
  }
}

function busy(): XpodError {
  return new XpodError('DATABASE_IN_USE', 'another copy writes to it')
}
