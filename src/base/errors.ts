// XpodError: everything the outside world did wrong or must be told, with a code from the table in error-codes.ts.
// Bugs are not XpodErrors: they are assertions and crash. An XpodError's detail may be shown to the caller, so it holds
// no secret, no other person's data and no path of the machine; the cause is for the log only.

import { type ErrorCode, type ErrorCodeRow, errorCodes } from './error-codes.ts'

export interface ErrorExtras {
  /** The underlying failure, for the log; never shown to a remote caller. */
  readonly cause?: unknown
  /** Replaces the table's hint. */
  readonly hint?: string
  /** Further members of the problem body, such as used and limit. */
  readonly members?: Readonly<Record<string, string | number | boolean>>
  /** Response headers as a flat list of names and values. */
  readonly headers?: readonly string[]
}

export class XpodError extends Error {
  readonly code: ErrorCode
  readonly detail: string
  readonly hint: string
  readonly members: Readonly<Record<string, string | number | boolean>>
  readonly headers: readonly string[]

  constructor(code: ErrorCode, detail = '', extras: ErrorExtras = {}) {
    const row: ErrorCodeRow = errorCodes[code]
    super(
      detail === '' ? row.title : `${row.title}: ${detail}`,
      extras.cause === undefined ? undefined : { cause: extras.cause },
    )
    this.name = 'XpodError'
    this.code = code
    this.detail = detail
    this.hint = extras.hint ?? row.hint
    this.members = extras.members ?? {}
    this.headers = extras.headers ?? []
  }

  get status(): number {
    return errorCodes[this.code].status
  }
  get exit(): number {
    return errorCodes[this.code].exit
  }
  get retryable(): boolean {
    return errorCodes[this.code].retryable
  }
  get title(): string {
    return errorCodes[this.code].title
  }
}

/** The error itself when it is one of ours, otherwise INTERNAL with the original as its cause. */
export function toXpodError(error: unknown): XpodError {
  return error instanceof XpodError ? error : new XpodError('INTERNAL', '', { cause: error })
}

/** The `code` of a Node system error (`ENOSPC`, `EADDRINUSE`, `SQLITE_FULL`, …), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
