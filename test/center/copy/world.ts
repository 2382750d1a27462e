// What a copy must keep, made through a real center on SQLite: people, their sessions, credentials and tokens, pods with all
// kinds of resources, ACLs with a group, a webhook; and looked at from outside before and after.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import { systemRandom } from '../../../src/base/random.ts'
import {
  copyDatabase,
  type CopyReport,
  type CopyProgress,
  type CopyWish,
} from '../../../src/center/database/copy/copy.ts'
import type { Surround } from '../../../src/center/store.ts'
import { Browser } from '../../identity/attacks/stage/browser.ts'
import { controlsOf, signUp } from '../../identity/attacks/stage/person.ts'
import { askToken, createPerson, type CredentialLogin, logInScript } from '../../support/account-login.ts'
import { startTestCenter, type TestCenter, type TestCenterOptions } from '../../support/center.ts'
import { freePort } from '../../support/free-port.ts'
import { createProofKey } from '../../support/issuer.ts'
import { aclFor } from '../../support/solid-client-acl.ts'
import { addressOf, jsonLd, subscriptionTo } from '../../support/subscriptions.ts'
import { until } from '../../support/until.ts'
import { startTarget, type Target } from '../../support/webhook-target.ts'

export const parts: Surround = {
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
  metrics: createMetrics(),
  onFatal: (error) => assert.fail(String(error)),
}

export interface Kept extends AsyncDisposable {
  readonly dataDir: string
  /** Of every center on this data. */
  readonly port: number
  readonly login: CredentialLogin
  readonly base: string
  readonly browser: Browser
  readonly hook: Target
  /** URL → what an owner, and what nobody, is answered. */
  readonly answers: ReadonlyMap<string, readonly Answered[]>
}

interface Answered {
  readonly status: number
  readonly etag: string | null
  readonly lastModified: string | null
  readonly allow: string | null
  readonly sha256: string
}

const largeBytes = 300_000

/** What a body of this name holds; above 64 KiB it is a blob. */
export function largeBody(name: string): Buffer {
  const block = createHash('sha512').update(name).digest()
  return Buffer.alloc(largeBytes, block)
}

/** Fills a data directory and stops the center again. */
export async function fill(dataDir: string): Promise<Kept> {
  const port = await freePort()
  const hook = await startTarget()
  await using center = await startTestCenter({ ...atPort(dataDir, port), db: 'sqlite:' })
  const browser = new Browser(center.baseUrl)
  await signUp(browser, 'carol')
  const person = await createPerson(center, 'alice')
  const login = await logInScript(center, person)
  const { base } = person
  const put = async (path: string, body: string | Buffer, type = 'text/plain'): Promise<void> => {
    const sent = typeof body === 'string' ? body : new Uint8Array(body)
    const answer = await login.fetch(`${base}${path}`, { method: 'PUT', headers: { 'content-type': type }, body: sent })
    assert.ok(answer.ok, `${path}: ${answer.status}`)
  }
  await put('small', 'one')
  await put('small', 'two')
  await put('empty', '')
  await put('deep/er/%C3%A9t%C3%A9%20%23', 'odd name')
  await put('large-a', largeBody('first'), 'image/png')
  await put('large-a', largeBody('large-a'), 'image/png')
  await put('large-b', largeBody('large-b'), 'video/mp4')
  await put('gone', largeBody('gone'))
  await put('team', `<#t> a <http://www.w3.org/2006/vcard/ns#Group>.`, 'text/turtle')
  await put('small.meta', '<small> <http://www.w3.org/2000/01/rdf-schema#label> "s".', 'text/turtle')
  const grants = [{ who: 'public', modes: 'R' } as const, { who: { group: `${base}team#t` }, modes: 'RW' } as const]
  await put('deep/.acl', aclFor(`${base}deep/`, grants, person.webId), 'text/turtle')
  assert.ok((await login.fetch(`${base}gone`, { method: 'DELETE' })).ok)
  await subscribe(login, base, `${base}small`, hook.url)
  await put('small', 'three')
  await until('the webhook hears', () => hook.heard.length === 1)
  const answers = await look({ login, base })
  const close = async (): Promise<void> => hook[Symbol.asyncDispose]()
  return { dataDir, port, login, base, browser, hook, answers, [Symbol.asyncDispose]: close }
}

/** A center on the same address. */
export function startAgain(kept: Kept, options: TestCenterOptions): Promise<TestCenter> {
  return startTestCenter({ ...atPort(kept.dataDir, kept.port), ...options })
}

function atPort(dataDir: string, port: number): TestCenterOptions {
  return { dataDir, listen: { host: '127.0.0.1', port } }
}

async function subscribe(login: CredentialLogin, base: string, topic: string, sendTo: string): Promise<void> {
  const type = 'WebhookChannel2023'
  const body = subscriptionTo(topic, { type, sendTo })
  const headers = { 'content-type': jsonLd }
  const answer = await login.fetch(addressOf(base, type), { method: 'POST', headers, body })
  assert.equal(answer.status, 200, await answer.text())
}

/** In the pod of alice. */
const names = [
  '',
  '.acl',
  'profile/',
  'profile/card',
  'small',
  'small.meta',
  'empty',
  'deep/',
  'deep/.acl',
  'deep/er/',
  'deep/er/%C3%A9t%C3%A9%20%23',
  'large-a',
  'large-b',
  'gone',
  'team',
]

/** Of a running center. */
export async function look({
  login,
  base,
}: Pick<Kept, 'login' | 'base'>): Promise<ReadonlyMap<string, readonly Answered[]>> {
  const found = new Map<string, readonly Answered[]>()
  for (const name of names) {
    const url = `${base}${name}`
    found.set(url, [await answered(await login.fetch(url)), await answered(await fetch(url))])
  }
  return found
}

async function answered(answer: Response): Promise<Answered> {
  const sha256 = createHash('sha256')
    .update(new Uint8Array(await answer.arrayBuffer()))
    .digest('hex')
  const { headers, status } = answer
  const shown = status < 400 ? sha256 : ''
  return {
    status,
    etag: headers.get('etag'),
    lastModified: headers.get('last-modified'),
    allow: headers.get('wac-allow'),
    sha256: shown,
  }
}

/** That a running center on a copy is as the one before: answers, versions, logins, what is subscribed. */
export async function expectKept({ login, base, browser, hook, answers }: Kept, center: TestCenter): Promise<void> {
  assert.deepEqual(await look({ login, base }), answers)
  // A session of a person, in her browser.
  assert.ok((await controlsOf(browser))['account']!['pod'] !== undefined, 'carol is logged in')
  // A script, with credentials of before.
  const token = await askToken(center.baseUrl, { credential: login.credential, key: await createProofKey() })
  assert.equal(token.status, 200)
  // A condition on a version of before holds, and a new version has another ETag.
  const url = `${base}small`
  const [{ etag }] = answers.get(url)! as [Answered]
  const before = hook.heard.length
  const headers = { 'content-type': 'text/plain', 'if-match': etag! }
  assert.equal((await login.fetch(url, { method: 'PUT', headers, body: 'changed' })).status, 204)
  const now = (await login.fetch(url)).headers.get('etag')
  assert.notEqual(now, etag)
  assert.equal((await login.fetch(url, { method: 'PUT', headers, body: 'late' })).status, 412)
  // The channel goes on from its position: it hears of this, and of nothing that it heard before.
  await until('the webhook hears of it', () => hook.heard.length > before)
  assert.deepEqual(
    hook.heard.slice(before).map(({ message }) => [message.object, message.state]),
    [[url, now]],
  )
  assert.equal(
    (await login.fetch(`${base}new`, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: 'n' })).status,
    201,
  )
}

const toNowhere = { s3: undefined, isRestart: false, isRetiring: false }

export function copy(wish: Partial<CopyWish> & Pick<CopyWish, 'to' | 'dataDir'>, on = ignore): Promise<CopyReport> {
  return copyDatabase({ from: 'sqlite:', ...toNowhere, ...wish }, parts, on)
}

function ignore(_progress: CopyProgress): void {}

/** Of the file, and of what is not folded into it yet. */
export function bytesOf(dataDir: string): string {
  const hash = createHash('sha256')
  for (const name of ['xpod.db', 'xpod.db-wal']) {
    try {
      hash.update(readFileSync(join(dataDir, name)))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return hash.digest('hex')
}
