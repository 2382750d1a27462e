// Whether two databases hold the same rows in a table: both are read once, side by side in the order of the key, and every
// column of every row counts. Memory is two pages.

import { XpodError } from '../../../base/errors.ts'
import type { Row, SqlValue } from '../database.ts'
import { type CopiedTable, keyOf, readPage, type Side } from './table.ts'

export interface Comparison {
  readonly source: Side
  readonly target: Side
  readonly table: CopiedTable
  /** What a row of the source must be in the target. */
  readonly carry: (row: Row) => Row
  /** Sees rows of the target, in order, once they are found equal. */
  readonly onPage: (rows: readonly Row[]) => Promise<void>
}

/** Gives the number of rows. Throws COPY_MISMATCH at the first row that differs. */
export async function compareTable({ source, target, table, carry, onPage }: Comparison): Promise<number> {
  let count = 0
  let after: readonly SqlValue[] | undefined
  for (;;) {
    const [ours, theirs] = await Promise.all([readPage(source, table, after), readPage(target, table, after)])
    for (const [index, row] of ours.entries()) requireSame(table, carry(row), theirs[index])
    const more = theirs[ours.length]
    if (more !== undefined) throw mismatch(table, more, 'is too many')
    if (ours.length === 0) return count
    await onPage(theirs)
    count += ours.length
    after = keyOf(table, ours.at(-1)!)
  }
}

function requireSame(table: CopiedTable, expected: Row, found: Row | undefined): void {
  if (found === undefined) throw mismatch(table, expected, 'is missing')
  if (!isEqual(keyOf(table, expected), keyOf(table, found))) {
    throw mismatch(table, expected, 'is missing, or another one is too many')
  }
  const column = differingColumn(expected, found)
  if (column !== undefined) throw mismatch(table, found, `has another ${column}`)
}

function differingColumn(expected: Row, found: Row): string | undefined {
  const columns = new Set([...Object.keys(expected), ...Object.keys(found)])
  return [...columns].find((column) => !isSame(expected[column], found[column]))
}

function isEqual(some: readonly SqlValue[], others: readonly SqlValue[]): boolean {
  return some.every((value, index) => isSame(value, others[index]))
}

function isSame(expected: SqlValue | undefined, found: SqlValue | undefined): boolean {
  if (expected === found) return true
  if (expected instanceof Uint8Array && found instanceof Uint8Array) return Buffer.compare(expected, found) === 0
  // PostgreSQL cannot hold U+0000 in text.
  return typeof expected === 'string' && expected.includes('\0') && expected.replaceAll('\0', '\uFFFD') === found
}

function mismatch(table: CopiedTable, row: Row, what: string): XpodError {
  const key = keyOf(table, row).map((value) => (value instanceof Uint8Array ? '(bytes)' : String(value)))
  return new XpodError('COPY_MISMATCH', `in ${table.name} the row ${key.join(' ')} ${what}`)
}
