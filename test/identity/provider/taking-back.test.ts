// Taking something back ends access (rule 9), and logging out as apps ask for it.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { createPerson, logInScript } from '../../support/account-login.ts'
import { until } from '../../support/until.ts'
import type { App, Tokens } from './app.ts'
import { openScene, openSession, type Scene } from './scene.ts'

let scene: Scene
before(async () => {
  scene = await openScene()
})
after(() => scene[Symbol.asyncDispose]())

async function another(name: string) {
  const person = await createPerson(scene.center, name)
  return { ...person, session: await openSession(scene.center, person.account) }
}

async function letIn(app: App, who: Awaited<ReturnType<typeof another>>): Promise<Tokens> {
  return (await (await app.exchange(await app.letIn(scene.provider, who))).json()) as Tokens
}

/** Within the 5 s of rule 9. */
async function endsSoon(read: () => Promise<Response>): Promise<void> {
  await until('access has ended', async () => (await read()).status === 401, 5000)
}

test('an app that is taken back loses access and its refresh token', async () => {
  const bob = await another('bob')
  const app = await scene.app()
  const tokens = await letIn(app, bob)
  const read = (): Promise<Response> => app.as(bob.webId, tokens).fetch(`${bob.base}profile/card`)
  assert.equal((await read()).status, 200)
  assert.equal(await scene.provider.revokeApp(bob.account, app.clientId), true)
  await endsSoon(read)
  assert.equal((await app.refresh(tokens.refresh_token!)).status, 400)
  assert.deepEqual(await scene.provider.apps(bob.account), [])
  const silent = await app.authorize({ prompt: 'none' })
  assert.match(silent.searchParams.get('error') ?? '', /required/)
})

test('ending a session ends what was let in from it, and nothing else', async () => {
  const carol = await another('carol')
  const [here, there] = [await scene.app(), await scene.app()]
  const tokensHere = await letIn(here, carol)
  const elsewhere = { ...carol, session: await openSession(scene.center, carol.account) }
  const tokensThere = await letIn(there, elsewhere)
  await scene.accounts.endSession(carol.session)
  await endsSoon(() => here.as(carol.webId, tokensHere).fetch(`${carol.base}profile/card`))
  assert.equal((await here.refresh(tokensHere.refresh_token!)).status, 400)
  assert.equal((await there.as(carol.webId, tokensThere).fetch(`${carol.base}profile/card`)).status, 200)
  assert.equal((await there.refresh(tokensThere.refresh_token!)).status, 200)
})

test('a credential that is deleted and an account that is disabled lose access', async () => {
  const dave = await another('dave')
  const script = await logInScript(scene.center, dave)
  const read = (login: typeof script) => (): Promise<Response> => login.fetch(`${dave.base}profile/card`)
  assert.equal((await read(script)()).status, 200)
  await scene.accounts.deleteCredential(dave.account, script.credential.id)
  await endsSoon(read(script))
  const second = await logInScript(scene.center, dave)
  const app = await scene.app()
  const tokens = await letIn(app, dave)
  await scene.accounts.setState(dave.account, 'disabled')
  await endsSoon(read(second))
  await endsSoon(() => app.as(dave.webId, tokens).fetch(`${dave.base}profile/card`))
})

test('a WebID that is unlinked gets no new tokens', async () => {
  const erin = await another('erin')
  const app = await scene.app()
  const tokens = await letIn(app, erin)
  await scene.accounts.unlinkWebId(erin.account, erin.webId)
  assert.equal((await app.refresh(tokens.refresh_token!)).status, 400)
  await scene.provider.revokeWebId(erin.account, erin.webId)
  await endsSoon(() => app.as(erin.webId, tokens).fetch(`${erin.base}profile/card`))
})

test('an app revokes its own refresh token', async () => {
  const fred = await another('fred')
  const app = await scene.app()
  const tokens = await letIn(app, fred)
  const form = { token: tokens.refresh_token!, client_id: app.clientId, client_secret: app.secret! }
  const answer = await fetch(`${scene.baseUrl}.oidc/token/revocation`, {
    method: 'POST',
    body: new URLSearchParams(form),
  })
  assert.equal(answer.status, 200)
  await endsSoon(() => app.as(fred.webId, tokens).fetch(`${fred.base}profile/card`))
  assert.equal((await app.refresh(tokens.refresh_token!)).status, 400)
})

test('a refresh token is of use with the key of its login only', async () => {
  const app = await scene.app()
  const thief = await scene.app()
  const tokens = await letIn(app, scene.alice)
  Object.assign(thief, { clientId: app.clientId, secret: app.secret })
  assert.equal((await thief.refresh(tokens.refresh_token!)).status, 400)
  assert.equal((await app.refresh(tokens.refresh_token!)).status, 200)
})

test('without being remembered an app gets no refresh token', async () => {
  const { tokens } = await scene.logIn({ remember: false })
  assert.equal(tokens.refresh_token, undefined)
  assert.equal(typeof tokens.id_token, 'string')
})

const home = 'https://app.example/bye'

test('an app that registered no address logs out to one of its own origin, with its id token as the word', async () => {
  const gina = await another('gina')
  const app = await scene.app()
  const tokens = await letIn(app, gina)
  const target = new URL(`${scene.baseUrl}.oidc/session/end`)
  target.search = new URLSearchParams({
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: home,
    state: 's',
  }).toString()
  const answer = await app.visit(target)
  assert.equal(answer.headers.get('location'), `${home}?state=s`)
  await endsSoon(() => app.as(gina.webId, tokens).fetch(`${gina.base}profile/card`))
  assert.deepEqual(await scene.accounts.sessions(gina.account), [])
  const silent = await app.authorize({ prompt: 'none' })
  assert.equal(silent.searchParams.get('error'), 'login_required')
})

test('a log-out goes nowhere else, and no page logs anybody out without asking', async () => {
  const hugo = await another('hugo')
  const app = await scene.app()
  const tokens = await letIn(app, hugo)
  const target = new URL(`${scene.baseUrl}.oidc/session/end`)
  target.searchParams.set('id_token_hint', tokens.id_token)
  target.searchParams.set('post_logout_redirect_uri', 'https://evil.example/')
  assert.equal((await app.visit(target)).status, 400)
  target.search = new URLSearchParams({ client_id: app.clientId, post_logout_redirect_uri: home }).toString()
  const question = await app.visit(target)
  assert.equal(question.status, 200)
  assert.equal((await scene.accounts.sessions(hugo.account)).length, 1)
  const forged = await app.visit(target, { method: 'POST', body: new URLSearchParams({ confirm: 'guess' }) })
  assert.equal(forged.status, 200)
  assert.equal((await scene.accounts.sessions(hugo.account)).length, 1)
  const fields = [...(await question.text()).matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [
    name!,
    value!,
  ]) as [string, string][]
  const confirmed = await app.visit(new URL(target.origin + target.pathname), {
    method: 'POST',
    body: new URLSearchParams(fields),
  })
  assert.equal(confirmed.headers.get('location'), home)
  assert.deepEqual(await scene.accounts.sessions(hugo.account), [])
})
