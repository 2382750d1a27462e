// One pod on a real store, and the write handlers called as the server calls them, without HTTP.
// `send` gives what a client would see of a write: status, code of the problem, headers. Reads go to the store.

import { systemClock } from '../../../src/base/clock.ts'
import { toXpodError } from '../../../src/base/errors.ts'
import { silentLog } from '../../../src/base/log.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import { systemRandom } from '../../../src/base/random.ts'
import { createLocalBus } from '../../../src/core/bus/local.ts'
import { createWacAuthorizer } from '../../../src/pod/access/wac.ts'
import type { Agent } from '../../../src/pod/auth/agent.ts'
import type { PodRequest, PodResponse } from '../../../src/pod/exchange.ts'
import type { PodHome } from '../../../src/pod/home.ts'
import { createPodHomes } from '../../../src/pod/homes.ts'
import type { Operation, PodLimits, PodParts } from '../../../src/pod/operation.ts'
import { planPod, type PodWish } from '../../../src/pod/provision.ts'
import { openRdfWorkers } from '../../../src/pod/rdf/workers.ts'
import { deleteResource } from '../../../src/pod/write/delete.ts'
import { patchResource } from '../../../src/pod/write/patch.ts'
import { postResource } from '../../../src/pod/write/post.ts'
import { putResource } from '../../../src/pod/write/put.ts'
import { openStoreBy } from '../../support/temporary-store.ts'

export const base = 'https://pods.example/alice/'
export const alice: Agent = { webId: `${base}profile/card#me` }
export const bob: Agent = { webId: 'https://bob.example/card#me' }
export const nobody: Agent = {}

export interface Sending {
  readonly as?: Agent
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>
}

export interface Seen {
  readonly status: number
  /** Code of the problem when it was refused. */
  readonly code: string | undefined
  readonly detail: string
  readonly members: Readonly<Record<string, unknown>>
  header(name: string): string | undefined
  /** Whether the client was told to send its body, or its body was read. */
  readonly wasContinued: boolean
}

type Handler = (parts: PodParts, op: Operation) => Promise<PodResponse>

const handlers: Readonly<Record<string, Handler>> = {
  PUT: putResource,
  POST: postResource,
  PATCH: patchResource,
  DELETE: deleteResource,
}

export interface World extends AsyncDisposable {
  readonly parts: PodParts
  readonly home: PodHome
  send(method: string, path: string, sending?: Sending): Promise<Seen>
  /** PUT as the owner; throws unless it succeeds. */
  write(path: string, turtle: string, mediaType?: string): Promise<void>
  /** The stored bytes as text, or undefined when nothing is at exactly this path. */
  text(path: string): Promise<string | undefined>
  mediaType(path: string): Promise<string | undefined>
  /** Paths of the members of a container, or undefined when there is none. */
  members(path: string): Promise<string[] | undefined>
}

export async function openWorld(
  wish: Partial<PodWish> & { readonly limits?: Partial<PodLimits> } = {},
): Promise<World> {
  await using stack = new AsyncDisposableStack()
  const [clock, random, log, metrics] = [systemClock, systemRandom, silentLog, createMetrics()]
  const { store } = stack.use(await openStoreBy(clock))
  const rdf = stack.use(openRdfWorkers({ log }))
  const id = random.uuid7(clock.nowMs())
  const planned = planPod({ id, name: 'alice', base, issuer: 'https://pods.example/', nowMs: clock.nowMs(), ...wish })
  await store.directory.create(planned)
  const homes = createPodHomes({
    store,
    bus: stack.use(createLocalBus({ log })),
    node: 'node-1',
    clock,
    metrics,
    maxBytes: 64 << 20,
  })
  const home = await homes.of(planned.record)
  const authorizer = createWacAuthorizer({
    acls: homes,
    groups: { groups: () => new Map() },
    acceptOrigin: false,
    rdf,
    log,
  })
  const limits = {
    maxBodyBytes: 1 << 30,
    maxRdfBytes: 64 << 20,
    maxPatchBytes: 1 << 20,
    maxPatchTargetBytes: 16 << 20,
    ...wish.limits,
  }
  const isLogin = async (): Promise<boolean> => false
  const parts: PodParts = { store, authorizer, isLogin, rdf, clock, random, log, limits }
  const owned = stack.move()
  return worldOf(parts, home, () => owned.disposeAsync())
}

function worldOf(parts: PodParts, home: PodHome, close: () => Promise<void>): World {
  const { pod } = home
  const { signal } = new AbortController()
  const find = async (path: string) => {
    const { resource } = await parts.store.find(pod.id, path)
    return resource?.path === path ? resource : undefined
  }
  const world: World = {
    parts,
    home,
    send: (method, path, sending = {}) => send(parts, home, { method, path, ...sending }),
    async write(path, text, mediaType = 'text/turtle') {
      const seen = await world.send('PUT', path, { as: alice, body: text, headers: { 'content-type': mediaType } })
      if (seen.status > 299) throw new Error(`PUT ${path}: ${seen.status} ${seen.code} ${seen.detail}`)
    },
    async text(path) {
      const resource = await find(path)
      return resource && Buffer.from(await parts.store.readBody(pod.id, resource, signal)).toString()
    },
    async mediaType(path) {
      return (await find(path))?.mediaType
    },
    async members(path) {
      const page = await parts.store.children(pod.id, path, undefined, 1000)
      return page?.page.map((child) => child.path)
    },
    [Symbol.asyncDispose]: close,
  }
  return world
}

async function send(
  parts: PodParts,
  home: PodHome,
  { method, path, as = alice, headers = {}, body }: Sending & { method: string; path: string },
): Promise<Seen> {
  let wasContinued = false
  const length: Record<string, string> =
    typeof body === 'string' || body instanceof Uint8Array ? { 'content-length': `${Buffer.byteLength(body)}` } : {}
  const request: PodRequest = {
    method,
    pod: home.pod,
    path,
    headers: { ...length, ...headers },
    body: body === undefined ? undefined : chunks(body),
    signal: new AbortController().signal,
    clientAddress: '127.0.0.1',
    continue: () => {
      wasContinued = true
    },
  }
  const answer = await handlers[method]!(parts, { request, agent: as, home }).catch(toXpodError)
  const isProblem = answer instanceof Error
  return {
    status: answer.status,
    code: isProblem ? answer.code : undefined,
    detail: isProblem ? `${answer.detail}${answer.code === 'INTERNAL' ? String(answer.cause) : ''}` : '',
    members: isProblem ? answer.members : {},
    header: (name) => valueOf(answer.headers, name),
    wasContinued,
  }
}

async function* chunks(body: string | Uint8Array | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (typeof body === 'string' || body instanceof Uint8Array) yield Buffer.from(body)
  else yield* body
}

function valueOf(headers: readonly string[], name: string): string | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]!.toLowerCase() === name.toLowerCase()) return headers[index + 1]
  }
  return undefined
}

export const turtle = { 'content-type': 'text/turtle' }
export const containerLink = { link: '<http://www.w3.org/ns/ldp#BasicContainer>; rel="type"' }

export interface Grant {
  readonly to?: Agent
  /** Read, Append, Write, Control. */
  readonly here?: string
  /** The same for what a container holds. */
  readonly below?: string
}

/** An ACL in Turtle for `subject` that keeps the owner and grants what is listed. */
export function aclFor(subject: string, grants: readonly Grant[]): string {
  const target = `<${base}${subject.slice(1)}>`
  const rules = grants.flatMap(({ to = bob, here = '', below = '' }, index) => [
    rule(`#h${index}`, to, `acl:accessTo ${target}`, here),
    rule(`#b${index}`, to, `acl:default ${target}`, below),
  ])
  const owner = rule('#owner', alice, `acl:accessTo ${target}; acl:default ${target}`, 'Read Write Control')
  return ['@prefix acl: <http://www.w3.org/ns/auth/acl#>.', owner, ...rules].join('\n')
}

function rule(name: string, to: Agent, place: string, modes: string): string {
  if (modes === '') return ''
  const list = modes.split(' ').map((mode) => `acl:${mode}`)
  const who = to.webId === undefined ? 'acl:agentClass <http://xmlns.com/foaf/0.1/Agent>' : `acl:agent <${to.webId}>`
  return `<${name}> a acl:Authorization; ${who}; ${place}; acl:mode ${list.join(', ')}.`
}
