// What the tests with other people's clients stand on: a running server, an account made by script, and the `fetch` of a
// session that @inrupt/solid-client-authn-node opened with client credentials. Tests take their own containers.

import { randomUUID } from 'node:crypto'

import { Session } from '@inrupt/solid-client-authn-node'

import { startTestCenter } from '../support/center.ts'
import { createCredentials, type Credentials, register, type Registered } from './account-script.ts'

type TestCenterOptions = NonNullable<Parameters<typeof startTestCenter>[0]>

export interface ClientsWorld extends AsyncDisposable {
  readonly baseUrl: string
  readonly alice: Registered
  readonly credentials: Credentials
  readonly session: Session
  readonly fetch: typeof fetch
  /** The URL of a container that nobody else uses; it does not exist yet. */
  readonly fresh: () => string
}

/** Another server to run the same scripts against: differences are findings. */
const peer = process.env.XPOD_TEST_PEER

export async function startServer(options: TestCenterOptions = {}): Promise<{ baseUrl: string } & AsyncDisposable> {
  if (peer !== undefined) return { baseUrl: peer, [Symbol.asyncDispose]: async () => {} }
  return startTestCenter(options)
}

export async function logInWithCredentials(baseUrl: string, { id, secret }: Credentials): Promise<Session> {
  const session = new Session()
  await session.login({ clientId: id, clientSecret: secret, oidcIssuer: baseUrl, tokenType: 'DPoP' })
  if (!session.info.isLoggedIn) throw new Error('client credentials did not log in')
  return session
}

export async function openClientsWorld(): Promise<ClientsWorld> {
  await using parts = new AsyncDisposableStack()
  const { baseUrl } = parts.use(await startServer())
  const alice = await register(baseUrl, uniqueName('alice'))
  const credentials = await createCredentials(alice)
  const session = await logInWithCredentials(baseUrl, credentials)
  const owned = parts.move()
  return {
    baseUrl,
    alice,
    credentials,
    session,
    fetch: session.fetch,
    fresh: () => `${alice.pod}${randomUUID()}/`,
    async [Symbol.asyncDispose]() {
      // Its timer for a new token would keep this process alive.
      await session.logout()
      await owned.disposeAsync()
    },
  }
}

/** A pod name that a server which runs on between tests has not given away. */
export function uniqueName(name: string): string {
  return `${name}-${randomUUID().slice(0, 8)}`
}
