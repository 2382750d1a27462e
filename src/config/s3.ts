// Where the S3 store is, put together from its URL and the settings beside it. What is said twice must be said alike, and
// half a configuration is refused.

import { XpodError } from '../base/errors.ts'
import type { S3Place } from '../center/options.ts'
import type { KeyName, Settings } from './keys.ts'

const pieces = ['s3-bucket', 's3-region', 's3-access-key', 's3-secret-key'] as const

/** Undefined without a store. Throws CONFIG_INVALID, CONFIG_CONFLICT. */
export function s3Of(settings: Settings): S3Place | undefined {
  const { s3 } = settings
  if (s3 === undefined) {
    const piece = pieces.find((name) => settings[name] !== undefined)
    if (piece === undefined) return undefined
    throw new XpodError('CONFIG_INVALID', `${piece} is given, and s3 is not`)
  }
  const addressing = settings['s3-addressing']
  return {
    endpoint: s3.endpoint,
    prefix: s3.prefix,
    bucket: one('s3-bucket', s3.bucket, settings['s3-bucket']),
    accessKey: one('s3-access-key', s3.accessKey, settings['s3-access-key']),
    secretKey: one('s3-secret-key', s3.secretKey, settings['s3-secret-key']),
    region: settings['s3-region'],
    addressing: addressing === 'auto' ? undefined : addressing,
  }
}

function one(name: KeyName, ofUrl: string | undefined, ofItself: string | undefined): string {
  const value = ofUrl ?? ofItself
  if (value === undefined) throw new XpodError('CONFIG_INVALID', `s3 is given, and ${name} is not`)
  if (ofItself !== undefined && ofItself !== value) {
    throw new XpodError('CONFIG_CONFLICT', `s3 and ${name} give different values`)
  }
  return value
}
