// The load: a process of its own that sends prepared requests over raw sockets, one at a time on each connection, and counts
// answers. The same for every server that is measured. Knows nothing of what it sends; an answer of 400 or more is a failure.

import { connect, type Socket } from 'node:net'

export interface Plan {
  readonly port: number
  readonly connections: number
  readonly durationMs: number
  /** Requests as base64; connection c starts with number c and takes every connections-th. */
  readonly requests: readonly string[]
  /** Each request once, then the end; otherwise round and round. */
  readonly once: boolean
}

export interface Load {
  readonly answers: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly failures: number
  /** The first answer that failed. */
  readonly failure: string
}

const headEnd = Buffer.from('\r\n\r\n')

class Connection {
  readonly #socket: Socket
  readonly #onAnswer: (status: number, head: string) => Buffer | undefined
  #waiting: Buffer[] = []
  /** Bytes of the body still to come; undefined while the head is not whole; -1 for chunked. */
  #left: number | undefined
  #status = 0
  #head = ''

  constructor(port: number, onAnswer: (status: number, head: string) => Buffer | undefined) {
    this.#onAnswer = onAnswer
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk))
    this.#socket.on('error', () => this.#onAnswer(599, 'the connection broke'))
  }

  send(request: Buffer): void {
    this.#socket.write(request)
  }

  end(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    let rest = chunk
    if (this.#left === undefined) {
      this.#waiting.push(chunk)
      const all = this.#waiting.length === 1 ? chunk : Buffer.concat(this.#waiting)
      const end = all.indexOf(headEnd)
      if (end < 0) return
      this.#waiting = []
      this.#head = all.toString('latin1', 0, end)
      this.#status = Number(this.#head.slice(9, 12))
      const isBare = this.#status === 204 || this.#status === 304
      this.#left = isBare ? 0 : bodyLength(this.#head)
      rest = all.subarray(end + 4)
    }
    if (this.#left === -1) {
      if (rest.subarray(-5).toString('latin1') !== '0\r\n\r\n') return
      this.#left = 0
    } else this.#left -= rest.length
    if (this.#left > 0) return
    this.#left = undefined
    const next = this.#onAnswer(this.#status, this.#head)
    if (next !== undefined) this.#socket.write(next)
  }
}

function bodyLength(head: string): number {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)
  return length === null ? -1 : Number(length[1])
}

function run(plan: Plan): Promise<Load> {
  const requests = plan.requests.map((text) => Buffer.from(text, 'base64'))
  const times: number[] = []
  let failures = 0
  let failure = ''
  const { promise, resolve } = Promise.withResolvers<Load>()
  const startMs = performance.now()
  const connections: Connection[] = []
  let open = plan.connections
  const finish = (): void => {
    if (--open > 0) return
    const seconds = (performance.now() - startMs) / 1000
    for (const connection of connections) connection.end()
    const sorted = Float64Array.from(times).sort()
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
    resolve({ answers: times.length - failures, seconds, p50Ms: at(0.5), p99Ms: at(0.99), failures, failure })
  }
  for (let number = 0; number < plan.connections; number++) {
    let turn = number
    let sentMs = performance.now()
    const connection = new Connection(plan.port, (status, head) => {
      const nowMs = performance.now()
      times.push(nowMs - sentMs)
      if (status >= 400) {
        failures++
        failure ||= head
      }
      turn += plan.connections
      sentMs = nowMs
      const isOver = status === 599 || nowMs - startMs >= plan.durationMs || (plan.once && turn >= requests.length)
      if (isOver) finish()
      return isOver ? undefined : requests[turn % requests.length]
    })
    connections.push(connection)
    connection.send(requests[turn % requests.length]!)
  }
  return promise
}

if (process.send !== undefined) {
  process.on('message', (plan: Plan) => {
    void run(plan).then((load) => process.send!(load))
  })
}
