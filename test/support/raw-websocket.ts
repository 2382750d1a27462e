// WebSockets byte by byte, for what no client library would send: the handshake as text, frames as they are told.

import assert from 'node:assert/strict'

import { connectRaw, type RawConnection } from './raw-http.ts'

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface Frame {
  readonly opcode: number
  readonly payload: Buffer
}

export interface FrameShape {
  readonly isLast?: boolean
  readonly isMasked?: boolean
  /** Reserved bits, 0 to 7. */
  readonly reserved?: number
  /** What the header says, when that is not the truth. */
  readonly announcedBytes?: number
}

export interface RawWebSocket extends AsyncDisposable {
  readonly connection: RawConnection
  /** The head of the 101. */
  readonly head: string
  send(opcode: number, payload: string | Uint8Array, shape?: FrameShape): void
  /** Whole frames received so far. */
  frames(): Frame[]
  /** The first frame of this kind after `skip` others of it. */
  untilFrame(opcode: number, skip?: number): Promise<Buffer>
  /** The code the server closed with. */
  closeCode(): Promise<number>
}

export function handshake(path: string, headers: Readonly<Record<string, string | undefined>> = {}): string {
  const all: Record<string, string | undefined> = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\r\n`]))
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}

export async function openRawWebSocket(
  port: number,
  path = '/',
  headers: Readonly<Record<string, string | undefined>> = {},
): Promise<RawWebSocket> {
  const connection = await connectRaw(port)
  connection.send(handshake(path, headers))
  const head = (await connection.until('\r\n\r\n')).split('\r\n\r\n', 1)[0]!
  assert.match(head, /^HTTP\/1\.1 101 /)
  const frames = (): Frame[] => parseFrames(Buffer.from(connection.received().slice(head.length + 4), 'latin1'))
  async function untilFrame(opcode: number, skip = 0): Promise<Buffer> {
    for (;;) {
      const found = frames().filter((frame) => frame.opcode === opcode)[skip]
      if (found !== undefined) return found.payload
      const size = connection.received().length
      await connection.until(new RegExp(`^[^]{${size + 1}}`))
    }
  }
  return {
    connection,
    head,
    send: (opcode, payload, shape) => connection.send(frameBytes(opcode, Buffer.from(payload as string), shape)),
    frames,
    untilFrame,
    closeCode: async () => (await untilFrame(opcodes.close)).readUInt16BE(0),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  }
}

export function frameBytes(opcode: number, payload: Buffer, shape: FrameShape = {}): Buffer {
  const { isLast = true, isMasked = true, reserved = 0, announcedBytes = payload.length } = shape
  const first = (isLast ? 0x80 : 0) | (reserved << 4) | opcode
  const maskBit = isMasked ? 0x80 : 0
  const head = Buffer.alloc(announcedBytes < 126 ? 2 : announcedBytes < 65_536 ? 4 : 10)
  head[0] = first
  if (head.length === 2) head[1] = maskBit | announcedBytes
  else if (head.length === 4) {
    head[1] = maskBit | 126
    head.writeUInt16BE(announcedBytes, 2)
  } else {
    head[1] = maskBit | 127
    head.writeBigUInt64BE(BigInt(announcedBytes), 2)
  }
  if (!isMasked) return Buffer.concat([head, payload])
  const mask = Buffer.from([0x12, 0x34, 0x56, 0x78])
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ mask[index % 4]!)])
}

/** Of a server: not masked. */
function parseFrames(bytes: Buffer): Frame[] {
  const frames: Frame[] = []
  for (let at = 0; at + 2 <= bytes.length; ) {
    const short = bytes[at + 1]! & 0x7f
    const headBytes = short < 126 ? 2 : short === 126 ? 4 : 10
    if (at + headBytes > bytes.length) break
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    if (at + headBytes + length > bytes.length) break
    frames.push({ opcode: bytes[at]! & 0x0f, payload: bytes.subarray(at + headBytes, at + headBytes + length) })
    at += headBytes + length
  }
  return frames
}
