// No statement of accounts walks a table: with 50 000 accounts each does the work of the rows it is about. Every call of
// the contract is made once, and the plan of every statement that reached the database is read. PostgreSQL walks a small
// table although it has an index, so there walking is made dear: what still walks has no index to use.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from 'pg'

import { numberPlaceholders } from '../../../src/core/db/postgres/values.ts'
import type { Accounts } from '../../../src/identity/account/accounts.ts'
import { silentLog } from '../../../src/base/log.ts'
import { openWithdrawnPods } from '../../../src/identity/account/withdrawn-pods.ts'
import { identityMigrations } from '../../../src/identity/schema/migrations.ts'
import { postgres } from '../../support/databases.ts'
import { sharedPostgres } from '../../support/stores.ts'
import { openWorld, password, type World } from './world.ts'

const webId = 'https://a.example/#me'

test('every statement searches an index (sqlite)', async () => {
  await using world = await openWorld()
  const walking: string[] = []
  for (const query of await statementsOf(world)) {
    const scans = (await planOf(world, query)).filter((detail) => /^SCAN (?!CONSTANT ROW)/.test(detail))
    if (scans.length > 0) walking.push(`${scans.join('; ')} in ${query}`)
  }
  assert.deepEqual(walking, [])
})

test('every statement searches an index (postgres)', { skip: postgres.skip }, async () => {
  await using world = await openWorld()
  const statements = await statementsOf(world)
  await using explainer = await openExplainer()
  const walking: string[] = []
  for (const query of statements) {
    const scans = (await explainer.explain(query)).filter((line) => line.includes('Seq Scan'))
    if (scans.length > 0) walking.push(`${scans.join('; ')} in ${query}`)
  }
  assert.deepEqual(walking, [])
})

test('a statement that walks a table is seen (sqlite)', async () => {
  await using world = await openWorld()
  assert.match((await planOf(world, 'SELECT id FROM account WHERE state = ?'))[0]!, /^SCAN /)
})

test('a statement that walks a table is seen (postgres)', { skip: postgres.skip }, async () => {
  await using explainer = await openExplainer()
  assert.match((await explainer.explain('SELECT id FROM account WHERE state = ?'))[0]!, /Seq Scan/)
})

async function statementsOf(world: World): Promise<ReadonlySet<string>> {
  const called = await callEverything(world)
  await using _pods = await openWithdrawnPods({ ...world, log: silentLog })
  assert.deepEqual(
    Object.keys(world.accounts).filter((name) => !called.has(name)),
    [],
  )
  const queries = new Set(world.sent)
  assert.ok(queries.size > 70, `${queries.size} statements`)
  return queries
}

async function planOf(world: World, query: string): Promise<string[]> {
  const blanks = Array.from(query.matchAll(/\?/g), () => null)
  const plan = await world.unseen.read<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, blanks)
  return plan.map((row) => row.detail)
}

interface Explainer extends AsyncDisposable {
  /** The lines of a plan for whatever values. */
  explain(query: string): Promise<string[]>
}

async function openExplainer(): Promise<Explainer> {
  const client = new Client({ connectionString: await (await sharedPostgres()).freshDatabase() })
  await client.connect()
  for (const { postgres: text } of identityMigrations) await client.query(text)
  await client.query('SET enable_seqscan = off')
  return {
    async explain(query) {
      const text = `EXPLAIN (GENERIC_PLAN) ${numberPlaceholders(query)}`
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(text)
      return rows.map((row) => row['QUERY PLAN'])
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}

/** The names of the calls that were made. */
async function callEverything(world: World): Promise<ReadonlySet<string>> {
  const called = new Set<string>()
  const accounts = new Proxy(world.accounts, {
    get(target, name: string) {
      called.add(name)
      return Reflect.get(target, name) as unknown
    },
  })
  const { id } = await accounts.create({ name: 'alice' })
  await callLogins(world, accounts, id)
  await callBelongings(world, accounts, id)
  await callSessions(accounts, id)
  await accounts.get(id)
  await accounts.find('a@b')
  await accounts.list(undefined, 10)
  await accounts.linkPod(id, 'pod')
  await accounts.podLinks(id)
  await accounts.setPodDelete(id, 'pod', world.clock.nowMs())
  await accounts.duePods()
  await accounts.setName(id, 'alice2')
  await accounts.setLanguage(id, 'en')
  await accounts.setState(id, 'disabled')
  await accounts.setState(id, 'open')
  await accounts.scheduleDelete(id, world.clock.nowMs())
  await accounts.cancelDelete(id)
  await accounts.create()
  world.clock.advance(24 * 60 * 60_000)
  await accounts.purgeDue()
  await accounts.remove(id)
  return called
}

async function callLogins(world: World, accounts: Accounts, id: string): Promise<void> {
  const loginId = await accounts.addPassword(id, { email: 'a@b', password })
  const raised = await world.another({ logN: 5, r: 1, p: 1 })
  await raised.accounts.verifyPassword('a@b', password)
  await accounts.linkWebId(id, webId)
  for (const login of ['a@b', 'alice', webId]) await accounts.verifyPassword(login, password)
  for (const login of ['alice', webId]) await accounts.find(login)
  await accounts.checkPassword(id, password)
  await accounts.changePassword(id, loginId, { old: password, new: password })
  await accounts.changeEmail(id, loginId, 'c@d')
  await accounts.logins(id)
  await accounts.addPasskey({
    id: 'key',
    account: id,
    name: '',
    publicKey: new Uint8Array(),
    counter: 0,
    transports: [],
  })
  await accounts.passkeys(id)
  await accounts.findPasskey('key')
  await accounts.touchPasskey('key', 1)
  await accounts.removeLogin(id, 'key')
  await accounts.addPasskey({
    id: 'key',
    account: id,
    name: '',
    publicKey: new Uint8Array(),
    counter: 0,
    transports: [],
  })
  await accounts.removeLogin(id, loginId)
  await accounts.useReset((await accounts.createReset('alice'))!.token, password)
  const reset = (await accounts.createReset('alice'))!
  await accounts.isReset(reset.token)
  await accounts.useReset(reset.token, password)
  const [code] = await accounts.recoveryCodes(id)
  await accounts.recoveryCodesLeft(id)
  await accounts.useRecoveryCode('alice', code!)
}

async function callBelongings({ clock, revocations }: World, accounts: Accounts, id: string): Promise<void> {
  await accounts.linkWebId(id, webId)
  await accounts.webIds(id)
  await accounts.accountOfWebId(webId)
  await accounts.linkPod(id, 'pod')
  await accounts.pods(id)
  await accounts.linkOfPod('pod')
  await accounts.unlinkPod(id, 'pod')
  const credential = await accounts.createCredential(id, { name: '', webId })
  await accounts.credentials(id)
  await accounts.findCredential(credential.id)
  await accounts.verifyCredential(credential.id, credential.secret)
  await accounts.touchCredential(credential.id)
  await accounts.deleteCredential(id, credential.id)
  await accounts.unlinkWebId(id, webId)
  const { code, invite } = await accounts.createInvite({ expiresMs: clock.nowMs() + 1000, uses: 1 })
  await accounts.listInvites()
  await accounts.useInvite(code)
  await accounts.deleteInvite(invite.id)
  await revocations.revoke('grant', clock.nowMs() + 1000)
}

async function callSessions(accounts: Accounts, id: string): Promise<void> {
  const { token, session } = await accounts.openSession(id, { remember: true, userAgent: '', address: '' })
  await accounts.findSession(token)
  await accounts.sessions(id)
  await accounts.endOthers(id, session.id)
  await accounts.endSession(session.id)
}
