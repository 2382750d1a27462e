// Invitations to sign up. The code is shown once; of parallel uses exactly as many succeed as are left.

import type { Row } from '../../../core/db/database.ts'
import type { Accounts, Invite } from '../accounts.ts'
import { hashSecret, newSecret } from '../secrets.ts'
import { type Parts, step, writeAll } from './parts.ts'

const maxListed = 1000

interface InviteRow extends Row {
  readonly id: string
  readonly created_ms: number
  readonly expires_ms: number
  readonly uses_left: number
}

const insert = 'INSERT INTO invite (id, code_hash, created_ms, expires_ms, uses_left) VALUES (?, ?, ?, ?, ?)'
const use = `UPDATE invite SET uses_left = uses_left - 1 WHERE code_hash = ? AND uses_left > 0 AND expires_ms > ?`
const select = `SELECT id, created_ms, expires_ms, uses_left FROM invite
  WHERE expires_ms > ? AND uses_left > 0 ORDER BY expires_ms LIMIT ${maxListed}`

type Invites = Pick<Accounts, 'createInvite' | 'useInvite' | 'listInvites' | 'deleteInvite'>

export function createInvites({ db, clock, random }: Parts): Invites {
  return {
    async createInvite({ expiresMs, uses }) {
      const code = newSecret(random)
      const createdMs = clock.nowMs()
      const id = random.uuid7(createdMs)
      await writeAll(db, [step(insert, [id, hashSecret(code), createdMs, expiresMs, uses])])
      return { code, invite: { id, createdMs, expiresMs, usesLeft: uses } }
    },
    async useInvite(code) {
      const [changed] = await writeAll(db, [step(use, [hashSecret(code), clock.nowMs()])])
      return changed === 1
    },
    async listInvites() {
      return (await db.read<InviteRow>(select, [clock.nowMs()])).map(inviteOf)
    },
    async deleteInvite(id) {
      const [changed] = await writeAll(db, [step('DELETE FROM invite WHERE id = ?', [id])])
      return changed === 1
    },
  }
}

function inviteOf(row: InviteRow): Invite {
  return { id: row.id, createdMs: row.created_ms, expiresMs: row.expires_ms, usesLeft: row.uses_left }
}
