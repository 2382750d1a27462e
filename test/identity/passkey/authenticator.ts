// A browser with an authenticator, in software: makes keys and signs as WebAuthn says, and lies where a test tells it to.

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

export interface Behaviour {
  /** The page that asks. */
  readonly origin?: string
  readonly isVerified?: boolean
  /** The counter does not move. */
  readonly isCloned?: boolean
  readonly type?: string
  readonly challenge?: string
  readonly rpId?: string
  /** Made with a statement of its maker. */
  readonly attestation?: { readonly fmt: string; readonly attStmt: ReadonlyMap<string, Cbor> }
  readonly userHandle?: string
}

export interface BrowserAnswer {
  readonly id: string
  readonly rawId: string
  readonly type: 'public-key'
  readonly clientExtensionResults: object
  readonly response: Readonly<Record<string, unknown>>
}

export interface Authenticator {
  /** What navigator.credentials.create would give. */
  create(options: object, behaviour?: Behaviour): BrowserAnswer
  /** What navigator.credentials.get would give. */
  get(options: object, behaviour?: Behaviour): BrowserAnswer
}

interface Held {
  readonly id: Buffer
  readonly key: KeyObject
  readonly userHandle: string
  readonly rpId: string
}

export function createAuthenticator(origin: string, algorithm: 'ES256' | 'EdDSA' = 'ES256'): Authenticator {
  let held: Held | undefined
  let counter = 0
  const clientText = (type: string, challenge: string, behaviour: Behaviour): Buffer =>
    Buffer.from(
      JSON.stringify({
        type: behaviour.type ?? type,
        challenge: behaviour.challenge ?? challenge,
        origin: behaviour.origin ?? origin,
        crossOrigin: false,
      }),
    )

  return {
    create(options, behaviour = {}) {
      const { challenge, rp, user } = options as { challenge: string; rp: { id: string }; user: { id: string } }
      const { publicKey, privateKey } =
        algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
      held = { id: randomBytes(32), key: privateKey, userHandle: user.id, rpId: rp.id }
      const length = Buffer.alloc(2)
      length.writeUInt16BE(held.id.length)
      const credential = Buffer.concat([Buffer.alloc(16), length, held.id, cbor(coseKey(publicKey))])
      const authData = Buffer.concat([head(behaviour.rpId ?? rp.id, ++counter, flags(behaviour) | 0x40), credential])
      const { fmt, attStmt } = behaviour.attestation ?? { fmt: 'none', attStmt: new Map() }
      const attestation = new Map<string, Cbor>([
        ['fmt', fmt],
        ['attStmt', attStmt],
        ['authData', authData],
      ])
      return answer(held.id, {
        clientDataJSON: clientText('webauthn.create', challenge, behaviour).toString('base64url'),
        attestationObject: cbor(attestation).toString('base64url'),
        transports: ['internal', 'hybrid'],
      })
    },
    get(options, behaviour = {}) {
      const { challenge } = options as { challenge: string }
      if (held === undefined) throw new Error('no key was made')
      if (behaviour.isCloned !== true) counter++
      const client = clientText('webauthn.get', challenge, behaviour)
      const authData = head(behaviour.rpId ?? held.rpId, counter, flags(behaviour))
      const signed = Buffer.concat([authData, createHash('sha256').update(client).digest()])
      return answer(held.id, {
        clientDataJSON: client.toString('base64url'),
        authenticatorData: authData.toString('base64url'),
        signature: sign(algorithm === 'ES256' ? 'sha256' : null, signed, held.key).toString('base64url'),
        userHandle: behaviour.userHandle ?? held.userHandle,
      })
    },
  }
}

function answer(id: Buffer, response: Readonly<Record<string, unknown>>): BrowserAnswer {
  const text = id.toString('base64url')
  return { id: text, rawId: text, type: 'public-key', clientExtensionResults: {}, response }
}

/** User present; user verified. */
function flags({ isVerified = true }: Behaviour): number {
  return isVerified ? 0x05 : 0x01
}

function head(rpId: string, counter: number, bits: number): Buffer {
  const tail = Buffer.alloc(5)
  tail.writeUInt8(bits)
  tail.writeUInt32BE(counter, 1)
  return Buffer.concat([createHash('sha256').update(rpId).digest(), tail])
}

function coseKey(publicKey: KeyObject): ReadonlyMap<number, Cbor> {
  const { kty, x, y } = publicKey.export({ format: 'jwk' })
  const bytes = (text: string | undefined): Buffer => Buffer.from(text!, 'base64url')
  return kty === 'EC'
    ? new Map<number, Cbor>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, bytes(x)],
        [-3, bytes(y)],
      ])
    : new Map<number, Cbor>([
        [1, 1],
        [3, -8],
        [-1, 6],
        [-2, bytes(x)],
      ])
}

export type Cbor = number | string | Uint8Array | readonly Cbor[] | ReadonlyMap<number | string, Cbor>

function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? cborHead(1, -1 - value) : cborHead(0, value)
  if (typeof value === 'string') return Buffer.concat([cborHead(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (value instanceof Uint8Array) return Buffer.concat([cborHead(2, value.length), value])
  if (value instanceof Map) {
    return Buffer.concat([cborHead(5, value.size), ...[...value].flat().map((one: Cbor) => cbor(one))])
  }
  const list = value as readonly Cbor[]
  return Buffer.concat([cborHead(4, list.length), ...list.map(cbor)])
}

function cborHead(major: number, argument: number): Buffer {
  if (argument < 24) return Buffer.of((major << 5) | argument)
  if (argument < 256) return Buffer.of((major << 5) | 24, argument)
  return Buffer.of((major << 5) | 25, argument >> 8, argument & 0xff)
}
