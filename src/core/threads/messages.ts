// What crosses between a thread and its owner: arrays of requests one way, arrays of replies the other, so that a burst costs
// one message. Errors cross as plain values: an XpodError keeps its code, anything else becomes INTERNAL with its text as
// the cause.

import type { ErrorCode } from '../../base/error-codes.ts'
import { XpodError } from '../../base/errors.ts'

export type ThreadRole = 'sqlite-writer' | 'sqlite-checkpoint' | 'rdf'

/** What a thread boots with; what it works on is its first message. */
export interface ThreadBoot {
  readonly role: ThreadRole
}

export type RequestLine = readonly [id: number, request: unknown]

export type ReplyLine = readonly [id: number, failed: boolean, reply: unknown]

/** To the owner: replies, and events that nobody asked for. */
export type FromThread = { readonly replies: readonly ReplyLine[] } | { readonly event: unknown }

interface ErrorValue {
  readonly code: ErrorCode
  readonly detail: string
  readonly hint: string
  readonly members: Readonly<Record<string, string | number | boolean>>
  readonly cause: string
}

export function errorToValue(error: unknown): ErrorValue {
  if (!(error instanceof XpodError)) {
    const cause = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { code: 'INTERNAL', detail: '', hint: '', members: {}, cause }
  }
  const cause = error.cause instanceof Error ? error.cause.message : ''
  return { code: error.code, detail: error.detail, hint: error.hint, members: error.members, cause }
}

export function errorFromValue(value: unknown): XpodError {
  const { code, detail, hint, members, cause } = value as ErrorValue
  return new XpodError(code, detail, {
    members,
    ...(hint === '' ? {} : { hint }),
    ...(cause === '' ? {} : { cause: new Error(cause) }),
  })
}
