// Letters to account holders, against a real SMTP server in this process. Pauses are those of a clock that the test moves.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SMTPServerOptions } from 'smtp-server'

import { type LogFields, silentLog } from '../../../src/base/log.ts'
import type { Account, Language, Login } from '../../../src/identity/account/accounts.ts'
import { writeLetter } from '../../../src/identity/mail/letters.ts'
import type { Mail } from '../../../src/identity/mail/mail.ts'
import { type MailOptions, openMail } from '../../../src/identity/mail/post.ts'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts'
import { until } from '../../support/until.ts'
import { type Arrived, openMailbox } from './mailbox.ts'

interface Scene extends AsyncDisposable {
  readonly mail: Mail & AsyncDisposable
  readonly clock: FakeClock
  readonly waiting: () => number
  /** Names of calls on accounts. */
  readonly asked: string[]
  readonly logged: { readonly event: string; readonly fields: LogFields }[]
  /** Lets what was just asked for begin. */
  begin(): void
  readonly letter: () => Promise<Arrived>
}

interface SceneOptions {
  readonly server?: SMTPServerOptions
  readonly language?: Language
  readonly emails?: readonly string[]
  readonly url?: (port: number) => string
  readonly mail?: Partial<MailOptions>
}

const account = (language?: Language): Account => ({
  id: 'a1',
  state: 'open',
  createdMs: 1,
  ...(language === undefined ? {} : { language }),
})

async function openScene({
  server = {},
  language,
  emails = ['Ann@example.org'],
  url,
  mail,
}: SceneOptions = {}): Promise<Scene> {
  await using stack = new AsyncDisposableStack()
  const mailbox = stack.use(await openMailbox(server))
  const clock = createFakeClock()
  const asked: string[] = []
  const logged: Scene['logged'] = []
  const keep = (event: string, fields: LogFields = {}): void => void logged.push({ event, fields })
  const logins = emails.map((email): Login => ({ id: 'l', kind: 'password', email, isUsable: true, createdMs: 1 }))
  const opened = stack.use(
    openMail({
      smtpUrl: url?.(mailbox.port) ?? mailbox.url,
      from: 'Pods <pods@example.org>',
      baseUrl: 'https://pods.example.org/',
      resetUrl: (token) => `https://pods.example.org/reset?token=${token}`,
      accounts: {
        get: async () => account(language),
        find: async (login) => (asked.push('find'), login === 'ann' ? account(language) : undefined),
        logins: async () => logins,
        async createReset(login) {
          asked.push('createReset')
          if (login !== 'ann') return undefined
          return { token: 'T0ken', account: account(language), email: emails[0] }
        },
      },
      clock,
      log: { ...silentLog, info: keep, warn: keep, error: keep },
      ...mail,
    }),
  )
  const owned = stack.move()
  return {
    mail: opened,
    clock,
    waiting: mailbox.waiting,
    asked,
    logged,
    begin: () => clock.advance(100),
    letter: mailbox.letter,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

test('a reset letter brings the link to the address of the account, in its language', async () => {
  await using scene = await openScene({ language: 'zh' })
  scene.mail.resetLink('ann', 'en')
  scene.begin()
  const { to, subject, text, head } = await scene.letter()
  assert.equal(to, 'Ann@example.org')
  assert.match(subject, /重设.*pods\.example\.org/)
  assert.ok(text.split('\n').includes('https://pods.example.org/reset?token=T0ken'), text)
  assert.match(head, /^From: Pods <pods@example\.org>$/m)
  assert.match(head, /^Auto-Submitted: auto-generated$/m)
})

test('an account without a language gets that of the page it asked on', async () => {
  await using scene = await openScene()
  scene.mail.resetLink('ann', 'zh')
  scene.begin()
  assert.match((await scene.letter()).subject, /密码/)
  scene.mail.resetLink('ann')
  scene.begin()
  assert.match((await scene.letter()).subject, /^A new password for pods\.example\.org$/)
})

test('nothing is looked up before the answer is out, for anybody', async () => {
  await using scene = await openScene()
  for (const login of ['ann', 'nobody']) {
    scene.mail.resetLink(login)
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(scene.asked, [])
  }
  scene.begin()
  await scene.letter()
  assert.deepEqual(scene.asked.toSorted(), ['createReset', 'createReset', 'find', 'find'])
  assert.equal(scene.waiting(), 0, 'nobody got a letter')
})

test('a changed password is told to every address once, a changed address to the old one', async () => {
  await using scene = await openScene({ emails: ['a@example.org', 'b@example.org', 'a@example.org'] })
  scene.mail.passwordChanged('a1')
  scene.begin()
  assert.deepEqual([(await scene.letter()).to, (await scene.letter()).to].toSorted(), [
    'a@example.org',
    'b@example.org',
  ])
  scene.mail.emailChanged('a1', 'old@example.org')
  scene.begin()
  const { to, text } = await scene.letter()
  assert.equal(to, 'old@example.org')
  assert.doesNotMatch(text, /a@example\.org/)
  scene.mail.passkeyAdded('a1')
  scene.begin()
  assert.match((await scene.letter()).subject, /passkey/)
})

test('a server that is busy is asked again later, and the letter is the same', async () => {
  let refusals = 2
  await using scene = await openScene({
    server: {
      onRcptTo(_address, _session, done) {
        done(refusals-- > 0 ? Object.assign(new Error('busy'), { responseCode: 451 }) : null)
      },
    },
  })
  scene.mail.resetLink('ann')
  scene.begin()
  for (const [tries, pauseMs] of [
    [1, 10_000],
    [2, 60_000],
  ] as const) {
    await until('a pause', () =>
      scene.logged.some(({ event, fields }) => event === 'mail.delayed' && fields.tries === tries),
    )
    assert.equal(scene.waiting(), 0)
    scene.clock.advance(pauseMs)
  }
  assert.match((await scene.letter()).text, /T0ken/)
  assert.deepEqual(scene.asked, ['find', 'createReset'])
})

test('one account gets three reset letters an hour, whoever asks for them', async () => {
  await using scene = await openScene()
  for (let n = 0; n < 5; n++) scene.mail.resetLink('ann')
  scene.begin()
  for (let n = 0; n < 3; n++) await scene.letter()
  await until('the limit', () => scene.logged.filter(({ event }) => event === 'mail.limited').length === 2)
  assert.equal(scene.asked.filter((call) => call === 'createReset').length, 3, 'no further link ends those sent')
  scene.clock.advance(61 * 60_000)
  scene.mail.resetLink('ann')
  scene.begin()
  await scene.letter()
})

test('a letter that is refused for good is not sent again', async () => {
  await using scene = await openScene({
    server: { onRcptTo: (_a, _s, done) => done(Object.assign(new Error('no such box'), { responseCode: 550 })) },
  })
  scene.mail.resetLink('ann')
  scene.begin()
  const failed = await until('a failure', () => scene.logged.find(({ event }) => event === 'mail.failed'))
  assert.equal(failed!.fields.tries, 1)
  assert.match(String(failed!.fields.reason), /550/)
  assert.doesNotMatch(JSON.stringify(scene.logged), /Ann@|T0ken/, 'neither address nor token is logged')
})

test('a server that is not there is given up after five tries', async () => {
  await using scene = await openScene({ url: () => 'smtp://127.0.0.1:1' })
  scene.mail.resetLink('ann')
  scene.begin()
  await until('the last try', () => {
    scene.clock.advance(15 * 60_000)
    return scene.logged.find(({ event }) => event === 'mail.failed')?.fields.tries === 5
  })
  assert.equal(scene.logged.filter(({ event }) => event === 'mail.delayed').length, 4)
})

test('the queue has a bound: what is beyond it is dropped, what is in it arrives', async () => {
  await using scene = await openScene()
  for (let n = 0; n < 1010; n++) scene.mail.resetLink(n === 0 ? 'ann' : 'nobody')
  assert.equal(scene.logged.filter(({ event }) => event === 'mail.dropped').length, 10)
  scene.begin()
  await scene.letter()
})

test('a stop sends what is ready', async () => {
  await using scene = await openScene()
  scene.mail.resetLink('ann')
  scene.begin()
  await scene.mail[Symbol.asyncDispose]()
  assert.equal(scene.waiting(), 1)
})

test('user and password are given to the server', async () => {
  const users: unknown[] = []
  await using scene = await openScene({
    url: (port) => `smtp://pods%40example.org:p%2Fw@127.0.0.1:${port}`,
    server: {
      authOptional: false,
      allowInsecureAuth: true,
      onAuth({ username, password }, _session, done) {
        users.push([username, password])
        done(null, { user: username })
      },
    },
  })
  scene.mail.resetLink('ann')
  scene.begin()
  await scene.letter()
  assert.deepEqual(users, [['pods@example.org', 'p/w']])
})

test('a password never goes in clear to another machine', async () => {
  const users: unknown[] = []
  await using scene = await openScene({
    // Linux connects 0.0.0.0 to this machine, but it is no name of it.
    url: (port) => `smtp://pods:secret@0.0.0.0:${port}`,
    server: {
      authOptional: false,
      allowInsecureAuth: true,
      onAuth({ username }, _session, done) {
        users.push(username)
        done(null, { user: username })
      },
    },
  })
  scene.mail.resetLink('ann')
  scene.begin()
  const failed = await until('a failure', () => scene.logged.find(({ event }) => event === 'mail.failed'))
  assert.match(String(failed!.fields.reason), /TLS/)
  assert.deepEqual(users, [])
})

test('every letter is whole in both languages', () => {
  const values = { baseUrl: 'https://pods.example.org/', atMs: Date.UTC(2026, 0, 2, 3, 4), link: 'https://l.example/' }
  for (const language of ['en', 'zh'] as const) {
    for (const kind of ['reset', 'passwordChanged', 'emailChanged', 'passkeyAdded'] as const) {
      const { subject, text } = writeLetter(kind, language, values)
      assert.doesNotMatch(subject + text, /[{}]|undefined/)
      assert.match(text, /https:\/\/pods\.example\.org\//)
    }
    assert.match(writeLetter('passwordChanged', language, values).text, /2026-01-02 03:04 UTC/)
  }
})
