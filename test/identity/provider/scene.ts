// A center with a person who has an account, a session, a pod and a private document.

import assert from 'node:assert/strict'

import type { Member } from '../../../src/identity/provider/contract.ts'
import { createPerson, type Person } from '../../support/account-login.ts'
import { startTestCenter, type TestCenter, type TestCenterOptions } from '../../support/center.ts'
import { App, type AppOptions, registerApp, type Tokens } from './app.ts'

export interface Scene extends AsyncDisposable {
  readonly center: TestCenter
  readonly baseUrl: string
  readonly provider: TestCenter['center']['identity']['provider']
  readonly accounts: TestCenter['center']['identity']['accounts']
  readonly alice: Person & Member
  app(options?: AppOptions): Promise<App>
  /** Logged in, let in, tokens in hand. */
  logIn(options?: AppOptions & { readonly remember?: boolean }): Promise<{ app: App; tokens: Tokens }>
}

export async function openScene(options: TestCenterOptions = {}): Promise<Scene> {
  const center = await startTestCenter(options)
  const { provider, accounts } = center.center.identity
  const person = await createPerson(center, 'alice')
  const alice = { ...person, session: await openSession(center, person.account) }
  const app: Scene['app'] = (given) => registerApp(center.baseUrl, given)
  return {
    center,
    baseUrl: center.baseUrl,
    provider,
    accounts,
    alice,
    app,
    async logIn(given) {
      const client = await app(given)
      const answer = await client.exchange(await client.letIn(provider, alice, given?.remember))
      assert.equal(answer.status, 200, await answer.clone().text())
      return { app: client, tokens: (await answer.json()) as Tokens }
    },
    [Symbol.asyncDispose]: () => center[Symbol.asyncDispose](),
  }
}

export async function openSession(center: TestCenter, account: string): Promise<string> {
  const { accounts } = center.center.identity
  const { session } = await accounts.openSession(account, { remember: true, userAgent: 'test', address: '127.0.0.1' })
  return session.id
}

export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>
}

export function headerOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as Record<string, unknown>
}
