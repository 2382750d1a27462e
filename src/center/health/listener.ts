// The admin listener: health for supervisors, figures for Prometheus. On loopback, without a login, so a Host that is not
// this listener's own is refused: a web page that rebinds its name to 127.0.0.1 learns nothing. It changes nothing.

import type { Clock } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { HttpAnswer, HttpRequest } from '../../core/http/message.ts'
import { problemAnswer } from '../../core/http/problem.ts'
import { type HttpServer, startHttpServer } from '../../core/http/server.ts'
import { hostOf, isLoopbackName } from '../../core/routing/host.ts'
import type { Readiness } from './readiness.ts'
import type { ListenAddress } from '../options.ts'

const maxPortsTried = 20

/** Takes the next free port when the wished one is taken. Throws PORT_IN_USE when none of twenty is free. */
export async function startAdmin(options: {
  readonly listen: ListenAddress
  readonly readiness: Readiness
  readonly metrics: Metrics
  readonly clock: Clock
  readonly log: Log
}): Promise<HttpServer> {
  const { listen, clock, log } = options
  const handler = (request: HttpRequest): HttpAnswer | Promise<HttpAnswer> => answer(options, request)
  for (let port = listen.port; ; port++) {
    try {
      return await startHttpServer({ host: listen.host, port, handler, clock, log, maxConnections: 100 })
    } catch (error) {
      const isTaken = error instanceof XpodError && error.code === 'PORT_IN_USE'
      if (!isTaken || listen.port === 0 || port + 1 >= listen.port + maxPortsTried || port >= 65_535) throw error
    }
  }
}

type Parts = { readonly listen: ListenAddress; readonly readiness: Readiness; readonly metrics: Metrics }

async function answer(parts: Parts, request: HttpRequest): Promise<HttpAnswer> {
  const hostname = hostOf(`http://${request.headers.host ?? ''}`)?.hostname
  if (hostname === undefined || !(isLoopbackName(hostname) || hostname === parts.listen.host)) {
    return problemAnswer(new XpodError('HOST_UNKNOWN', 'this is the admin listener'))
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return problemAnswer(new XpodError('METHOD_NOT_ALLOWED'), ['Allow', 'GET, HEAD'])
  }
  const [path = '', query = ''] = request.target.split('?', 2)
  switch (path) {
    case '/livez':
      return text(200, 'ok\n')
    case '/readyz':
      return ready(await parts.readiness.check(), new URLSearchParams(query).has('verbose'))
    case '/metrics':
      return text(200, parts.metrics.render(), 'text/plain; version=0.0.4; charset=utf-8')
    default:
      return problemAnswer(new XpodError('NOT_FOUND', '', { hint: '/livez, /readyz, /readyz?verbose, /metrics' }))
  }
}

function ready(checks: Awaited<ReturnType<Readiness['check']>>, verbose: boolean): HttpAnswer {
  const isReady = checks.every((check) => check.ok || check.harmless)
  const status = isReady ? 200 : 503
  if (!verbose) return text(status, isReady ? 'ok\n' : 'not ready\n')
  const lines = checks.map(({ name, ok, harmless, detail }) => {
    const word = ok ? '[ok]  ' : harmless ? '[warn]' : '[fail]'
    return `${word} ${name}${detail === '' ? '' : `: ${detail}`}\n`
  })
  return text(status, `${lines.join('')}${isReady ? 'ready' : 'not ready'}\n`)
}

function text(status: number, body: string, mediaType = 'text/plain; charset=utf-8'): HttpAnswer {
  return {
    status,
    headers: ['Content-Type', mediaType, 'Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff'],
    body: Buffer.from(body),
  }
}
