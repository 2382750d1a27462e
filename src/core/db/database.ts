// The contract of an SQL database as xpod uses it: reads are single statements, writes are lists of steps, so that they are
// values that can cross to a writer thread. No statement or transaction spans an await (store rule 22).

export type SqlValue = string | number | bigint | Uint8Array | null

export type Row = Readonly<Record<string, SqlValue>>

export interface Step {
  readonly query: string
  readonly args: readonly SqlValue[]
  /** Rows that this step must change; another number rolls everything back and is named in the result. */
  readonly expect?: number
}

export type WriteResult =
  | { readonly ok: true; readonly changed: readonly number[] }
  | { readonly ok: false; readonly unmet: number }

export interface Database extends AsyncDisposable {
  /** One statement; at most `maxRows` of the implementation, so callers page. */
  read<T extends Row>(query: string, args: readonly SqlValue[]): Promise<T[]>
  /** All steps or none, durable when it resolves; grouped with others into one sync. */
  write(steps: readonly Step[]): Promise<WriteResult>
}
