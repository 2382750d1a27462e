// Bytes to a server and bytes back, over one plain TCP connection: for requests that no HTTP library would send.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  /** Status codes of the answers, in order; 100 Continue included. */
  readonly statuses: readonly number[]
  readonly text: string
  /** Whether the server ended the connection, without being asked by a half-close. */
  readonly isClosed: boolean
}

export async function openRaw(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  await once(socket, 'connect')
  return socket
}

/** Sends everything at once and reads until the server closes, or says nothing for `quietMs` and is hung up on. */
export async function sendRaw(port: number, bytes: string | Buffer, quietMs = 1500): Promise<RawAnswer> {
  const socket = await openRaw(port)
  const chunks: Buffer[] = []
  let isClosed = false
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  // A reset after the answer is how a server refuses the bytes that it does not read.
  socket.on('error', () => (isClosed = true))
  socket.on('end', () => {
    isClosed = true
    socket.destroy()
  })
  const closed = once(socket, 'close')
  socket.setTimeout(quietMs, () => socket.destroy())
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  await closed
  const text = Buffer.concat(chunks).toString('latin1')
  const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map((match) => Number(match[1]))
  return { statuses, text, isClosed }
}
