// The first thing that sees a request: which pod is it for, or what else. For requests everything here is synchronous and
// allocates little, because a hot GET passes through. Upgrades find their pod in the same way. Decides nothing about access:
// a WebSocket of any origin is passed on, because no cookie says who it is.

import { XpodError } from '../base/errors.ts'
import {
  clientAddressOf,
  type Forwarded,
  forwardedOf,
  type ProxyTrust,
  withClientAddress,
} from '../core/http/forwarded.ts'
import type { HttpAnswer, HttpHandler, HttpRequest } from '../core/http/message.ts'
import { problemAnswer } from '../core/http/problem.ts'
import type { UpgradeAnswer, UpgradeHandler, UpgradeRequest } from '../core/http/websocket.ts'
import { hostOf } from '../core/routing/host.ts'
import type { Destination, Elsewhere, RoutingTable } from '../core/routing/table.ts'
import { isPreflight, preflight } from '../pod/answer/cors.ts'
import { problemResponse } from '../pod/answer/problem.ts'
import type { PodRequest } from '../pod/exchange.ts'
import { isNotificationPath } from '../pod/notify/places.ts'
import { canonicalPath, type Path } from '../pod/path.ts'
import type { PodServer } from '../pod/server.ts'
import type { PodRecord } from '../pod/store/resource.ts'
import type { Newcomers } from './pod-routes.ts'
import type { Identity } from './identity.ts'
import type { OriginPages } from './origin-pages.ts'

export interface FrontParts {
  readonly baseUrl: string
  readonly routes: RoutingTable<PodRecord>
  readonly pods: PodServer
  readonly identity: Pick<Identity, 'handle' | 'isWithdrawn'>
  readonly pages: OriginPages
  readonly trustsProxy: ProxyTrust
  readonly notifications: {
    readonly pods: PodUpgrades
    /** Below `/.notifications/` at the base URL itself. */
    handleAtRoot(request: HttpRequest, path: Path): Promise<HttpAnswer>
  }
  /** Where other centers make pods, too. */
  readonly newcomers?: Newcomers | undefined
}

interface PodUpgrades {
  upgrade(pod: PodRecord, path: Path, request: UpgradeRequest): UpgradeAnswer | Promise<UpgradeAnswer>
}

export interface Front {
  readonly handle: HttpHandler
  readonly upgrade: UpgradeHandler
}

export function createFront(parts: FrontParts): Front {
  return {
    handle(request) {
      try {
        const found = find(parts, request)
        const looking = parts.newcomers && lookFurther(parts, parts.newcomers, found, request)
        if (looking === undefined) return answer(parts, found, request)
        return looking
          .then(() => answer(parts, find(parts, request), request))
          .catch((error: unknown) => problemOf(error, request))
      } catch (error) {
        return problemOf(error, request)
      }
    },
    async upgrade(request) {
      try {
        await (parts.newcomers && lookFurther(parts, parts.newcomers, find(parts, request), request))
        return await upgrade(parts, request)
      } catch (error) {
        if (error instanceof XpodError) return problemAnswer(error)
        throw error
      }
    },
  }
}

function problemOf(error: unknown, request: HttpRequest): HttpAnswer {
  if (error instanceof XpodError) return problemResponse(error, request)
  throw error
}

function lookFurther(
  parts: FrontParts,
  newcomers: Newcomers,
  found: Destination<PodRecord> | undefined,
  request: UpgradeRequest,
): Promise<void> | undefined {
  if (found !== undefined && !('origin' in found)) return undefined
  const { host = '' } = request.headers
  const forwarded = parts.trustsProxy(request.remoteAddress) ? forwardedOf(request.headers).host : undefined
  return newcomers.look(forwarded ?? host, found)
}

function answer(
  parts: FrontParts,
  found: Destination<PodRecord> | undefined,
  request: HttpRequest,
): HttpAnswer | Promise<HttpAnswer> {
  if (found === undefined) throw unknownHost(parts.baseUrl)
  if (!('pod' in found)) return answerElsewhere(parts, found, request)
  return answerPod(parts, found.pod, canonicalPath(found.rawPath), request)
}

function answerPod(
  parts: FrontParts,
  pod: PodRecord,
  path: Path,
  request: HttpRequest,
): HttpAnswer | Promise<HttpAnswer> {
  // Preflights ask about no pod in particular, and browsers show pages no answer that was not preflighted.
  const isAboutPod = request.method !== 'OPTIONS' || !isPreflight(request.headers)
  if (isAboutPod && parts.identity.isWithdrawn(pod.id)) throw new XpodError('POD_DELETED')
  return parts.pods.handle(new PodExchange(parts, request, pod, path))
}

/** The server's own pages have no WebSockets. */
function upgrade(parts: FrontParts, request: UpgradeRequest): UpgradeAnswer | Promise<UpgradeAnswer> {
  const found = find(parts, request)
  if (found === undefined) throw unknownHost(parts.baseUrl)
  const isOrigin = 'origin' in found && found.origin !== '*'
  const meant = isOrigin ? findSpelledOut(parts, canonicalPath(found.origin)) : found
  if (meant !== undefined && 'redirect' in meant) return redirect(meant.redirect, request)
  if (meant === undefined || !('pod' in meant)) throw new XpodError('NOT_FOUND')
  if (parts.identity.isWithdrawn(meant.pod.id)) throw new XpodError('POD_DELETED')
  const { target, headers } = request
  const remoteAddress = clientAddressOf(request, parts.trustsProxy)
  return parts.notifications.pods.upgrade(meant.pod, canonicalPath(meant.rawPath), { target, headers, remoteAddress })
}

function answerElsewhere(parts: FrontParts, found: Elsewhere, request: HttpRequest): HttpAnswer | Promise<HttpAnswer> {
  const path = 'origin' in found && found.origin !== '*' ? canonicalPath(found.origin) : undefined
  // Before preflights are answered for pods: identity has its own rules for other origins (rule 14).
  const answer = path && parts.identity.handle(withClientAddress(request, parts.trustsProxy), path)
  if (answer) return answer
  if (path !== undefined && isNotificationPath(path)) {
    return parts.notifications.handleAtRoot(withClientAddress(request, parts.trustsProxy), path)
  }
  if (isPreflight(request.headers)) return preflight(request.headers)
  if ('redirect' in found) return redirect(found.redirect, request)
  if (path === undefined) return parts.pages.answer('*', request)
  if (path === found.origin) return parts.pages.answer(path, request)
  const again = findSpelledOut(parts, path)
  if (again !== undefined && 'pod' in again) return answerPod(parts, again.pod, again.rawPath, request)
  if (again !== undefined && 'redirect' in again) return redirect(again.redirect, request)
  return parts.pages.answer(path, request)
}

/** An encoded spelling of a pod's name is the same URL (RFC 3986 section 6.2.2.2). */
function findSpelledOut(parts: FrontParts, path: Path): Destination<PodRecord> | undefined {
  return parts.routes.find(new URL(parts.baseUrl).host, path)
}

function find(parts: FrontParts, request: UpgradeRequest): Destination<PodRecord> | undefined {
  const { host = '' } = request.headers
  if (!parts.trustsProxy(request.remoteAddress)) return parts.routes.find(host, request.target)
  return findForwarded(parts, forwardedOf(request.headers), host, request.target)
}

/** Behind a trusted proxy the client's own scheme and host count; plain http to an https server is sent there. */
function findForwarded(
  parts: FrontParts,
  forwarded: Forwarded,
  hostHeader: string,
  target: string,
): Destination<PodRecord> | undefined {
  const host = forwarded.host ?? hostHeader
  const found = parts.routes.find(host, target)
  const isPlain = forwarded.proto === 'http' && parts.baseUrl.startsWith('https:')
  if (!isPlain || found === undefined || 'redirect' in found || !target.startsWith('/')) return found
  const name = hostOf(`http://${host}`)
  return name === undefined ? found : { redirect: `https://${name.hostname}${target}` }
}

function unknownHost(baseUrl: string): XpodError {
  return new XpodError('HOST_UNKNOWN', `this server is ${baseUrl}`, { members: { baseUrl } })
}

/** 308 keeps method and body. */
function redirect(location: string, request: UpgradeRequest & { readonly method?: string }): HttpAnswer {
  const { origin } = request.headers
  const cors =
    origin === undefined ? [] : ['Access-Control-Allow-Origin', origin, 'Access-Control-Allow-Credentials', 'true']
  const body = request.method === 'HEAD' ? undefined : Buffer.from(`${location}\n`)
  return {
    status: 308,
    headers: ['Location', location, 'Content-Type', 'text/plain; charset=utf-8', 'Vary', 'Origin', ...cors],
    body,
  }
}

/** The request as the pod server sees it: the connection's, with pod and path put to it. */
class PodExchange implements PodRequest {
  readonly #parts: Pick<FrontParts, 'trustsProxy'>
  readonly #request: HttpRequest
  readonly pod: PodRecord
  readonly path: Path

  constructor(parts: Pick<FrontParts, 'trustsProxy'>, request: HttpRequest, pod: PodRecord, path: Path) {
    this.#parts = parts
    this.#request = request
    this.pod = pod
    this.path = path
  }

  get method(): string {
    return this.#request.method
  }
  get headers(): HttpRequest['headers'] {
    return this.#request.headers
  }
  get body(): AsyncIterable<Uint8Array> | undefined {
    return this.#request.body
  }
  get signal(): AbortSignal {
    return this.#request.signal
  }
  get clientAddress(): string {
    return clientAddressOf(this.#request, this.#parts.trustsProxy)
  }
  continue(): void {
    this.#request.continue()
  }
}
