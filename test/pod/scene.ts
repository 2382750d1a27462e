// A pod server on a real store, asked without HTTP: what `handle` gives is what a client would see.
// Agents are named by the Authorization header, so that no token needs to be made.

import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { createMetrics } from '../../src/base/metrics.ts'
import { systemRandom } from '../../src/base/random.ts'
import type { Bus } from '../../src/core/bus/bus.ts'
import { createLocalBus } from '../../src/core/bus/local.ts'
import type { ObjectStore } from '../../src/core/objects/object-store.ts'
import { createWacAuthorizer } from '../../src/pod/access/wac.ts'
import type { SandboxMode } from '../../src/pod/answer/sandbox.ts'
import type { PodRequest, PodResponse } from '../../src/pod/exchange.ts'
import { createPodHomes, type ResidentHomes } from '../../src/pod/homes.ts'
import { planPod } from '../../src/pod/provision.ts'
import { openRdfWorkers } from '../../src/pod/rdf/workers.ts'
import { createPodServer, type PodServer } from '../../src/pod/server.ts'
import type { PodStore } from '../../src/pod/store/pod-store.ts'
import type { PodRecord } from '../../src/pod/store/resource.ts'
import { openStoreBy } from '../support/temporary-store.ts'

export const base = 'https://pods.example/alice/'
export const alice = 'https://alice.example/card#me'
export const bob = 'https://bob.example/card#me'

export interface Asking {
  /** WebID; nobody when left out. */
  readonly as?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export interface Seen {
  readonly status: number
  readonly bytes: Uint8Array
  readonly text: string
  /** All values of the name, joined as fetch does. */
  header(name: string): string | undefined
  readonly response: PodResponse
}

export interface Scene extends AsyncDisposable {
  readonly pod: PodRecord
  readonly server: PodServer
  readonly store: PodStore
  readonly homes: ResidentHomes
  /** Hears of every commit. */
  readonly bus: Bus
  /** The data directory. */
  readonly dir: string
  request(method: string, path: string, asking?: Asking): PodRequest
  ask(method: string, path: string, asking?: Asking): Promise<Seen>
  /** As Alice; throws unless the answer is 2xx. */
  put(path: string, body: string | Uint8Array, mediaType?: string): Promise<void>
}

export interface SceneOptions {
  readonly podBase?: string
  readonly sandbox?: SandboxMode
  readonly cacheBytes?: number
  /** Stands between the store and its files. */
  readonly between?: (files: ObjectStore) => ObjectStore
}

export async function openScene(options: SceneOptions = {}): Promise<Scene> {
  await using stack = new AsyncDisposableStack()
  const surround = { clock: systemClock, random: systemRandom, log: silentLog, metrics: createMetrics() }
  const { dir, store } = stack.use(await openStoreBy(systemClock, options))
  const plan = planPod({
    id: systemRandom.uuid7(Date.now()),
    name: 'alice',
    base: options.podBase ?? base,
    webId: alice,
    issuer: 'https://pods.example/',
    nowMs: Date.now(),
    quotaResources: 1_000_000,
  })
  await store.directory.create(plan)
  const rdf = stack.use(openRdfWorkers(surround))
  const bus = stack.use(createLocalBus({ log: silentLog }))
  const homes = stack.use(
    createPodHomes({
      store,
      bus,
      node: 'node-1',
      ...surround,
      ...(options.cacheBytes && { maxBytes: options.cacheBytes }),
    }),
  )
  const groups = { groups: () => new Map() } as never
  const authorizer = createWacAuthorizer({ acls: homes, groups, acceptOrigin: false, rdf, log: silentLog })
  const server = createPodServer({
    ...surround,
    store,
    homes,
    authorizer,
    isLogin: async () => false,
    rdf,
    authenticator: { authenticate: ({ authorization }) => ({ webId: authorization! }) },
    limits: { maxBodyBytes: 2 ** 30, maxRdfBytes: 2 ** 26, maxPatchBytes: 2 ** 20, maxPatchTargetBytes: 2 ** 24 },
    sandbox: options.sandbox ?? 'path-pods',
  })
  const opened = stack.move()
  const scene: Scene = {
    pod: plan.record,
    server,
    store,
    homes,
    bus,
    dir,
    request: (method, path, asking) => requestOf(plan.record, { method, path, asking: asking ?? {} }),
    async ask(method, path, asking) {
      return see(await server.handle(scene.request(method, path, asking)))
    },
    async put(path, body, mediaType = 'text/turtle') {
      const seen = await scene.ask('PUT', path, { as: alice, body, headers: { 'content-type': mediaType } })
      if (seen.status >= 300) throw new Error(`PUT ${path}: ${seen.status} ${seen.text}`)
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
  return scene
}

function requestOf(
  pod: PodRecord,
  { method, path, asking }: { method: string; path: string; asking: Asking },
): PodRequest {
  const bytes = asking.body === undefined ? undefined : Buffer.from(asking.body)
  return {
    method,
    pod,
    path,
    headers: {
      ...(asking.as === undefined ? {} : { authorization: asking.as }),
      ...(bytes === undefined ? {} : { 'content-length': String(bytes.length) }),
      ...asking.headers,
    },
    body: bytes === undefined ? undefined : once(bytes),
    signal: new AbortController().signal,
    clientAddress: '127.0.0.1',
    continue: () => {},
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

export async function see(response: PodResponse): Promise<Seen> {
  const chunks: Uint8Array[] = []
  if (response.body instanceof Uint8Array) chunks.push(response.body)
  else if (response.body !== undefined) for await (const chunk of response.body) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  return {
    status: response.status,
    bytes,
    text: bytes.toString(),
    header: (name) => {
      const values = response.headers.filter((_, i, all) => i % 2 === 1 && all[i - 1]!.toLowerCase() === name)
      return values.length === 0 ? undefined : values.join(', ')
    },
    response,
  }
}

/** Lets everyone read everything below the root. */
export async function makePublic(scene: Scene): Promise<void> {
  const acl = `@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.
<#owner> a acl:Authorization; acl:agent <${alice}>; acl:accessTo <./>; acl:default <./>; acl:mode acl:Read, acl:Write, acl:Control.
<#all> a acl:Authorization; acl:agentClass foaf:Agent; acl:accessTo <./>; acl:default <./>; acl:mode acl:Read.`
  await scene.put('/.acl', acl)
}
