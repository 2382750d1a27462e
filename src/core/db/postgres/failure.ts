// What went wrong, as classes that decide what to do next, and as errors for the outside. SQLSTATE codes are looked at,
// never messages, which the server may write in another language.

import type { ErrorCode } from '../../../base/error-codes.ts'
import { systemCode, XpodError } from '../../../base/errors.ts'

export type Failure =
  /** Others were in the way; nothing is stored; the same again may go through. */
  | 'contended'
  /** A unique index already has it: perhaps only since a moment ago. */
  | 'taken'
  /** The connection is of no use any more, or there is none to be had. */
  | 'lost'
  /** It takes no writes: a standby, or set to read-only. */
  | 'read-only'
  | 'too-slow'
  | 'full'
  /** The settings are wrong: waiting does not help. */
  | 'refused'
  /** Anything else the server says of a statement: a bug here. */
  | 'statement'

const byCode: Readonly<Record<string, Failure>> = {
  '40001': 'contended',
  '40P01': 'contended',
  '55P03': 'contended',
  '23505': 'taken',
  '25006': 'read-only',
  // Ended by their time-outs, together with the connection.
  '25P03': 'lost',
  '25P04': 'lost',
  '53300': 'lost',
  '57014': 'too-slow',
  '57P01': 'lost',
  '57P02': 'lost',
  '57P03': 'lost',
  '57P05': 'lost',
  '53100': 'full',
  '28000': 'refused',
  '28P01': 'refused',
  '3D000': 'refused',
  '3F000': 'refused',
  '42501': 'refused',
}

const tlsRefusals =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO$)/

export function failureOf(error: unknown): Failure {
  if (error instanceof XpodError) return byErrorCode[error.code] ?? 'statement'
  const code = systemCode(error)
  if (code === undefined) return isOfDriver(error) ? 'lost' : 'statement'
  const known = byCode[code]
  if (known !== undefined) return known
  if (tlsRefusals.test(code)) return 'refused'
  return code.startsWith('08') || isOfKernel(code) ? 'lost' : 'statement'
}

/** What this folder throws itself. */
const byErrorCode: Partial<Record<ErrorCode, Failure>> = {
  DATABASE_UNAVAILABLE: 'lost',
  DATABASE_READ_ONLY: 'read-only',
  DATABASE_UNSUITABLE: 'refused',
  OVERLOADED: 'lost',
}

/** The driver says in plain errors without a code that a connection ended; other kinds of errors are bugs. */
function isOfDriver(error: unknown): boolean {
  return error instanceof Error && error.name === 'Error'
}

/** ECONNRESET, EAI_AGAIN; not ERR_…, which is Node complaining of its caller. */
function isOfKernel(code: string): boolean {
  return /^E[A-Z_]+$/.test(code) && !code.startsWith('ERR_')
}

/** As the outside is told. Bugs and violated constraints stay what they are. */
export function outsideError(error: unknown): unknown {
  if (error instanceof XpodError) return error
  const told = outside[failureOf(error)]
  return told === undefined ? error : new XpodError(told[0], told[1], { cause: error })
}

const outside: Readonly<Record<Failure, readonly [code: ErrorCode, detail: string] | undefined>> = {
  contended: ['OVERLOADED', 'changes stand in each other’s way'],
  lost: ['DATABASE_UNAVAILABLE', ''],
  'read-only': ['DATABASE_READ_ONLY', ''],
  'too-slow': ['DATABASE_UNAVAILABLE', 'it takes too long'],
  full: ['DISK_FULL', ''],
  refused: ['DATABASE_UNSUITABLE', 'it refuses this connection'],
  taken: undefined,
  statement: undefined,
}
