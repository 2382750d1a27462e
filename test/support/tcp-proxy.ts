// A proxy between the code under test and a real server that breaks the connection in the ways networks do: late, slow,
// cut, half-open, or not there at all. Works on bytes and knows no protocol. Everything it does holds for open connections
// too, from the moment it is asked to; `heal` undoes all of it.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface TcpProxy extends AsyncDisposable {
  readonly port: number
  /** Connections made so far, and those that are open now. */
  readonly accepted: number
  readonly open: number
  /** Bytes that went to the server, and that came from it. */
  readonly sent: number
  readonly received: number
  /** Every chunk is late by this much, in both directions. */
  latency(ms: number): void
  /** At most so many bytes a second in each direction of each connection. */
  throttle(bytesPerSecond: number): void
  /** Ends all connections with a reset; new ones still work. */
  cut(): void
  /** Resets the first connection that gets beyond so many bytes in this direction, once. */
  cutAfter(bytes: number, direction: 'sent' | 'received'): Promise<void>
  /** Ends the first answer beyond so many bytes politely, as if the server had said all, once. */
  truncateAfter(bytes: number): Promise<void>
  /** Nothing goes through any more, and nobody is told: as when a firewall forgets a connection. */
  halfOpen(): void
  /** Refuses new connections and resets the open ones. */
  refuse(): Promise<void>
  /** Undoes everything; half-open connections go on where they stood. */
  heal(): Promise<void>
}

type Direction = 'sent' | 'received'
interface Trap {
  readonly direction: Direction
  readonly ending: 'reset' | 'end'
  left: number
  readonly sprung: () => void
}
interface Fault {
  latencyMs: number
  bytesPerSecond: number
  isHalfOpen: boolean
  trap: Trap | undefined
}

const chunkBytes = 16 * 1024
const pauseMs = 10

export async function startTcpProxy(targetPort: number, targetHost = '127.0.0.1'): Promise<TcpProxy> {
  const pairs = new Set<readonly Socket[]>()
  const counts = { accepted: 0, sent: 0, received: 0 }
  const fault: Fault = { latencyMs: 0, bytesPerSecond: Infinity, isHalfOpen: false, trap: undefined }

  const server = createServer({ allowHalfOpen: true }, (client) => {
    counts.accepted++
    const upstream = connect({ port: targetPort, host: targetHost, allowHalfOpen: true })
    const pair = [client, upstream]
    pairs.add(pair)
    const reset = (): void => {
      for (const socket of pair) resetSocket(socket)
    }
    for (const socket of pair) {
      socket.setNoDelay(true)
      socket.on('error', reset)
      socket.on('close', () => {
        pairs.delete(pair)
        for (const other of pair) other.destroySoon()
      })
    }
    pump({ from: client, to: upstream, direction: 'sent', fault, counts }).catch(reset)
    pump({ from: upstream, to: client, direction: 'received', fault, counts }).catch(reset)
  })

  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const cut = (): void => {
    for (const pair of pairs) for (const socket of pair) resetSocket(socket)
  }
  const setTrap = (direction: Direction, bytes: number, ending: Trap['ending']): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    fault.trap = { direction, ending, left: bytes, sprung: resolve }
    return promise
  }
  const close = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    cut()
    await closed
  }
  const port = await listen(0)

  return {
    port,
    get accepted() {
      return counts.accepted
    },
    get open() {
      return pairs.size
    },
    get sent() {
      return counts.sent
    },
    get received() {
      return counts.received
    },
    latency: (ms) => void (fault.latencyMs = ms),
    throttle: (bytesPerSecond) => void (fault.bytesPerSecond = bytesPerSecond),
    cut,
    cutAfter: (bytes, direction) => setTrap(direction, bytes, 'reset'),
    truncateAfter: (bytes) => setTrap('received', bytes, 'end'),
    halfOpen: () => void (fault.isHalfOpen = true),
    refuse: close,
    async heal() {
      Object.assign(fault, { latencyMs: 0, bytesPerSecond: Infinity, isHalfOpen: false, trap: undefined })
      if (!server.listening) await listen(port)
    },
    async [Symbol.asyncDispose]() {
      fault.isHalfOpen = false
      await close()
      cut()
    },
  }
}

/** A socket that has begun to end cannot be reset any more, and trying to would leave its handle open for ever. */
function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}

interface Way {
  readonly from: Socket
  readonly to: Socket
  readonly direction: Direction
  readonly fault: Fault
  readonly counts: Record<Direction, number>
}

async function pump({ from, to, direction, fault, counts }: Way): Promise<void> {
  for await (const chunk of from as AsyncIterable<Buffer>) {
    if (fault.latencyMs > 0) await pass(fault.latencyMs)
    for (let at = 0; at < chunk.length; at += chunkBytes) {
      const piece = chunk.subarray(at, at + chunkBytes)
      await passThrottle(piece.length, fault, to)
      const whole = spring(piece, direction, fault)
      if (!to.write(whole.bytes)) await Promise.race([once(to, 'drain'), once(to, 'close')])
      counts[direction] += whole.bytes.length
      if (whole.ending === 'reset') throw new Error('cut by the test')
      if (whole.ending === 'end') return void to.end()
    }
  }
  while (fault.isHalfOpen && !to.destroyed) await pass(pauseMs)
  to.end()
}

async function passThrottle(bytes: number, fault: Fault, to: Socket): Promise<void> {
  if (fault.bytesPerSecond !== Infinity) await pass((bytes / fault.bytesPerSecond) * 1000)
  while (fault.isHalfOpen && !to.destroyed) await pass(pauseMs)
}

function spring(piece: Buffer, direction: Direction, fault: Fault): { bytes: Buffer; ending?: Trap['ending'] } {
  const { trap } = fault
  if (trap === undefined || trap.direction !== direction) return { bytes: piece }
  if (piece.length <= trap.left) {
    trap.left -= piece.length
    return { bytes: piece }
  }
  fault.trap = undefined
  trap.sprung()
  return { bytes: piece.subarray(0, trap.left), ending: trap.ending }
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
