// What a failed call to an S3 store means: from the codes of S3, COS, OSS and MinIO, from codes of the system, and from the
// bare status when there is neither. The detail of a refusal names the setting that is wrong; it is for operators only.

import { systemCode, XpodError } from '../../../base/errors.ts'

/**
 * missing: there is no such object. exists: a conditional put found one. range: it lies behind the end. unknown: the store
 * does not have this feature. refused: settings are wrong. full: no room. passing: it may work later.
 */
export type S3FailureKind = 'missing' | 'exists' | 'range' | 'unknown' | 'refused' | 'full' | 'passing'

export class S3Failure extends Error {
  readonly kind: S3FailureKind
  readonly code: string
  readonly detail: string

  constructor(kind: S3FailureKind, code: string, extras: { readonly detail?: string; readonly cause?: unknown } = {}) {
    super(`${kind}: ${code}`, extras.cause === undefined ? undefined : { cause: extras.cause })
    this.name = 'S3Failure'
    this.kind = kind
    this.code = code
    this.detail = extras.detail ?? code
  }
}

/** What was seen of the answer that failed. */
export interface SeenAnswer {
  status: number | undefined
  /** Difference of the store's clock from ours. */
  clockAheadMs: number | undefined
}

const key = 'the access key is not one of this store (s3-access-key)'
const secret = 'the secret key does not fit the access key (s3-secret-key)'
const expired = 'the key has expired (s3-access-key, s3-secret-key)'
const denied = 'the key may not do this in the bucket (s3-access-key, s3-bucket)'
const bucket = 'there is no such bucket (s3-bucket)'
const region = 'the bucket lies in another region (s3-region)'
const addressing = 'the store wants the bucket elsewhere in the URL (s3-addressing)'
const endpoint = 'no S3 store answers there (s3)'
const certificate = 'the certificate of the store is not trusted (s3)'

const refusals: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: key,
  XMinioInvalidAccessKey: key,
  XAdminUserNotFound: key,
  SignatureDoesNotMatch: secret,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  InvalidToken: expired,
  TokenRefreshRequired: expired,
  SecurityTokenExpired: expired,
  AccessDenied: denied,
  Forbidden: denied,
  AllAccessDisabled: denied,
  AccountProblem: denied,
  UserDisable: denied,
  NoSuchBucket: bucket,
  InvalidBucketName: bucket,
  AuthorizationHeaderMalformed: region,
  InvalidRegion: region,
  InvalidRegionName: region,
  IllegalLocationConstraintException: region,
  PermanentRedirect: region,
  MovedPermanently: region,
  TemporaryRedirect: region,
  SecondLevelDomainForbidden: addressing,
  PathStyleDomainForbidden: addressing,
  InvalidURI: endpoint,
  EPROTO: 'http and https are mixed up (s3)',
  ERR_SSL_WRONG_VERSION_NUMBER: 'http and https are mixed up (s3)',
}
const kinds: Readonly<Record<string, S3FailureKind>> = {
  NoSuchKey: 'missing',
  NoSuchUpload: 'missing',
  NotFound: 'missing',
  PreconditionFailed: 'exists',
  FileAlreadyExists: 'exists',
  InvalidRange: 'range',
  NotImplemented: 'unknown',
  MethodNotAllowed: 'unknown',
  QuotaExceeded: 'full',
  // Answered with 400, and better when it is sent again.
  BadDigest: 'passing',
  IncompleteBody: 'passing',
  InvalidPart: 'passing',
  RequestTimeout: 'passing',
  XAmzContentSHA256Mismatch: 'passing',
  XMinioStorageFull: 'full',
  XMinioAdminBucketQuotaExceeded: 'full',
}
const kindsOfStatus: Readonly<Record<number, S3FailureKind>> = {
  404: 'missing',
  412: 'exists',
  416: 'range',
  501: 'unknown',
  507: 'full',
}
const patterns: readonly (readonly [RegExp, string])[] = [
  [/^(?:CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH|ERR_TLS_CERT)/, certificate],
  [/^HPE_/, endpoint],
]

/** Whatever the client library, the transport or the system threw. */
export function failureOf(error: unknown, seen: SeenAnswer): S3Failure {
  if (error instanceof S3Failure) return error
  const code = systemCode(error) ?? ''
  if (code === 'RequestTimeTooSkewed' || code === 'RequestExpired') {
    return new S3Failure('refused', code, { detail: clockDetail(seen.clockAheadMs), cause: error })
  }
  const refusal = refusals[code] ?? patterns.find(([pattern]) => pattern.test(code))?.[1]
  if (refusal !== undefined) return new S3Failure('refused', code, { detail: refusal, cause: error })
  const { status } = seen
  const kind = kinds[code] ?? (status === undefined ? undefined : kindsOfStatus[status])
  if (kind !== undefined) return new S3Failure(kind, code || `HTTP ${status}`, { cause: error })
  // Answered, and not with what S3 answers when it is busy: whatever stands there, repeating it changes nothing.
  if (status !== undefined && status >= 300 && status < 500 && status !== 408 && status !== 409 && status !== 429) {
    return new S3Failure('refused', code || `HTTP ${status}`, { detail: code || endpoint, cause: error })
  }
  return new S3Failure('passing', code || (status === undefined ? 'unknown' : `HTTP ${status}`), { cause: error })
}

function clockDetail(aheadMs: number | undefined): string {
  if (aheadMs === undefined) return 'the clock of this machine is wrong'
  const seconds = Math.round(Math.abs(aheadMs) / 1000)
  return `the clock of this machine is ${seconds} s ${aheadMs > 0 ? 'behind' : 'ahead of'} the store's`
}

/** What the rest of the server hears; the failure itself is for the log. */
export function asXpodError(failure: S3Failure): XpodError {
  if (failure.kind === 'full') return new XpodError('DISK_FULL', '', { cause: failure })
  if (failure.kind === 'missing') return new XpodError('NOT_FOUND', 'no such object', { cause: failure })
  if (failure.kind === 'passing') return new XpodError('OBJECTS_UNAVAILABLE', '', { cause: failure })
  return new XpodError('OBJECTS_REFUSED', '', { cause: failure })
}
