// One table on its way from a database to another, whichever engine either is: its rows in the order of a unique key, page by
// page, and the steps that insert them. Columns are those that the rows have, so a column that only one side knows is seen
// when both are compared. No statement is open between two pages.

import assert from 'node:assert/strict'

import type { Database, Row, SqlValue, Step } from '../database.ts'

export type Engine = 'sqlite' | 'postgres'

/** One of the two databases. */
export interface Side {
  readonly engine: Engine
  readonly db: Pick<Database, 'read'>
}

export interface CopiedTable {
  readonly name: string
  /** Columns that are unique together and sort the same on both engines. */
  readonly key: readonly string[]
  /** Of a page; few where rows are large. 500. */
  readonly pageRows?: number
  /** Where SQLite keeps a row in another form. */
  readonly onSqlite?: SqliteForm
}

export interface SqliteForm {
  /** `key` there. */
  readonly key: readonly string[]
  toCommon(row: Row): Row
  fromCommon(row: Row): Row
}

const standardPageRows = 500
/** In one statement: fewer texts on their way, and still far from the limits on parameters. */
const rowsAStatement = 25

/** A page of rows behind the key `after`, in the form of PostgreSQL; the last page is shorter than asked for. */
export async function readPage(
  { engine, db }: Side,
  table: CopiedTable,
  after: readonly SqlValue[] | undefined,
): Promise<readonly Row[]> {
  const form = engine === 'sqlite' ? table.onSqlite : undefined
  const key = (form ?? table).key
  const columns = key.map(quoted).join(', ')
  const behind = after === undefined ? '' : `WHERE (${columns}) > (${key.map(() => '?').join(', ')}) `
  const query = `SELECT * FROM ${quoted(table.name)} ${behind}ORDER BY ${columns} LIMIT ${pageRowsOf(table)}`
  const rows = await db.read<Row>(query, after === undefined ? [] : keyIn(form, table, after))
  return form === undefined ? rows : rows.map((row) => form.toCommon(row))
}

export async function* pagesOf(
  side: Side,
  table: CopiedTable,
  after?: readonly SqlValue[],
): AsyncGenerator<readonly Row[]> {
  let from = after
  for (;;) {
    const page = await readPage(side, table, from)
    if (page.length > 0) yield page
    if (page.length < pageRowsOf(table)) return
    from = keyOf(table, page.at(-1)!)
  }
}

export function keyOf(table: CopiedTable, row: Row): readonly SqlValue[] {
  return table.key.map((column) => row[column]!)
}

export async function countRows({ db }: Side, table: CopiedTable): Promise<number> {
  const [row] = await db.read<Row & { count: number }>(`SELECT count(*) AS "count" FROM ${quoted(table.name)}`, [])
  return row!.count
}

/** Of rows as readPage gives them. */
export function insertSteps(engine: Engine, table: CopiedTable, rows: readonly Row[]): Step[] {
  const form = engine === 'sqlite' ? table.onSqlite : undefined
  const own = form === undefined ? rows : rows.map((row) => form.fromCommon(row))
  const steps: Step[] = []
  for (let at = 0; at < own.length; ) {
    const count = own.length - at >= rowsAStatement ? rowsAStatement : 1
    steps.push(insertStep(table, own.slice(at, at + count)))
    at += count
  }
  return steps
}

export function quoted(name: string): string {
  assert(/^[a-z][a-z0-9_]*$/.test(name), 'names are written in the source')
  return `"${name}"`
}

function insertStep({ name }: CopiedTable, rows: readonly Row[]): Step {
  const columns = Object.keys(rows[0]!)
  const tuple = `(${columns.map(() => '?').join(', ')})`
  const query = `INSERT INTO ${quoted(name)} (${columns.map(quoted).join(', ')}) VALUES ${rows.map(() => tuple).join(', ')}`
  return { query, args: rows.flatMap((row) => columns.map((column) => row[column]!)), expect: rows.length }
}

/** The values of a key as one engine has them. */
function keyIn(form: SqliteForm | undefined, table: CopiedTable, after: readonly SqlValue[]): readonly SqlValue[] {
  if (form === undefined) return after
  const row = form.fromCommon(Object.fromEntries(table.key.map((column, index) => [column, after[index]!])))
  return form.key.map((column) => row[column]!)
}

function pageRowsOf({ pageRows = standardPageRows }: CopiedTable): number {
  return pageRows
}
