// Challenges of WebAuthn as sealed values: what they are for, for whom and until when lies in the challenge itself, so a
// stranger who asks for one causes no row, and every center takes what another gave out. Single use is a row made when the
// answer was right; its conflict is the second use.

import { hash } from 'node:crypto'

import type { Clock } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'
import type { Database } from '../../core/db/database.ts'
import type { AccountId } from '../account/accounts.ts'
import type { Sealer } from '../sealing.ts'

export const challengeMs = 5 * 60_000
const maxBytes = 500
/** Nothing else that is sealed begins like this. */
const mark = 'passkey challenge'

export type Purpose = 'login' | 'registration'

interface Content {
  readonly mark: string
  readonly purpose: Purpose
  /** Of a registration. */
  readonly account?: AccountId
  readonly expiresMs: number
}

export interface Challenges {
  make(purpose: Purpose, account?: AccountId): Uint8Array<ArrayBuffer>
  /** Whether it was made here for this purpose and account and has not expired; its text as the browser sent it back. */
  fits(challenge: string, purpose: Purpose, account?: AccountId): boolean
  /** Throws PASSKEY_INVALID when it was used before. */
  useUp(challenge: string): Promise<void>
}

export interface ChallengesOptions {
  readonly db: Database
  readonly sealer: Sealer
  readonly clock: Clock
}

export function createChallenges({ db, sealer, clock }: ChallengesOptions): Challenges {
  function open(challenge: string): Content | undefined {
    const bytes = Buffer.from(challenge, 'base64url')
    // One value has one spelling: the other ones would be other rows.
    if (bytes.length > maxBytes || bytes.toString('base64url') !== challenge) return undefined
    try {
      return JSON.parse(Buffer.from(sealer.open(bytes)).toString('utf8')) as Content
    } catch (error) {
      if (error instanceof XpodError) return undefined
      throw error
    }
  }

  return {
    make(purpose, account) {
      const content: Content = {
        mark,
        purpose,
        ...(account === undefined ? {} : { account }),
        expiresMs: clock.nowMs() + challengeMs,
      }
      return new Uint8Array(sealer.seal(Buffer.from(JSON.stringify(content))))
    },
    fits(challenge, purpose, account) {
      const content = open(challenge)
      return (
        content !== undefined &&
        content.mark === mark &&
        content.purpose === purpose &&
        content.account === account &&
        content.expiresMs > clock.nowMs()
      )
    },
    async useUp(challenge) {
      const query = 'INSERT INTO replay (id, expires_ms) VALUES (?, ?) ON CONFLICT (id) DO NOTHING'
      const id = `passkey ${hash('sha256', challenge, 'base64url')}`
      const result = await db.write([{ query, args: [id, clock.nowMs() + challengeMs], expect: 1 }])
      if (!result.ok) throw new XpodError('PASSKEY_INVALID', 'it was used before')
    },
  }
}
