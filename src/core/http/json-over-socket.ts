// JSON over a unix socket, both ways: how local commands talk to a running server. The socket's folder is 0700, so whoever
// can connect may do everything. Failures cross as problem documents and are thrown again as what they were.

import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'

import { collect, MiB } from '../../base/bytes.ts'
import { errorCodes, type ErrorCode } from '../../base/error-codes.ts'
import { systemCode, toXpodError, XpodError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { problemOf } from './problem.ts'

export interface JsonCall {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly body?: unknown
}

export type JsonHandler = (call: JsonCall) => Promise<unknown>

const maxBytes = 4 * MiB

/** Removes a socket file that was left behind: the caller holds the lock of the data directory. */
export async function serveJson(path: string, handler: JsonHandler, log: Log): Promise<AsyncDisposable> {
  rmSync(path, { force: true })
  const server = createServer((message, response) => {
    void answer(message, response, { handler, log }).catch((error: unknown) => {
      log.error('control.failed', { error })
      response.destroy()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  chmodSync(path, 0o600)
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(
  message: IncomingMessage,
  response: ServerResponse,
  { handler, log }: { readonly handler: JsonHandler; readonly log: Log },
): Promise<void> {
  let status = 200
  let value: unknown
  try {
    const bytes = await collect(message, maxBytes)
    const body: unknown = bytes.length === 0 ? undefined : JSON.parse(bytes.toString('utf8'))
    value = await handler({ method: message.method!, target: message.url!, body })
  } catch (cause) {
    const error = toXpodError(cause)
    if (error.code === 'INTERNAL') log.error('control.failed', { error: error.cause })
    status = error.status
    value = problemOf(error)
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value ?? null))
}

/** Undefined when nobody listens there. Throws what the server threw, CONTROL_UNREACHABLE when it broke off. */
export async function callJson(path: string, call: JsonCall): Promise<{ readonly value: unknown } | undefined> {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body)
  let reply: { status: number; text: string }
  try {
    reply = await send(path, call, body)
  } catch (cause) {
    const code = systemCode(cause)
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined
    throw new XpodError('CONTROL_UNREACHABLE', code ?? '', { cause })
  }
  const value: unknown = JSON.parse(reply.text)
  if (reply.status === 200) return { value }
  throw errorFrom(value)
}

function send(path: string, call: JsonCall, body: string | undefined): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: path, method: call.method, path: call.target, agent: false }, (response) => {
      collect(response, 64 * MiB).then(
        (bytes) => resolve({ status: response.statusCode!, text: bytes.toString('utf8') }),
        reject,
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const ownMembers = new Set(['type', 'title', 'status', 'detail', 'code', 'hint'])

function errorFrom(value: unknown): XpodError {
  const problem = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  const code = String(problem.code)
  if (!Object.hasOwn(errorCodes, code)) return new XpodError('CONTROL_UNREACHABLE', 'it answered in an unknown way')
  const members = Object.entries(problem).filter(([name]) => !ownMembers.has(name))
  return new XpodError(code as ErrorCode, typeof problem.detail === 'string' ? problem.detail : '', {
    ...(typeof problem.hint === 'string' ? { hint: problem.hint } : {}),
    members: Object.fromEntries(members) as Record<string, string | number | boolean>,
  })
}
