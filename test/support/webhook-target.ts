// Where webhooks send: a real server on loopback that keeps what comes and answers as a test says.

import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

import { until } from './until.ts'

export interface Message {
  readonly id: string
  readonly type: string
  readonly object: string
  readonly target?: string
  readonly state?: string
  readonly published: string
}

export interface Target extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** What came, taken or not. */
  readonly heard: { readonly message: Message; readonly text: string; readonly headers: IncomingHttpHeaders }[]
  /** How many requests are open now, and at most were. */
  readonly open: { now: number; most: number }
  answer: RequestListener
}

const take: RequestListener = (_, response) => response.writeHead(204).end()

/** Answers 204 unless a test gives another answer; `port` to come back where one was. */
export async function startTarget(
  answer: RequestListener = take,
  { port = 0, host = '127.0.0.1' } = {},
): Promise<Target> {
  const open = { now: 0, most: 0 }
  const server = createServer((request, response) => {
    open.most = Math.max(open.most, ++open.now)
    response.on('close', () => open.now--)
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => (text += chunk))
    request.on('end', () => {
      const message = (text.startsWith('{') ? JSON.parse(text) : {}) as Message
      target.heard.push({ message, text, headers: request.headers })
      target.answer(request, response)
    })
  })
  server.listen(port, host)
  await once(server, 'listening')
  const bound = (server.address() as AddressInfo).port
  const target: Target = {
    url: `http://${host}:${bound}/hook`,
    port: bound,
    heard: [],
    open,
    answer,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return target
}

/** Waits until a target heard so many, and gives their types. */
export async function heardTypes({ heard }: Target, count: number): Promise<string[]> {
  await until(`${count} messages`, () => heard.length >= count)
  return heard.map(({ message }) => message.type)
}
