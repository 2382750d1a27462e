// Letters of a running server: a forgotten password is asked for at the account API, and the link of the letter opens the
// account again. Whoever asks learns nothing about who has an account.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { startTestCenter, type TestCenter } from '../../support/center.ts'
import { openMailbox } from './mailbox.ts'

const mailbox = await openMailbox()
after(() => mailbox[Symbol.asyncDispose]())
const site: TestCenter = await startTestCenter({ smtpUrl: mailbox.url, mailFrom: 'Pods <pods@example.org>' })
after(() => site[Symbol.asyncDispose]())

const { accounts } = site.center.identity
const { id: ann } = await accounts.create({ name: 'ann', language: 'zh' })
await accounts.addPassword(ann, { email: 'ann@example.org', password: 'correct horse battery' })

async function post(path: string, body: object): Promise<{ status: number; json: Record<string, unknown> }> {
  const answer = await fetch(`${site.baseUrl}.account/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> }
}

test('a forgotten password: the letter holds the link, the link the way back in, and the change is told', async () => {
  assert.equal((await post('login/password/forgot/', { email: 'ANN@example.org' })).status, 200)
  const letter = await mailbox.letter()
  assert.equal(letter.to, 'ann@example.org')
  assert.match(letter.subject, /密码/)
  const link = new URL(/^https?:\S+rid=\S+$/m.exec(letter.text)![0])
  assert.equal(link.origin, new URL(site.baseUrl).origin)
  const page = await fetch(link, { headers: { accept: 'text/html' } })
  assert.equal(page.status, 200)
  assert.match(await page.text(), /<input[^>]+type="password"/)

  const rid = link.searchParams.get('rid')!
  const chosen = 'a quite different one'
  assert.equal((await post('login/password/reset/', { recordId: rid, password: chosen })).status, 200)
  assert.equal((await post('login/password/', { email: 'ann@example.org', password: chosen })).status, 200)
  assert.match((await mailbox.letter()).subject, /密码已更改/)
  const again = await post('login/password/reset/', { recordId: rid, password: 'once more, once more' })
  assert.equal(again.status, 400)
})

test('whoever asks for somebody who is not there gets the same answer, and nobody gets a letter', async () => {
  const known = await post('login/password/forgot/', { email: 'ann@example.org' })
  assert.equal((await mailbox.letter()).to, 'ann@example.org')
  const unknown = await post('login/password/forgot/', { email: 'nobody@example.org' })
  const strip = ({ status, json }: typeof known): string =>
    JSON.stringify({ status, json }).replaceAll('nobody@', 'ann@')
  assert.equal(strip(unknown), strip(known))
  // The queue is in order: this letter would come after one to nobody.
  await post('login/password/forgot/', { email: 'ann@example.org' })
  assert.equal((await mailbox.letter()).to, 'ann@example.org')
  assert.equal(mailbox.waiting(), 0)
})
