// Whether a server can hold what xpod acknowledges: looked at once, at the start. Durability is not a setting that a user of
// the database can rely on others for (store rule 30), so a server that may lose or tear what it wrote is refused.

import { XpodError } from '../../../base/errors.ts'
import type { Row } from '../database.ts'
import { identityColumns, type ServerIdentity } from './succession.ts'

export interface ServerFacts extends ServerIdentity {
  /** `18.4`. */
  readonly version: string
  readonly versionNumber: number
  readonly encoding: string
  readonly fsync: string
  readonly fullPageWrites: string
  readonly synchronousCommit: string
  /** Who must have a commit before it is acknowledged; empty: this server alone, and a failover may lose the last ones. */
  readonly synchronousStandbys: string
}

const leastVersion = 150_000

/** `mayName`: whether the role may ask for the name of the cluster. */
export function factsQuery(mayName: boolean): string {
  return `SELECT current_setting('server_version') AS version,
    current_setting('server_version_num')::bigint AS "versionNumber", current_setting('server_encoding') AS encoding,
    current_setting('fsync') AS fsync, current_setting('full_page_writes') AS "fullPageWrites",
    (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit') AS "synchronousCommit",
    current_setting('synchronous_standby_names') AS "synchronousStandbys",
    ${identityColumns(mayName)}`
}

export function readFacts(row: Row): ServerFacts {
  return row as unknown as ServerFacts
}

/** Throws DATABASE_UNSUITABLE. */
export function requireSuitable(facts: ServerFacts): void {
  const { version, versionNumber, encoding, fsync, fullPageWrites } = facts
  if (versionNumber < leastVersion) throw unsuitable(`it is PostgreSQL ${version}`, 'Use PostgreSQL 15 or later.')
  if (fsync !== 'on') throw unsuitable('fsync is off: a power cut loses what was acknowledged', 'Set fsync = on.')
  if (fullPageWrites !== 'on') {
    throw unsuitable('full_page_writes is off: a power cut tears pages', 'Set full_page_writes = on.')
  }
  if (encoding !== 'UTF8') throw unsuitable(`its encoding is ${encoding}`, "CREATE DATABASE … ENCODING 'UTF8'")
}

function unsuitable(detail: string, hint: string): XpodError {
  return new XpodError('DATABASE_UNSUITABLE', detail, { hint })
}
