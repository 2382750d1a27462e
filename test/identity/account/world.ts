// Accounts on a real database in a temporary directory, with a clock that a test moves, cheap passwords that are counted,
// and every statement that was sent to the database.

import { systemRandom } from '../../../src/base/random.ts'
import { silentLog } from '../../../src/base/log.ts'
import { XpodError } from '../../../src/base/errors.ts'
import type { Database, Row, SqlValue, Step } from '../../../src/core/db/database.ts'
import type { Account, Accounts } from '../../../src/identity/account/accounts.ts'
import { createRevocations, type Revocations } from '../../../src/identity/account/revocations.ts'
import { createScrypt, type Scrypt, type ScryptCost } from '../../../src/identity/account/scrypt.ts'
import { createAccounts } from '../../../src/identity/account/sql-accounts.ts'
import { identityMigrations } from '../../../src/identity/schema/migrations.ts'
import { podMigrations } from '../../../src/pod/store/schema/migrations.ts'
import { sqlite, type TestDatabase } from '../../support/databases.ts'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

export interface World extends AsyncDisposable {
  readonly dir: string
  readonly db: Database
  /** The same without a note of what was sent. */
  readonly unseen: Database
  readonly clock: FakeClock
  readonly accounts: Accounts
  readonly revocations: Revocations
  readonly scrypt: CountedScrypt
  /** Every statement that was sent, in order. */
  readonly sent: string[]
  /** Another center on the same database. */
  another(cost?: ScryptCost): Promise<Pick<World, 'accounts' | 'revocations'>>
}

export interface CountedScrypt extends Scrypt {
  /** Parameters of each derivation, in order. */
  readonly runs: string[]
}

export const cheap: ScryptCost = { logN: 4, r: 1, p: 1 }

export async function openWorld(database: TestDatabase = sqlite): Promise<World> {
  await using parts = new AsyncDisposableStack()
  const { path: dir } = parts.use(await temporaryDirectory())
  const clock = createFakeClock()
  const migrations = [...podMigrations, ...identityMigrations]
  const { db: unseen } = parts.use(await database.open({ migrations, clock }))
  const sent: string[] = []
  const db = recordStatements(unseen, sent)
  const scrypt = countScrypt(cheap)
  const openCenter = async (stack: AsyncDisposableStack, cost = cheap): ReturnType<World['another']> => {
    const revocations = stack.use(await createRevocations({ db, clock, log: silentLog }))
    const options = { db, clock, random: systemRandom, log: silentLog, revocations }
    return {
      revocations,
      accounts: createAccounts({ ...options, scrypt: cost === cheap ? scrypt : countScrypt(cost) }),
    }
  }
  const first = await openCenter(parts)
  const owned = parts.move()
  return {
    dir,
    db,
    unseen,
    clock,
    scrypt,
    sent,
    ...first,
    another: (cost) => openCenter(owned, cost),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function recordStatements(db: Database, sent: string[]): Database {
  return {
    read<T extends Row>(query: string, args: readonly SqlValue[]): Promise<T[]> {
      sent.push(query)
      return db.read<T>(query, args)
    },
    write(steps: readonly Step[]) {
      for (const { query } of steps) sent.push(query)
      return db.write(steps)
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

function countScrypt(cost: ScryptCost): CountedScrypt {
  const runs: string[] = []
  const scrypt = createScrypt({ random: systemRandom, cost })
  const parameters = (stored: string): string => stored.split('$').slice(0, 4).join('$')
  return {
    ...scrypt,
    runs,
    hash(password) {
      runs.push(parameters(scrypt.decoy))
      return scrypt.hash(password)
    },
    verify(password, stored) {
      runs.push(parameters(stored))
      return scrypt.verify(password, stored)
    },
  }
}

export function failsWith(code: string): (error: unknown) => boolean {
  return (error) => error instanceof XpodError && error.code === code
}

export const password = 'correct horse battery staple'

/** An account that is there to stay. */
export async function signUp(accounts: Accounts, email: string): Promise<Account & { readonly login: string }> {
  const account = await accounts.create()
  return { ...account, login: await accounts.addPassword(account.id, { email, password }) }
}
