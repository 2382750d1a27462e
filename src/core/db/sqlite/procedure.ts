// Named procedures: how parts above core run their own logic inside the writer thread's grouped transaction. A procedure is
// made once, when the thread starts, and prepares its statements then; each call is synchronous, judges first and writes
// after, and throws only to have its own writes undone. What it needs of time and chance comes in with its payload.

import type { SqliteStatement } from './connection.ts'

export interface WriterSql {
  /** Prepares once per text. Rows are objects; call raw() for arrays. */
  prepare<R>(query: string): SqliteStatement<R>
  /** True from the first time the disk was full until there is room again: what grows should refuse. */
  isRoomLow(): boolean
  /** A named point where a test may hold the thread or make something fail; nothing in production. */
  pause(point: string): void
}

export type Procedure = (payload: never) => unknown

/** Thrown by a procedure to have its writes undone and still answer with a value. */
export class Undone extends Error {
  readonly reply: unknown
  constructor(reply: unknown) {
    super('undone')
    this.reply = reply
  }
}

/** Name → maker. Names of different tables must differ. */
export type Procedures = Readonly<Record<string, (sql: WriterSql) => Procedure>>

/** One call on its way to the writer. */
export type Call = readonly [
  procedure: string,
  /** Calls of one lane keep their order; lanes take turns. */
  lane: string,
  bytes: number,
  payload: unknown,
]

/** The lane of work that waits for nobody: one call of it at the end of each batch. */
export const choreLane = '~'
