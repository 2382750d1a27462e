// What a protocol test stands on: a center in this process, an identity provider beside it, the pod of Alice, and three
// people: Alice, who owns it, Bob, who does not, and anyone. Each test takes its own container from `fresh`.

import { randomUUID } from 'node:crypto'

import { startTestCenter } from './center.ts'
import { startIssuer } from './issuer.ts'
import { Client } from './solid-client.ts'

type TestCenter = Awaited<ReturnType<typeof startTestCenter>>
type TestIssuer = Awaited<ReturnType<typeof startIssuer>>
type TestCenterOptions = NonNullable<Parameters<typeof startTestCenter>[0]>

export interface World extends AsyncDisposable {
  readonly center: TestCenter
  readonly issuer: TestIssuer
  /** Alice's storage, with its slash. */
  readonly pod: string
  readonly alice: Client
  readonly bob: Client
  readonly anyone: Client
  /** The URL of a container that nobody else uses; it does not exist yet. */
  readonly fresh: () => string
}

export async function openWorld(options: TestCenterOptions = {}): Promise<World> {
  await using parts = new AsyncDisposableStack()
  const issuer = parts.use(await startIssuer())
  const center = parts.use(await startTestCenter(options))
  const { base } = await center.createPod('alice', { webId: issuer.webId('alice') })
  const owned = parts.move()
  return {
    center,
    issuer,
    pod: base,
    alice: await logIn(issuer, 'alice'),
    bob: await logIn(issuer, 'bob'),
    anyone: new Client(),
    fresh: () => `${base}${randomUUID()}/`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Somebody who holds a token of this issuer. */
export async function logIn(issuer: TestIssuer, name: string): Promise<Client> {
  const login = await issuer.login(name)
  return new Client(login.webId, (method, url) => login.headers(method, url))
}
