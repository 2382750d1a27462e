// `npm run test:stores`: the suites once more, with PostgreSQL and S3 below every server and every pod store they open, and some of
// them with a PgBouncer in between. A suite or file that is new is among them by itself; what is left out stands here with its
// reason. Further arguments go to node --test.

import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const suites = ['center', 'cli', 'clients', 'e2e', 'identity', 'pod', 'protocol']

const ownStores = 'opens the stores it is about itself, the same in both runs'
const noStore = 'keeps nothing'
const sqliteFiles = 'is about the calls and faults of the disk below SQLite and files'

/** By path, folders with a slash at their end. */
const leftOut: Readonly<Record<string, string>> = {
  'test/center/copy/': ownStores,
  'test/center/database.test.ts': ownStores,
  'test/center/objects.test.ts': ownStores,
  'test/center/postgres.test.ts': ownStores,
  'test/pod/store/': ownStores,
  'test/e2e/cache.test.ts': ownStores,
  'test/e2e/crash-stores.test.ts': ownStores,
  'test/e2e/copy.test.ts': ownStores,
  'test/e2e/postgres-reach.test.ts': ownStores,
  'test/e2e/s3-away.test.ts': ownStores,
  'test/e2e/s3-faults.test.ts': ownStores,
  'test/e2e/disk.test.ts': sqliteFiles,
  'test/e2e/fatal.test.ts': sqliteFiles,
  'test/e2e/syscalls.test.ts': sqliteFiles,
  'test/e2e/syscalls-faults.test.ts': sqliteFiles,
  'test/cli/completion.test.ts': noStore,
  'test/cli/generated.test.ts': noStore,
  'test/cli/render.test.ts': noStore,
  'test/pod/auth/': noStore,
  'test/pod/rdf/': noStore,
}

for (const path of Object.keys(leftOut)) {
  if (!existsSync(new URL(`../../${path}`, import.meta.url))) throw new Error(`${path} is left out and is not there`)
}
const isLeftOut = (file: string): boolean => Object.keys(leftOut).some((path) => file.startsWith(path))
const files = globSync(`test/{${suites.join()}}/**/*.test.ts`, { cwd: root })
  .filter((file) => !file.includes('node_modules') && !isLeftOut(file))
  .toSorted()

const pooled = [
  'test/e2e/webhooks.test.ts',
  'test/identity/attacks/replay.test.ts',
  'test/protocol/concurrency.test.ts',
  'test/protocol/conditional.test.ts',
  'test/protocol/containers.test.ts',
  'test/protocol/creating.test.ts',
  'test/protocol/deleting.test.ts',
  'test/protocol/notify-delivery.test.ts',
]

for (const [stores, chosen] of [
  ['postgres,s3', files],
  ['pgbouncer,s3', pooled],
] as const) {
  process.stdout.write(`\n${chosen.length} files on ${stores}\n`)
  const args = ['--test', '--test-concurrency=2', ...process.argv.slice(2), ...chosen]
  const env = { ...process.env, XPOD_TEST_STORES: stores }
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env })
  if (status !== 0) process.exitCode = status ?? 1
}
