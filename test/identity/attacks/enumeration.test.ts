// Finding out who has an account (rule 16): log-in, forgot and reset answer the same words for somebody and nobody, and do the
// same work. Work is the CPU of this process, almost all of it scrypt, compared by the middle of many tries taken in turns:
// unlike wall-clock time it does not wait for others.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import type { Answer, Browser } from './stage/browser.ts'
import type { Person } from './stage/person.ts'
import { openStage } from './stage/stage.ts'

const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())

/** Each costs two scrypt runs. */
const turns = 7
const login = '/.account/login/password/'
const forgot = '/.account/login/password/forgot/'
const reset = '/.account/login/password/reset/'

let person: Person
before(async () => {
  person = await stage.person()
})

/** Without what differs by nature: the login itself. */
function words({ status, text, headers }: Answer, typed: string): string {
  const kept = { type: headers['content-type'], cookies: headers['set-cookie']?.length }
  return JSON.stringify([status, kept, text.replaceAll(typed, 'LOGIN').replace(/name="csrf" value="[^"]*"/g, '')])
}

const logins = (): readonly (readonly [somebody: string, nobody: string])[] => [
  [person.email, 'nobody@example.org'],
  [person.webId, person.webId.replace(person.name, 'nobody')],
]

describe('somebody and nobody get the same words', () => {
  test('from log-in with a wrong password, through the API and the page', async () => {
    for (const [somebody, nobody] of logins()) {
      const [known, unknown] = await Promise.all(
        [somebody, nobody].map(async (email) => {
          const browser = stage.browser()
          const json = words(await browser.json('POST', login, { email, password: 'wrong' }), email)
          const form = (await browser.forms(login)).find(({ fields }) => 'password' in fields)!
          return [json, words(await browser.submit(form, { login: email, password: 'wrong' }), email)]
        }),
      )
      assert.deepEqual(known, unknown)
    }
  })

  test('from forgot', async () => {
    for (const [somebody, nobody] of logins()) {
      const [known, unknown] = await Promise.all(
        [somebody, nobody].map(async (email) => words(await stage.browser().json('POST', forgot, { email }), email)),
      )
      assert.equal(known, unknown)
    }
  })

  test('from recovery with a wrong code', async () => {
    for (const [somebody, nobody] of logins()) {
      const [known, unknown] = await Promise.all(
        [somebody, nobody].map(async (email) => {
          return words(
            await stage.browser().json('POST', '/.account/login/recovery/', { login: email, code: 'x' }),
            email,
          )
        }),
      )
      assert.equal(known, unknown)
    }
  })

  test('from reset with a made-up link', async () => {
    const answer = await stage.browser().json('POST', reset, { recordId: 'A'.repeat(43), password: 'a long password' })
    assert.equal(answer.status, 400)
    assert.ok(!answer.text.includes('@'))
  })

  test('when there have been too many tries', async () => {
    const fresh = await stage.person()
    const [known, unknown] = await Promise.all(
      [fresh.email, 'nobody2@example.org'].map(async (email) => {
        const statuses: number[] = []
        for (let turn = 0; turn < 14 && !statuses.includes(429); turn++) {
          statuses.push((await stage.browser().json('POST', login, { email, password: 'wrong' })).status)
        }
        return statuses
      }),
    )
    assert.deepEqual(known, unknown)
    assert.ok(known!.includes(429))
  })
})

/** Milliseconds of CPU of this process, all threads, for each side: the middle of the turns. */
async function cpuOf(sides: readonly ((browser: Browser, turn: number) => Promise<Answer>)[]): Promise<number[]> {
  const spent = sides.map(() => [] as number[])
  for (let turn = 0; turn < turns; turn++) {
    for (const [at, side] of sides.entries()) {
      const before = process.cpuUsage()
      await side(stage.browser(), turn)
      const { user, system } = process.cpuUsage(before)
      spent[at]!.push((user + system) / 1000)
    }
  }
  return spent.map((all) => all.sort((a, b) => a - b)[Math.floor(turns / 2)]!)
}

test('log-in works as hard for nobody as for somebody', async () => {
  const other = await stage.person()
  const attempt = (email: (turn: number) => string) => (browser: Browser, turn: number) =>
    browser.json('POST', login, { email: email(turn), password: 'wrong' })
  const [known, unknown] = await cpuOf([attempt(() => other.email), attempt((turn) => `nobody-${turn}@example.org`)])
  // One scrypt run is most of it: one run more or less would be far outside.
  assert.ok(Math.abs(known! - unknown!) < 0.35 * Math.max(known!, unknown!), `${known} ms and ${unknown} ms`)
})

test('forgot does its work after the answer: both sides answer without hashing', async () => {
  const attempt = (email: string) => (browser: Browser) => browser.json('POST', forgot, { email })
  const [hashing, known, unknown] = await cpuOf([
    (browser, turn) => browser.json('POST', login, { email: `somebody-${turn}@example.org`, password: 'wrong' }),
    attempt(person.email),
    attempt('nobody3@example.org'),
  ])
  assert.ok(known! < hashing! / 2 && unknown! < hashing! / 2, `${hashing} ms, ${known} ms and ${unknown} ms`)
})

test('sign-up may say that an address is taken, and does', async () => {
  const third = await stage.person()
  const answer = await third.call('POST', third.controls['password']!['create']!, {
    email: person.email,
    password: 'another long password',
  })
  assert.equal(answer.status, 400)
  assert.match(answer.text, /EMAIL_TAKEN/)
})
