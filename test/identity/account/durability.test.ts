// What has been given out survives the process: everything that a killed process said it had issued works afterwards.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'

import { temporaryDirectory } from '../../support/temporary.ts'
import { type Issued, openAccounts } from './issuing.ts'

const issuedBeforeKill = 60

test('kill -9 loses no account, password, credential or session that was given out', async () => {
  await using dir = await temporaryDirectory()
  const child = spawn(process.execPath, [join(import.meta.dirname, 'issuing.ts'), dir.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const issued: Issued[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    // The last line may be cut.
    if (line.endsWith('}')) issued.push(JSON.parse(line) as Issued)
    if (issued.length === issuedBeforeKill) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  assert.equal(child.signalCode, 'SIGKILL')
  assert.ok(issued.length >= issuedBeforeKill)

  await using opened = await openAccounts(dir.path)
  const { accounts } = opened
  for (const { email, credential, secret, session } of issued) {
    const account = await accounts.verifyPassword(email, email)
    assert.notEqual(account, undefined, email)
    assert.equal((await accounts.verifyCredential(credential, secret))?.account, account?.id)
    assert.equal((await accounts.findSession(session))?.account, account?.id)
  }
})
