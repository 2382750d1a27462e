// Whether two databases hold the same rows in a table: both are read once, side by side in the order of the key, and every
// column of every row counts. Memory is two pages.

import { XpodError } from '../../../base/errors.ts'
import type { Row, SqlValue } from '../database.ts'
import { type CopiedTable, keyOf, pagesOf, type Side } from './table.ts'

export interface Comparison {
  readonly source: Side
  readonly target: Side
  readonly table: CopiedTable
  /** What a row of the source must be in the target. */
  readonly carry: (row: Row) => Row
  /** Sees each row of the target, in order, once it is found equal. */
  readonly onRow?: (row: Row) => Promise<void> | void
}

/** Gives the number of rows. Throws COPY_MISMATCH at the first row that differs. */
export async function compareTable({ source, target, table, carry, onRow }: Comparison): Promise<number> {
  const theirs = rowsOf(target, table)
  let count = 0
  for await (const row of rowsOf(source, table)) {
    const expected = carry(row)
    const { value: found } = await theirs.next()
    if (found === undefined || !isEqual(keyOf(table, expected), keyOf(table, found))) {
      throw mismatch(table, expected, found === undefined ? 'is missing' : 'is missing, or another one is too many')
    }
    const column = differingColumn(expected, found)
    if (column !== undefined) throw mismatch(table, found, `has another ${column}`)
    // Awaited only where there is something to wait for: there may be millions of rows.
    const waited = onRow?.(found)
    if (waited !== undefined) await waited
    count++
  }
  const { value: more } = await theirs.next()
  if (more !== undefined) throw mismatch(table, more, 'is too many')
  return count
}

async function* rowsOf(side: Side, table: CopiedTable): AsyncGenerator<Row, undefined> {
  for await (const page of pagesOf(side, table)) yield* page
  return undefined
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
