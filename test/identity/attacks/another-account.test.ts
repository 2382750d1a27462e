// Reaching into another account (insecure direct object references): every resource of an account is asked for, changed and
// deleted by somebody else, who is logged in to their own. Also: taking a WebID without proof.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { connect } from './stage/app.ts'
import type { Person } from './stage/person.ts'
import { openStage } from './stage/stage.ts'

const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())

let victim: Person
let attacker: Person
/** Of the victim, by what it is. */
let resources: Record<string, string>

before(async () => {
  victim = await stage.person('victim')
  attacker = await stage.person('attacker')
  const { account, password } = victim.controls
  const made = await victim.call('POST', account!['clientCredentials']!, { name: 'script', webId: victim.webId })
  await connect(victim)
  const first = async (url: string, key: string): Promise<string> => {
    const list = (await victim.call('GET', url)).json<Record<string, unknown>>()[key]
    const [entry] = Array.isArray(list) ? list : Object.values(list as object)
    return typeof entry === 'string' ? entry : (entry as { resource: string }).resource
  }
  resources = {
    account: account!['pod']!.replace(/pod\/$/, ''),
    credential: made.json<{ resource: string }>().resource,
    pod: await first(account!['pod']!, 'pods'),
    webId: await first(account!['webId']!, 'webIdLinks'),
    password: await first(password!['create']!, 'passwordLogins'),
    session: await first(account!['sessions']!, 'sessions'),
    app: await first(account!['apps']!, 'apps'),
    pods: account!['pod']!,
    webIds: account!['webId']!,
    credentials: account!['clientCredentials']!,
    passwords: password!['create']!,
    sessions: account!['sessions']!,
    apps: account!['apps']!,
    logout: account!['logout']!,
    email: account!['email']!,
    recoveryCodes: account!['recoveryCodes']!,
    delete: account!['delete']!,
    keep: account!['keep']!,
  }
})

const bodies = (): readonly unknown[] => [
  {},
  { name: 'evil', webId: attacker.webId, email: 'evil@example.org', password: attacker.password },
  { name: 'evil', webId: victim.webId, oldPassword: attacker.password, newPassword: 'another long password' },
]

describe('the account of another', () => {
  const kinds = [
    'account',
    'credential',
    'pod',
    'webId',
    'password',
    'session',
    'app',
    'pods',
    'webIds',
    'credentials',
    'passwords',
    'sessions',
    'apps',
    'logout',
    'email',
    'recoveryCodes',
    'delete',
    'keep',
  ]
  for (const kind of kinds) {
    test(`${kind}: cannot be read, changed or deleted`, async () => {
      const url = resources[kind]!
      const attempts = [await attacker.call('GET', url), await attacker.call('DELETE', url)]
      for (const body of bodies()) attempts.push(await attacker.call('POST', url, body))
      for (const { status, text } of attempts) {
        assert.ok([401, 403, 404, 405].includes(status), `${kind}: ${status} ${text}`)
        assert.ok(!text.includes(victim.email) && !text.includes(victim.webId), text)
      }
    })

    test(`${kind}: cannot be reached by its id below one's own account`, async () => {
      const own = attacker.controls['account']!['pod']!.replace(/pod\/$/, '')
      const url = resources[kind]!.replace(resources['account']!, own)
      if (!['credential', 'pod', 'webId', 'password', 'session', 'app'].includes(kind)) return
      const attempts = [await attacker.call('DELETE', url, { password: attacker.password })]
      for (const body of bodies()) attempts.push(await attacker.call('POST', url, body))
      for (const { status, text } of attempts) assert.ok(status >= 400 && status < 500, `${kind}: ${status} ${text}`)
      const { text } = await attacker.call('GET', url)
      assert.ok(!text.includes(victim.email) && !text.includes(victim.webId), text)
    })

    test(`${kind}: its page is not shown`, async () => {
      const page = await attacker.browser.follow(await attacker.browser.page(new URL(resources[kind]!).pathname))
      assert.ok(!page.text.includes(victim.email) && !page.text.includes(victim.webId), kind)
    })
  }

  test('is whole after all that', async () => {
    for (const kind of ['credential', 'pod', 'webId', 'password']) {
      assert.equal((await victim.call('GET', resources[kind]!)).status, 200, kind)
    }
    const sessions = await victim.call('GET', resources['sessions']!)
    assert.ok(sessions.json<{ sessions: unknown[] }>().sessions.length > 0)
  })

  test('is not opened by a token of a made-up or another account', async () => {
    const { authorization } = attacker
    for (const token of [authorization, 'CSS-Account-Token x', 'CSS-Account-Token', 'Bearer x', `${authorization}x`]) {
      const { status } = await stage
        .browser()
        .json('GET', resources['credentials']!, undefined, { authorization: token })
      assert.ok([401, 403, 404].includes(status), `${token}: ${status}`)
    }
  })

  test('is asked for with an account token: the cookie beside it does not count', async () => {
    const { status } = await victim.browser.json('GET', resources['credentials']!, undefined, {
      authorization: attacker.authorization,
    })
    assert.ok([401, 403, 404].includes(status), `${status}`)
  })
})

describe('a WebID is not taken', () => {
  const link = (webId: string): ReturnType<Person['call']> =>
    attacker.call('POST', attacker.controls['account']!['webId']!, { webId })

  test('from another account, without proof', async () => {
    for (const webId of [victim.webId, `${victim.webId}2`, victim.pod]) {
      const { status, text } = await link(webId)
      assert.equal(status, 400, `${webId}: ${text}`)
    }
  })

  test('by spelling it as if it lay in a pod of one’s own', async () => {
    const inVictim = victim.webId.slice(victim.pod.length)
    const { host } = new URL(attacker.pod)
    const spellings = [
      `${attacker.pod}../victim/${inVictim}`,
      `${attacker.pod}%2e%2e/victim/${inVictim}`,
      `${attacker.pod}.%2E/victim/${inVictim}`,
      `${attacker.pod}x/../../victim/${inVictim}`,
      victim.webId.replace('//', `//${host}@`),
      victim.webId.replace('/victim/', '/%76ictim/'),
      victim.webId.replace('http:', 'HTTP:'),
    ]
    for (const webId of spellings) {
      const { status, text } = await link(webId)
      assert.equal(status, 400, `${webId}: ${text}`)
    }
  })

  test('with the proof that was made for another account', async () => {
    const { client, login } = await connect(victim)
    assert.ok(client)
    const asked = await attacker.call('POST', attacker.controls['account']!['webId']!, { webId: `${victim.pod}me#it` })
    const [, token = ''] = /RegistrationToken> ?\\?"([\w-]+)/.exec(asked.text) ?? []
    // The victim writes somebody else's token into a document that is public; a third person claims it.
    const third = await stage.person()
    await login.fetch(`${victim.pod}me`, {
      method: 'PUT',
      headers: { 'content-type': 'text/turtle' },
      body: `<#it> <http://www.w3.org/ns/solid/terms#oidcIssuerRegistrationToken> "${token}".`,
    })
    const { status } = await third.call('POST', third.controls['account']!['webId']!, { webId: `${victim.pod}me#it` })
    assert.equal(status, 400)
  })

  test('for a credential, a pod’s owner or a login of an app', async () => {
    const { account } = attacker.controls
    const credential = await attacker.call('POST', account!['clientCredentials']!, { name: 'x', webId: victim.webId })
    assert.equal(credential.status, 400, credential.text)
  })
})
