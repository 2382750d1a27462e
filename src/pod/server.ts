// One Solid request: authenticate → authorize → operate → represent. `handle` never throws and never rejects: every failure
// becomes an answer that tells as much as the caller may know. Synchronous for a read of what is in memory.
//
// What can be refused by method and path alone is refused first; the body is never touched here.

import { toXpodError, XpodError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Metrics } from '../base/metrics.ts'
import { corsHeaders, isPreflight, preflight, vary } from './answer/cors.ts'
import { problemResponse } from './answer/problem.ts'
import { isSandboxed, type SandboxMode } from './answer/sandbox.ts'
import { type Agent, anonymous, type Authenticator } from './auth/agent.ts'
import { challenge } from './auth/challenge.ts'
import type { PodRequest, PodResponse } from './exchange.ts'
import type { PodHome, PodHomes } from './home.ts'
import { performUnder, type ReadLease } from './lease.ts'
import { loggedPath } from './notify/logged-path.ts'
import { isNotificationPath } from './notify/places.ts'
import type { Notifications } from './notify/notifications.ts'
import type { Operation, PodParts } from './operation.ts'
import { isContainer } from './path.ts'
import { createNegotiator } from './representation/source.ts'
import { allMethods, allowOf } from './resource/allow.ts'
import { getDescription } from './resource/description.ts'
import { getResource, type ReadParts } from './resource/get.ts'
import { linkHeader, storageDescriptionPath, urlOf } from './resource/links.ts'
import { optionsResource } from './resource/options.ts'
import { deleteResource } from './write/delete.ts'
import { patchResource } from './write/patch.ts'
import { postResource } from './write/post.ts'
import { putResource } from './write/put.ts'
import { isReserved } from './write/target.ts'

export interface PodServerOptions extends PodParts {
  readonly authenticator: Authenticator
  readonly homes: PodHomes
  readonly metrics: Pick<Metrics, 'counter'>
  /** Where other centers use the same database. */
  readonly lease?: ReadLease | undefined
  /** Without it nobody can subscribe, and storage descriptions offer nothing. */
  readonly notifications?: Pick<Notifications, 'handle'>
  /** Which pods' documents are sandboxed in browsers; those that share an origin by default (rule 15). */
  readonly sandbox?: SandboxMode
}

export interface PodServer {
  handle(request: PodRequest): PodResponse | Promise<PodResponse>
}

type Handler = (op: Operation) => PodResponse | Promise<PodResponse>

export function createPodServer(options: PodServerOptions): PodServer {
  const { authenticator, homes, lease, notifications, log, sandbox = 'path-pods' } = options
  const reading: ReadParts = {
    ...options,
    negotiator: createNegotiator(),
    isSandboxed: (home) => isSandboxed(home.pod, sandbox),
  }
  const handlers = methodTable(options, reading)
  const failed = answerFailures(log, options.metrics)

  function answer(request: PodRequest): PodResponse | Promise<PodResponse> {
    const { method, headers, pod } = request
    if (method === 'OPTIONS' && isPreflight(headers)) return preflight(headers)
    const handler = handlers.get(method)
    if (handler === undefined) throw unsupported(method)
    if (headers['service-worker'] === 'script' && isSandboxed(pod, sandbox)) {
      throw new XpodError('FORBIDDEN', 'service workers cannot be installed from this pod')
    }
    const { authorization, origin } = headers
    if (authorization === undefined) return operate(handler, request, origin === undefined ? anonymous : { origin })
    const agent = authenticator.authenticate({
      method,
      url: urlOf(pod, request.path),
      authorization,
      dpop: headers['dpop'],
      origin,
    })
    return agent instanceof Promise
      ? agent.then((known) => operate(handler, request, known))
      : operate(handler, request, agent)
  }

  /** Undefined for what is treated like any other name: writes to it are refused in their turn. */
  function reserved(request: PodRequest, agent: Agent): PodResponse | Promise<PodResponse> | undefined {
    const { method, path } = request
    const isRead = method === 'GET' || method === 'HEAD'
    if (path === storageDescriptionPath && (isRead || method === 'OPTIONS')) {
      return getDescription(reading.negotiator, request, notifications !== undefined)
    }
    if (notifications !== undefined && isNotificationPath(path)) return notifications.handle(request, agent)
    if (isRead) throw new XpodError('NOT_FOUND')
    return undefined
  }

  function operate(handler: Handler, request: PodRequest, agent: Agent): PodResponse | Promise<PodResponse> {
    if (request.path.startsWith('/.') && isReserved(request.pod, request.path)) {
      const answered = reserved(request, agent)
      if (answered !== undefined) return answered
    }
    if (lease === undefined) return perform(handler, request, agent)
    return performUnder(lease, request, () => perform(handler, request, agent))
  }

  function perform(handler: Handler, request: PodRequest, agent: Agent): PodResponse | Promise<PodResponse> {
    const home: PodHome | Promise<PodHome> = homes.of(request.pod)
    if (home instanceof Promise) return home.then((known) => handler({ request, agent, home: known }))
    return handler({ request, agent, home })
  }

  return {
    handle(request) {
      try {
        const response = answer(request)
        return response instanceof Promise ? response.catch((error: unknown) => failed(error, request)) : response
      } catch (error) {
        return failed(error, request)
      }
    },
  }
}

type AnswerFailure = (cause: unknown, request: PodRequest) => PodResponse

function answerFailures(log: Log, metrics: PodServerOptions['metrics']): AnswerFailure {
  const rejections = metrics.counter('xpod_quota_rejections_total', 'Changes refused for the quota of their pod')
  return (cause, request) => {
    const error = toXpodError(cause)
    if (error.code === 'QUOTA_EXCEEDED') rejections.add()
    if (error.status >= 500 && !error.retryable) logFailure(log, error, request)
    return problemResponse(error, request, problemHeaders(error, request))
  }
}

function logFailure(log: Log, error: XpodError, { method, pod, path }: PodRequest): void {
  const where = { method, pod: pod.id, path: loggedPath(path) }
  log.error('request.failed', { ...where, code: error.code, error: error.cause ?? error })
}

/** Method names are case-sensitive (RFC 9110 section 9.1). */
function methodTable(writing: PodParts, reading: ReadParts): ReadonlyMap<string, Handler> {
  const read: Handler = (op) => getResource(reading, op)
  return new Map<string, Handler>([
    ['GET', read],
    ['HEAD', read],
    ['OPTIONS', (op) => optionsResource(reading, op)],
    ['PUT', (op) => putResource(writing, op).then((response) => written(response, op))],
    ['POST', (op) => postResource(writing, op).then((response) => written(response, op))],
    ['PATCH', (op) => patchResource(writing, op).then((response) => written(response, op))],
    ['DELETE', (op) => deleteResource(writing, op).then((response) => written(response, op))],
  ])
}

function unsupported(method: string): XpodError {
  if (method !== 'TRACE' && method !== 'CONNECT') return new XpodError('METHOD_UNKNOWN')
  return new XpodError('METHOD_NOT_ALLOWED', '', { headers: ['Allow', allMethods] })
}

/** What clients look for on failures: where the rules lie, and how to log in (solid.md rows 3 and 61). */
function problemHeaders(error: XpodError, { pod, path }: PodRequest): string[] {
  const isOfPod = error.status < 500 && !isNotificationPath(path)
  const headers = isOfPod ? ['Link', linkHeader(pod, path, false)] : []
  if (error.status === 401) {
    for (const value of challenge(error.code)) headers.push('WWW-Authenticate', value)
  }
  return headers
}

/** What every successful write says beside the handler's own headers. */
function written({ status, headers, body }: PodResponse, { request, home }: Operation): PodResponse {
  const { method, path } = request
  const { origin } = request.headers
  const all = [...headers]
  if (method === 'PUT' || method === 'PATCH') {
    const kind = isContainer(path) ? 'container' : 'document'
    all.push(...allowOf({ path, resource: { kind } }).headers, 'Link', linkHeader(home.pod, path))
  }
  all.push('Vary', vary, 'X-Content-Type-Options', 'nosniff')
  if (origin !== undefined) all.push(...corsHeaders(origin))
  return { status, headers: all, body }
}
