// Whether a grant is still there: what an app was given at a login, or a client credential in its present generation. Asked
// about what outlives the tokens of a grant, such as subscriptions: `revoked` rows are kept no longer than tokens live.

import type { Clock } from '../../../base/clock.ts'
import type { Database } from '../../../core/db/database.ts'

const find = `SELECT 1 AS found FROM oidc_record WHERE model = 'Grant' AND id = ? AND expires_ms > ?
  UNION ALL SELECT 1 AS found FROM client_credential
  WHERE id = ? AND generation = ? AND (expires_ms IS NULL OR expires_ms > ?)`

export function createStanding(db: Database, clock: Clock): (grantId: string) => Promise<boolean> {
  return async (grantId) => {
    const dot = grantId.lastIndexOf('.')
    // As take-back.ts makes the grant of a credential: its id and its generation.
    const generation = Number(grantId.slice(dot + 1))
    const credential = dot === -1 || !Number.isSafeInteger(generation) ? ['', -1] : [grantId.slice(0, dot), generation]
    const nowMs = clock.nowMs()
    return (await db.read(find, [grantId, nowMs, credential[0]!, credential[1]!, nowMs])).length > 0
  }
}
