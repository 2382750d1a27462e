// A process that issues without end and says so only when it is durable; its parent kills it.

import { systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import { systemRandom } from '../../../src/base/random.ts'
import { openSqlite } from '../../../src/core/db/sqlite/open.ts'
import { createScrypt } from '../../../src/identity/account/scrypt.ts'
import { createAccounts } from '../../../src/identity/account/sql-accounts.ts'
import { identityMigrations } from '../../../src/identity/schema/migrations.ts'
import { podMigrations } from '../../../src/pod/store/schema/migrations.ts'
import type { Accounts } from '../../../src/identity/account/accounts.ts'

export async function openAccounts(dir: string): Promise<{ readonly accounts: Accounts } & AsyncDisposable> {
  const parts = { clock: systemClock, log: silentLog }
  const migrations = [...podMigrations, ...identityMigrations]
  const onFatal = (error: unknown): never => {
    throw error
  }
  const db = await openSqlite({ ...parts, dir, migrations, metrics: createMetrics(), ballastBytes: 0, onFatal })
  const scrypt = createScrypt({ random: systemRandom, cost: { logN: 4, r: 1, p: 1 } })
  const accounts = createAccounts({ ...parts, db, random: systemRandom, scrypt })
  return { accounts, [Symbol.asyncDispose]: () => db[Symbol.asyncDispose]() }
}

export interface Issued {
  readonly email: string
  readonly credential: string
  readonly secret: string
  readonly session: string
}

async function issue(accounts: Accounts, email: string): Promise<Issued> {
  const { id } = await accounts.create()
  await accounts.addPassword(id, { email, password: email })
  const { webId } = await accounts.linkWebId(id, `https://pods.example/${email}#me`)
  const { id: credential, secret } = await accounts.createCredential(id, { name: 'job', webId })
  const { token } = await accounts.openSession(id, { remember: true, userAgent: '', address: '' })
  return { email, credential, secret, session: token }
}

if (import.meta.main) {
  const { accounts } = await openAccounts(process.argv[2]!)
  for (let count = 0; ; count++) {
    const issued = await Promise.all([0, 1, 2].map((lane) => issue(accounts, `${count}-${lane}@example.org`)))
    for (const one of issued) process.stdout.write(`${JSON.stringify(one)}\n`)
  }
}
