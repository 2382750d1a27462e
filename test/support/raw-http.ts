// Bytes on a TCP connection, for what no HTTP client would send.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawConnection extends AsyncDisposable {
  readonly socket: Socket
  send(text: string | Uint8Array): void
  /** Everything received so far, as Latin-1. */
  received(): string
  /** Resolves with everything received when it contains this. Fails when the connection ends before. */
  until(part: string | RegExp): Promise<string>
  /** Resolves with everything received when the other side has closed. */
  closed(): Promise<string>
}

export async function connectRaw(port: number): Promise<RawConnection> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: false })
  let text = ''
  let isClosed = false
  let wake: (() => void)[] = []
  const changed = (): void => {
    const all = wake
    wake = []
    for (const one of all) one()
  }
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    changed()
  })
  // A reset is one of the ways to close.
  socket.on('error', () => {})
  socket.on('close', () => {
    isClosed = true
    changed()
  })
  await once(socket, 'connect')
  const change = (): Promise<void> => new Promise((resolve) => wake.push(resolve))
  return {
    socket,
    send: (bytes) => void socket.write(bytes),
    received: () => text,
    async until(part) {
      while (!(typeof part === 'string' ? text.includes(part) : part.test(text))) {
        if (isClosed) throw new Error(`closed before ${String(part)}; received: ${text}`)
        await change()
      }
      return text
    },
    async closed() {
      while (!isClosed) await change()
      return text
    },
    async [Symbol.asyncDispose]() {
      socket.destroy()
      while (!isClosed) await change()
    },
  }
}
