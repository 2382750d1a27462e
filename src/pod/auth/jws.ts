// Compact JSON Web Signatures (RFC 7515) with asymmetric algorithms, for access tokens and DPoP proofs: taking one apart,
// importing public keys (RFC 7517), verifying. Written by hand because a proof is verified on every request.
// Nothing symmetric and no "none" can be named here; keys that are weak, private or of another type are refused.

import { constants, createHash, createPublicKey, type KeyObject, verify, type VerifyKeyObjectInput } from 'node:crypto'

export const algorithms = {
  ES256: { hash: 'sha256', type: 'ec', curve: 'prime256v1', bytes: 32 },
  ES384: { hash: 'sha384', type: 'ec', curve: 'secp384r1', bytes: 48 },
  ES512: { hash: 'sha512', type: 'ec', curve: 'secp521r1', bytes: 66 },
  RS256: { hash: 'sha256', type: 'rsa', padding: constants.RSA_PKCS1_PADDING },
  RS384: { hash: 'sha384', type: 'rsa', padding: constants.RSA_PKCS1_PADDING },
  RS512: { hash: 'sha512', type: 'rsa', padding: constants.RSA_PKCS1_PADDING },
  PS256: { hash: 'sha256', type: 'rsa', padding: constants.RSA_PKCS1_PSS_PADDING },
  PS384: { hash: 'sha384', type: 'rsa', padding: constants.RSA_PKCS1_PSS_PADDING },
  PS512: { hash: 'sha512', type: 'rsa', padding: constants.RSA_PKCS1_PSS_PADDING },
  EdDSA: { hash: null, type: 'ed25519' },
  Ed25519: { hash: null, type: 'ed25519' },
} as const satisfies Record<string, AlgorithmFacts>

interface AlgorithmFacts {
  readonly hash: string | null
  readonly type: string
  readonly curve?: string
  /** Of each of the two numbers of a signature. */
  readonly bytes?: number
  readonly padding?: number
}

export type Algorithm = keyof typeof algorithms

export type Json = Readonly<Record<string, unknown>>

export interface Jws {
  /** As it was sent, base64url. */
  readonly rawHeader: string
  readonly payload: Json
  /** What the signature is of. */
  readonly signed: string
  readonly signature: string
}

const compact = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/

/** Undefined when it is no compact JWS with a JSON object in it. Verifies nothing. */
export function splitJws(text: string, maxLength: number): Jws | undefined {
  const parts = text.length > maxLength ? null : compact.exec(text)
  if (parts === null) return undefined
  const payload = jsonObject(parts[2]!)
  if (payload === undefined) return undefined
  const signed = text.slice(0, parts[1]!.length + 1 + parts[2]!.length)
  return { rawHeader: parts[1]!, payload, signed, signature: parts[3]! }
}

/** Undefined when it is no JSON object. */
export function headerOf({ rawHeader }: Jws): Json | undefined {
  return jsonObject(rawHeader)
}

function jsonObject(base64url: string): Json | undefined {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(base64url, 'base64url').toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  return isObject(value) ? value : undefined
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === 'string' && Object.hasOwn(algorithms, name)
}

export interface PublicKey {
  readonly algorithm: Algorithm
  /** The key alone where that is enough: Node takes options apart for a third of the time of an ES256 verification. */
  readonly input: KeyObject | VerifyKeyObjectInput
}

const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
const minRsaBits = 2048
const maxRsaBits = 8192 // above it one verification costs milliseconds
const maxRsaExponent = 2n ** 32n // a huge exponent does as well

/** Undefined when the JWK is not a public key that fits the algorithm. */
export function importKey(jwk: Json, algorithm: Algorithm): PublicKey | undefined {
  if (secretMembers.some((member) => Object.hasOwn(jwk, member))) return undefined
  if (jwk['alg'] !== undefined && jwk['alg'] !== algorithm) return undefined
  if (jwk['use'] !== undefined && jwk['use'] !== 'sig') return undefined
  const key = keyObject(jwk)
  return key !== undefined && fits(key, algorithm) ? { algorithm, input: verifyInput(key, algorithm) } : undefined
}

function keyObject(jwk: Json): KeyObject | undefined {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' })
  } catch (error) {
    // Whatever the reason: members missing, a point off the curve, an unknown type. All of it is the sender's.
    if (error instanceof Error && 'code' in error) return undefined
    throw error
  }
}

function fits(key: KeyObject, name: Algorithm): boolean {
  const algorithm: AlgorithmFacts = algorithms[name]
  if (key.asymmetricKeyType !== algorithm.type) return false
  const details = key.asymmetricKeyDetails ?? {}
  if (algorithm.type === 'ec') return details.namedCurve === algorithm.curve
  if (algorithm.type !== 'rsa') return true
  const bits = details.modulusLength ?? 0
  return bits >= minRsaBits && bits <= maxRsaBits && (details.publicExponent ?? maxRsaExponent) < maxRsaExponent
}

function verifyInput(key: KeyObject, name: Algorithm): KeyObject | VerifyKeyObjectInput {
  const { padding }: AlgorithmFacts = algorithms[name]
  if (padding !== constants.RSA_PKCS1_PSS_PADDING) return key
  return { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
}

/**
 * Measured on Node 24, two cores, per ES256 verification: on this thread 95 µs of CPU; on the thread pool 135–150 µs
 * under load and 205 µs one at a time. The pool also serves password hashing and file reads, behind which a signature
 * waited up to 1.3 s. So what takes about 0.1 ms is verified here, and only the slow curves (1 ms and more) are sent away.
 */
export function verifySignature(jws: Jws, key: PublicKey): boolean | Promise<boolean> {
  const message = Buffer.from(jws.signed, 'latin1')
  const { hash, bytes }: AlgorithmFacts = algorithms[key.algorithm]
  const raw = Buffer.from(jws.signature, 'base64url')
  const signature = bytes === undefined ? raw : derSignature(raw, bytes)
  if (signature === undefined) return false
  if (key.algorithm !== 'ES384' && key.algorithm !== 'ES512') return verify(hash, message, key.input, signature)
  return new Promise((resolve, reject) => {
    verify(hash, message, key.input, signature, (error, ok) => (error === null ? resolve(ok) : reject(error)))
  })
}

/** Two numbers side by side (RFC 7518 section 3.4) as ASN.1 has them (RFC 3279 section 2.2.3); undefined for another length. */
function derSignature(raw: Buffer, bytes: number): Buffer | undefined {
  if (raw.length !== 2 * bytes) return undefined
  const der = Buffer.alloc(3 + 2 * (3 + bytes))
  const end = putInteger(der, putInteger(der, 3, raw.subarray(0, bytes)), raw.subarray(bytes))
  const length = end - 3
  der[0] = 0x30
  der[1] = 0x81
  der[2] = length
  if (length >= 0x80) return der.subarray(0, end)
  der[1] = 0x30
  return der.subarray(1, end)
}

/** Without leading zeros, but with one before a first bit that would be a sign. Returns where it ends. */
function putInteger(der: Buffer, at: number, bytes: Buffer): number {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const zeros = bytes[start]! >= 0x80 ? 1 : 0
  const length = zeros + bytes.length - start
  der[at] = 0x02
  der[at + 1] = length
  bytes.copy(der, at + 2 + zeros, start)
  return at + 2 + length
}

/** RFC 7638: SHA-256 of the required members in this order, base64url; undefined for a type that proofs cannot have. */
export function thumbprint(jwk: Json): string | undefined {
  const members = { EC: ['crv', 'kty', 'x', 'y'], OKP: ['crv', 'kty', 'x'], RSA: ['e', 'kty', 'n'] }
  const names = Object.hasOwn(members, String(jwk['kty'])) ? members[jwk['kty'] as keyof typeof members] : undefined
  if (names === undefined || names.some((name) => typeof jwk[name] !== 'string')) return undefined
  const required = Object.fromEntries(names.map((name) => [name, jwk[name]]))
  return createHash('sha256').update(JSON.stringify(required)).digest('base64url')
}
