// Several statements in one round trip: all are sent before the first answer is awaited, and the server skips those after one
// that fails. Unnamed statements only, so that a pooler may give each transaction another server connection.

import type { Connection as Wire, Submittable } from 'pg'

import type { Row, SqlValue } from '../database.ts'
import { decoderOf, type Parameter } from './values.ts'

export interface Statement {
  /** With `$1`, `$2` …. */
  readonly text: string
  readonly values: readonly Parameter[]
  /** More rows are left unread. */
  readonly maxRows?: number
}

export interface StatementResult {
  readonly rows: Row[]
  /** Rows that it inserted, updated or deleted (or read). */
  readonly changed: number
}

/** The part of the driver's wire protocol that is used here; its published types are of an older form. */
interface WireProtocol {
  readonly stream: { cork(): void; uncork(): void }
  parse(message: { name: string; text: string; types: readonly number[] }): void
  bind(message: { portal: string; statement: string; values: readonly Parameter[] }): void
  describe(message: { type: 'P'; name: string }): void
  execute(message: { portal: string; rows: number }): void
  sync(): void
}

interface Column {
  readonly name: string
  readonly decode: (text: string) => SqlValue
}

export interface PipelineEnd {
  resolve(results: readonly StatementResult[]): void
  reject(error: unknown): void
}

/** Handed to the driver's query(), which calls what begins with `handle` as answers arrive. */
export class Pipeline implements Submittable {
  readonly #statements: readonly Statement[]
  readonly #end: PipelineEnd
  readonly #results: StatementResult[] = []
  #columns: readonly Column[] = []
  #rows: Row[] = []

  constructor(statements: readonly Statement[], end: PipelineEnd) {
    this.#statements = statements
    this.#end = end
  }

  submit(connection: Wire): void {
    const wire = connection as unknown as WireProtocol
    wire.stream.cork()
    try {
      for (const { text, values, maxRows = 0 } of this.#statements) {
        wire.parse({ name: '', text, types: [] })
        wire.bind({ portal: '', statement: '', values })
        wire.describe({ type: 'P', name: '' })
        wire.execute({ portal: '', rows: maxRows })
      }
      wire.sync()
    } finally {
      wire.stream.uncork()
    }
  }

  handleRowDescription(message: { readonly fields: readonly { name: string; dataTypeID: number }[] }): void {
    this.#columns = message.fields.map(({ name, dataTypeID }) => ({ name, decode: decoderOf(dataTypeID) }))
  }

  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void {
    const row: Record<string, SqlValue> = {}
    for (const [index, { name, decode }] of this.#columns.entries()) {
      const text = message.fields[index]!
      row[name] = text === null ? null : decode(text)
    }
    this.#rows.push(row)
  }

  /** `UPDATE 3`, `INSERT 0 1`, `BEGIN`. */
  handleCommandComplete(message: { readonly text: string }): void {
    const count = /\d+$/.exec(message.text)
    this.#next(count === null ? 0 : Number(count[0]))
  }

  handlePortalSuspended(): void {
    this.#next(this.#rows.length)
  }

  handleEmptyQuery(): void {
    this.#next(0)
  }

  handleReadyForQuery(): void {
    this.#end.resolve(this.#results)
  }

  handleError(error: unknown): void {
    this.#end.reject(error)
  }

  #next(changed: number): void {
    this.#results.push({ rows: this.#rows, changed })
    this.#rows = []
    this.#columns = []
  }
}
