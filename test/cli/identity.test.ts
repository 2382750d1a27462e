// The commands for accounts, credentials and keys as people run them: what they print where, what they ask, how they end.
// What they do is in test/center/account-administration.test.ts.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { complete } from '../../src/cli/completion.ts'
import { type Finished, runXpod, spawnXpod } from '../support/spawn.ts'

const running = await spawnXpod(['--log-format', 'json'])
after(() => running[Symbol.asyncDispose]())
const at = ['--data-dir', running.dataDir]

const xpod = (...args: readonly string[]): Promise<Finished> => runXpod([...args, ...at])

async function json<T>(...args: readonly string[]): Promise<T> {
  const { status, stdout, stderr } = await xpod(...args, '--json')
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout) as T
}

interface Account {
  readonly id: string
  readonly state: string
  readonly pods: readonly { readonly base: string }[]
}

test('an account is made for people and for scripts', async () => {
  const { status, stdout, stderr } = await xpod('account', 'create', 'alice', '--email', 'alice@example.org')
  assert.equal(status, 0, stderr)
  assert.match(
    stdout,
    /^Account alice waits for its password\..*\nlink +http\S+\.account\/\S+\npod +http\S+\/alice\/$/m,
  )
  const file = join(running.dataDir, '..', 'password')
  await writeFile(file, 'correct horse battery\nsecond line\n')
  const bot = await json<Record<string, unknown>>('account', 'create', 'bot', '--no-pod', '--password-file', file)
  assert.deepEqual([bot.resetLink, bot.pods, bot.deleteAt], [null, [], null])
  const keys =
    'id name state created emails webIds pods language deleteAt logins recoveryCodesLeft credentials sessions'
  assert.deepEqual(Object.keys(bot), [...keys.split(' '), 'resetLink'])
  const exclusive = await xpod('account', 'create', 'x', '--no-pod', '--existing-pod', 'y')
  assert.equal(exclusive.status, 2)
  assert.equal((await xpod('account', 'create', 'x', '--password-file', '/nowhere')).status, 2)
  assert.equal((await xpod('account', 'create', 'alice')).status, 6)
})

test('accounts are listed and shown, as a table and as JSON', async () => {
  const { stdout } = await xpod('account', 'list')
  assert.match(stdout, /^NAME +STATE +E-MAIL +PODS +WEBIDS +CREATED\nalice +open +alice@example\.org +alice +http/)
  assert.doesNotMatch((await xpod('account', 'list', '--no-header')).stdout, /NAME/)
  const all = await json<Account[]>('account', 'list')
  assert.equal(all.length, 2)
  assert.match(
    (await xpod('account', 'show', 'ALICE@example.org')).stdout,
    /^LOGINS +password alice@example\.org \(waits/m,
  )
  assert.equal((await json<Account>('account', 'show', 'alice')).id, all[0]!.id)
  assert.equal((await xpod('account', 'show', 'nobody')).status, 5)
})

test('a reset link and an invite stand alone on stdout, so that scripts can pass them on', async () => {
  assert.match((await xpod('account', 'reset-link', 'alice')).stdout, /^http\S+\n$/)
  const invite = await xpod('account', 'invite', '--uses', '2', '--expires', '1d')
  assert.match(invite.stdout, /^http\S+\n$/)
  assert.match(invite.stderr, /^Good for 2 until \d{4}-/)
  for (const wrong of [
    ['--uses', '0'],
    ['--uses', 'many'],
    ['--expires', 'soon'],
  ]) {
    const { status, stderr } = await xpod('account', 'invite', ...wrong)
    assert.equal(status, 2, stderr)
    assert.ok(stderr.includes(wrong.join(' ')), stderr)
  }
})

test('invites are listed, and one that is taken back makes no account', async () => {
  assert.equal((await xpod('account', 'invites')).stdout.split('\n').length, 3, 'the one of before')
  const { id, link } = await json<{ id: string; link: string }>('account', 'invite', '--uses', '5')
  const { stdout } = await xpod('account', 'invites')
  assert.match(stdout, /^ID +USES LEFT +CREATED +EXPIRES\n/)
  assert.match(stdout, new RegExp(`^${id} +5 +\\d{4}-`, 'm'))
  const code = new URL(link).searchParams.get('invite')!
  assert.ok(!stdout.includes(code))
  assert.match((await xpod('account', 'uninvite', id)).stdout, new RegExp(id))
  assert.equal((await xpod('account', 'uninvite', id)).status, 5)
  assert.ok(!(await json<{ id: string }[]>('account', 'invites')).some((one) => one.id === id))
})

test('credentials are made once, listed and revoked', async () => {
  const made = await xpod('credentials', 'create', 'alice', '--name', 'my backup', '--expires', '90d')
  assert.match(made.stdout, /^id +my-backup_[0-9a-f-]{36}\nsecret +[\w-]{43}\nwebid +http\S+\nexpires +\d{4}-/)
  assert.match(made.stderr, /not shown again/)
  const [id, secret] = [/^id +(\S+)/m.exec(made.stdout)![1]!, /^secret +(\S+)/m.exec(made.stdout)![1]!]
  const listed = await xpod('credentials', 'list', 'alice')
  assert.ok(listed.stdout.includes(id) && !listed.stdout.includes(secret))
  assert.equal((await xpod('credentials', 'revoke', id)).status, 0)
  assert.equal((await xpod('credentials', 'revoke', id)).status, 5)
  assert.deepEqual(await json('credentials', 'list', 'alice'), [])
})

test('an account is disabled, enabled and, when somebody says yes, deleted', async () => {
  const pod = (await json<Account>('account', 'show', 'alice')).pods[0]!.base
  assert.equal((await json<Account>('account', 'disable', 'alice')).state, 'disabled')
  assert.equal((await json<Account>('account', 'enable', 'alice')).state, 'open')
  const asked = await xpod('account', 'delete', 'alice')
  assert.equal(asked.status, 2)
  assert.match(asked.stderr, /everything in http\S+\/alice\/.*\n.*CONFIRMATION_NEEDED/)
  const dry = await json<{ deleted: boolean }>('account', 'delete', 'alice', '--dry-run')
  assert.equal(dry.deleted, false)
  assert.equal((await fetch(`${pod}profile/card`)).status, 200)
  assert.equal((await xpod('account', 'delete', 'alice', '--yes')).status, 0)
  assert.equal((await fetch(`${pod}profile/card`)).status, 404)
  assert.equal((await xpod('account', 'show', 'alice')).status, 5)
})

test('keys are rotated, and the key set has the new one at once', async () => {
  const keys = await json<{ id: string; signsFrom: string }[]>('keys', 'rotate')
  assert.equal(keys.length, 2)
  const { jwks_uri } = (await (await fetch(`${running.baseUrl}.well-known/openid-configuration`)).json()) as {
    jwks_uri: string
  }
  const set = (await (await fetch(jwks_uri)).json()) as { keys: { kid: string }[] }
  assert.deepEqual(set.keys.map(({ kid }) => kid).toSorted(), keys.map(({ id }) => id).toSorted())
})

test('accounts are completed while the server runs', async () => {
  await xpod('account', 'create', 'completed', '--no-pod')
  assert.deepEqual(await complete(['account', 'show', ...at, 'comp']), ['completed'])
  assert.deepEqual(await complete(['account', 'create', ...at, '']), [])
  assert.deepEqual(await complete(['credentials', '']), ['--help', 'create', 'list', 'revoke'])
})

test('with the server stopped the same commands work, and the server knows of it when it is back', async () => {
  await running.stop()
  const made = await xpod('account', 'create', 'offline')
  assert.equal(made.status, 0, made.stderr)
  assert.match(made.stdout, new RegExp(`^pod +${running.baseUrl}offline/$`, 'm'))
  assert.equal((await xpod('credentials', 'create', 'offline')).status, 0)
  assert.equal((await xpod('keys', 'rotate')).status, 0)
  await using again = await spawnXpod([], { dataDir: running.dataDir, port: running.port })
  assert.equal((await json<unknown[]>('credentials', 'list', 'offline')).length, 1)
  assert.equal((await fetch(`${again.baseUrl}offline/profile/card`)).status, 200)
})
