// One connection to the server under test: requests one after the other, kept alive, never retried. A request that gets no
// answer rejects; the caller then knows nothing about it, which is the point.

import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { buffer } from 'node:stream/consumers'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Sending {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

export class LoadClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly base: string

  /** Paths are resolved against the base. */
  constructor(base: string) {
    this.base = base
  }

  async send(method: string, path: string, sending: Sending = {}): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const outgoing = request(new URL(path, this.base), { method, agent: this.#agent, headers: sending.headers ?? {} })
    outgoing.on('error', reject)
    outgoing.on('response', (answer) => {
      buffer(answer).then(
        (body) => resolve({ status: answer.statusCode!, headers: answer.headers, body }),
        (error: unknown) => reject(error instanceof Error ? error : new Error(String(error))),
      )
    })
    outgoing.end(sending.body)
    return promise
  }

  close(): void {
    this.#agent.destroy()
  }
}
