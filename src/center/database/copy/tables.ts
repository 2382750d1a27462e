// What `db copy` takes along: every table of a center by name, with a key that sorts the same on both engines, or the reason
// why it stays. A test reads the tables of both engines and fails on one that is not here.

import type { Row } from '../../../core/db/database.ts'
import type { CopiedTable, SqliteForm } from '../../../core/db/copy/table.ts'

/** The last segment of a key on PostgreSQL (migration 1), the whole key on SQLite. Only the root has this parent. */
const aboveRoot = '.'

const resourceForm: SqliteForm = {
  key: ['pod', 'parent', 'key'],
  toCommon({ key, ...rest }: Row): Row {
    const text = key as string
    return { ...rest, name: text.slice(text.lastIndexOf('/') + 1) }
  },
  fromCommon({ name, ...rest }: Row): Row {
    return { ...rest, key: resourceKey(rest.parent as string, name as string) }
  },
}

/** Of a row in the form of PostgreSQL. */
export function resourceKey(parent: string, name: string): string {
  return parent === aboveRoot ? '' : `${parent}/${name}`
}

export const resourceTable: CopiedTable = {
  name: 'resource',
  key: ['pod', 'parent', 'name'],
  onSqlite: resourceForm,
}

export const headTable: CopiedTable = { name: 'pod_head', key: ['pod'] }

export const copiedTables: readonly CopiedTable[] = [
  { name: 'account', key: ['id'] },
  { name: 'password_login', key: ['id'] },
  { name: 'passkey', key: ['id'] },
  { name: 'recovery_code', key: ['account', 'hash'] },
  { name: 'reset_token', key: ['hash'] },
  { name: 'web_id_link', key: ['web_id'] },
  { name: 'pod_link', key: ['pod'] },
  { name: 'client_credential', key: ['id'] },
  { name: 'account_session', key: ['token_hash'] },
  { name: 'invite', key: ['id'] },
  { name: 'oidc_record', key: ['model', 'id'] },
  { name: 'signing_key', key: ['id'] },
  { name: 'sealed_secret', key: ['name'] },
  { name: 'revoked', key: ['grant_id'] },
  { name: 'replay', key: ['id'] },
  { name: 'context', key: ['url'], pageRows: 20 },
  { name: 'used_name', key: ['name'] },
  { name: 'pod', key: ['pod'] },
  headTable,
  resourceTable,
  { name: 'body', key: ['id'], pageRows: 100 },
  { name: 'feed', key: ['pod', 'seq'], pageRows: 100 },
  { name: 'group_ref', key: ['pod', 'document', 'acl'] },
  // Of uploads that ended with their process: whoever starts on the copy sweeps them.
  { name: 'stage', key: ['pod', 'blob'] },
  { name: 'garbage', key: ['pod', 'ref'] },
  { name: 'feed_pin', key: ['pod', 'name'] },
  { name: 'channel', key: ['pod', 'id'] },
]

export const leftOut: Readonly<Record<string, string>> = {
  setting: 'of the place as much as of what is in it; see settings.ts',
  node: 'runs of processes on the source',
  migration: 'the target has run its own',
  write_mark: 'transactions of the source',
  pod_change: 'what centers of the source tell each other',
}

/** Tables that number their rows: the next number stays ahead of all that were ever given out. */
export const numberedTables: readonly { readonly name: string; readonly column: string }[] = [
  { name: 'pod', column: 'pod' },
  { name: 'body', column: 'id' },
]
