// The provider of a data directory as another process on the same database, the way a second center will be: serves it on a
// free port and prints that. Arguments: data directory, base URL, database. Ends when its standard input does.

import { systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import { systemRandom } from '../../../src/base/random.ts'
import { openPostgres } from '../../../src/core/db/postgres/open.ts'
import { openSqlite } from '../../../src/core/db/sqlite/open.ts'
import { openFetchDoor } from '../../../src/core/http/fetch-door.ts'
import { startHttpServer } from '../../../src/core/http/server.ts'
import { createRevocations } from '../../../src/identity/account/revocations.ts'
import { createScrypt } from '../../../src/identity/account/scrypt.ts'
import { createAccounts } from '../../../src/identity/account/sql-accounts.ts'
import { createProvider } from '../../../src/identity/provider/provider.ts'
import { identityMigrations } from '../../../src/identity/schema/migrations.ts'
import { openSealer } from '../../../src/identity/sealing.ts'
import { createThrottle } from '../../../src/identity/throttle.ts'
import { laterPodMigrations, podMigrations } from '../../../src/pod/store/schema/migrations.ts'

const [dir = '', issuer = '', url = ''] = process.argv.slice(2)
const [clock, random, log] = [systemClock, systemRandom, silentLog]
const migrations = [...podMigrations, ...identityMigrations, ...laterPodMigrations]
const parts = { migrations, log, clock, metrics: createMetrics() }
const onFatal = (error: unknown): never => {
  throw error
}
const db =
  url === 'sqlite:'
    ? await openSqlite({ ...parts, dir, onFatal, ballastBytes: 0 })
    : await openPostgres({ ...parts, url, random })
const revocations = await createRevocations({ db, clock, log })
const accounts = createAccounts({ db, clock, random, log, scrypt: createScrypt({ random }), revocations })
const provider = await createProvider({
  issuer,
  db,
  accounts,
  isWithdrawnWebId: () => false,
  revocations,
  sealer: await openSealer(`${dir}/secret.key`, { db, clock, random }),
  throttle: createThrottle({ clock, perAddressHour: undefined }),
  door: openFetchDoor({ allowInternal: [], allowLoopback: true, clock, log }),
  local: () => undefined,
  clock,
  random,
  log,
})
const handler = provider.handle.bind(provider)
const server = await startHttpServer({ host: '127.0.0.1', port: 0, handler, clock, log })
process.stdout.write(`${server.port}\n`)
process.stdin.resume().on('end', () => process.exit(0))
