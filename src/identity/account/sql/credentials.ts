// Client credentials: what scripts log in with. Each is bound to one WebID of its account and is shown once. Its use is
// remembered to the minute, so that a busy script does not write at every token.

import { ExpiringCache } from '../../../core/cache/expiring.ts'
import type { Row } from '../../../core/db/database.ts'
import type { Accounts, Credential } from '../accounts.ts'
import { readTitle, slugOf } from '../fields.ts'
import { hashSecret, isSecret, newSecret } from '../secrets.ts'
import { must, type Parts, requireRoom, step, writeAll } from './parts.ts'
import { credentialGrant, takeBackCredential } from './take-back.ts'

const touchMs = 60_000
const maxTouched = 10_000

interface CredentialRow extends Row {
  readonly id: string
  readonly account: string
  readonly name: string
  readonly web_id: string
  readonly grant_id: string
  readonly secret_hash: string
  readonly created_ms: number
  readonly last_used_ms: number | null
  readonly expires_ms: number | null
}

const columns = `client_credential.id, client_credential.account, client_credential.name, client_credential.web_id,
  client_credential.secret_hash, client_credential.created_ms, client_credential.last_used_ms,
  client_credential.expires_ms, ${credentialGrant} AS grant_id`
const selectLive = `SELECT ${columns} FROM client_credential JOIN account ON account.id = client_credential.account
  WHERE client_credential.id = ? AND account.state = 'open'
  AND (client_credential.expires_ms IS NULL OR client_credential.expires_ms > ?)`
const selectOfAccount = `SELECT ${columns} FROM client_credential WHERE client_credential.account = ?
  ORDER BY client_credential.created_ms, client_credential.id`
/** Changes nothing: that the WebID is linked, and stays so until the credential is there. */
const holdWebId = 'UPDATE web_id_link SET created_ms = created_ms WHERE web_id = ? AND account = ?'
const insert = `INSERT INTO client_credential
  (id, account, name, web_id, secret_hash, generation, created_ms, expires_ms) VALUES (?, ?, ?, ?, ?, 0, ?, ?)`

type Credentials = Pick<
  Accounts,
  'createCredential' | 'credentials' | 'findCredential' | 'verifyCredential' | 'touchCredential' | 'deleteCredential'
>

export function createCredentials(parts: Parts): Credentials {
  const { db, clock, tookBack } = parts
  const touched = new ExpiringCache<true>({ clock, maxEntries: maxTouched, maxWeight: maxTouched, weigh: () => 1 })

  async function findRow(id: string): Promise<CredentialRow | undefined> {
    return (await db.read<CredentialRow>(selectLive, [id, clock.nowMs()]))[0]
  }

  return {
    createCredential: (account, wish) => createCredential(parts, account, wish),
    async credentials(account) {
      return (await db.read<CredentialRow>(selectOfAccount, [account])).map(credentialOf)
    },
    async findCredential(id) {
      const row = await findRow(id)
      return row === undefined ? undefined : credentialOf(row)
    },
    async verifyCredential(id, secret) {
      const row = await findRow(id)
      return row !== undefined && isSecret(secret, row.secret_hash) ? credentialOf(row) : undefined
    },
    async touchCredential(id) {
      if (touched.get(id) === true) return
      touched.set(id, true, touchMs)
      await writeAll(db, [step('UPDATE client_credential SET last_used_ms = ? WHERE id = ?', [clock.nowMs(), id])])
    },
    async deleteCredential(account, id) {
      const query = 'DELETE FROM client_credential WHERE id = ? AND account = ?'
      await writeAll(db, [
        ...takeBackCredential(account, id, clock.nowMs()),
        must('CREDENTIAL_UNKNOWN', query, [id, account]),
      ])
      await tookBack()
    },
  }
}

async function createCredential(
  { db, clock, random }: Parts,
  account: string,
  wish: Parameters<Accounts['createCredential']>[1],
): Promise<{ id: string; secret: string; credential: Credential }> {
  const name = readTitle(wish.name)
  await requireRoom(db, 'client_credential', account)
  const id = `${slugOf(name)}_${random.uuid()}`
  const secret = newSecret(random)
  const createdMs = clock.nowMs()
  const { webId, expiresMs } = wish
  await writeAll(db, [
    must('WEBID_UNKNOWN', holdWebId, [webId, account]),
    step(insert, [id, account, name, webId, hashSecret(secret), createdMs, expiresMs ?? null]),
  ])
  const expiry = expiresMs === undefined ? {} : { expiresMs }
  return { id, secret, credential: { id, account, name, webId, grantId: `${id}.0`, createdMs, ...expiry } }
}

function credentialOf(row: CredentialRow): Credential {
  return {
    id: row.id,
    account: row.account,
    name: row.name,
    webId: row.web_id,
    grantId: row.grant_id,
    createdMs: row.created_ms,
    ...(row.last_used_ms === null ? {} : { lastUsedMs: row.last_used_ms }),
    ...(row.expires_ms === null ? {} : { expiresMs: row.expires_ms }),
  }
}
