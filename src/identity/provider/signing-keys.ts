// The keys that sign tokens (rule 11). They lie sealed in SQL and are shared by every process. A new key is published a day
// before it signs, so that whoever keeps our key set has it by then; an old one stays published until the last token it
// signed has ended. So a rotation logs nobody out. Every process reads the keys again every few seconds.

import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

import type { Clock } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { createSingleFlight } from '../../base/single-flight.ts'
import type { Database, Row, Step } from '../../core/db/database.ts'
import { importKey, type Json, type PublicKey, thumbprint } from '../../pod/auth/jws.ts'
import { longestTokenMs } from '../account/revocations.ts'
import type { Sealer } from '../sealing.ts'
import type { PublishedKey } from './contract.ts'

export const signingAlgorithm = 'ES256'

export interface SigningKey {
  readonly id: string
  /** As in the key set. */
  readonly jwk: Json
  readonly privateJwk: Json
  readonly privateKey: KeyObject
  readonly publicKey: PublicKey
  readonly signsFromMs: number
  readonly publishedUntilMs: number | undefined
}

export interface SigningKeys extends AsyncDisposable {
  /** The one that signs now first, then all others that are published. Changes as a whole: a new list is a new state. */
  current(): readonly SigningKey[]
  /** Reads again when the key id is not known: another process may have made the first key a moment ago. */
  find(kid: string | undefined): Promise<readonly PublicKey[]>
  /** A compact JWS by the key that signs now. */
  sign(type: string, payload: Json): string
  /** As rotateSigningKeys. */
  rotate(): Promise<readonly PublishedKey[]>
}

export interface SigningKeyParts {
  readonly db: Database
  readonly sealer: Sealer
  readonly clock: Clock
  readonly log: Log
}

interface KeyRow extends Row {
  readonly id: string
  readonly sealed: Uint8Array
  readonly created_ms: number
  readonly signs_from_ms: number
  readonly published_until_ms: number | null
}

const rereadMs = 5000
const lookAgainMs = 1000
const publishedBeforeMs = 24 * 3_600_000
/** Tolerated between clocks, on top of the life of a token. */
const slackMs = 600_000
const maxKeys = 20

const select = `SELECT id, sealed, created_ms, signs_from_ms, published_until_ms FROM signing_key
  WHERE published_until_ms IS NULL OR published_until_ms > ? ORDER BY signs_from_ms DESC, id LIMIT ${maxKeys}`
const insert = `INSERT INTO signing_key (id, alg, sealed, created_ms, signs_from_ms, published_until_ms)
  VALUES (?, ?, ?, ?, ?, NULL)`
const retire = 'UPDATE signing_key SET published_until_ms = ? WHERE published_until_ms IS NULL AND id <> ?'

/** A compact JWS of the signing algorithm; the header says the rest. */
export function signJws(header: Json, payload: Json, privateKey: KeyObject): string {
  const signed = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}

/**
 * A new key; while one waits to sign, nothing changes. Gives all published keys, newest first. Works on the database alone,
 * whether a server runs or not.
 */
export async function rotateSigningKeys(parts: Omit<SigningKeyParts, 'log'>): Promise<readonly PublishedKey[]> {
  const { db, clock } = parts
  const nowMs = clock.nowMs()
  const published = await readPublished(db, nowMs)
  if (published.some((key) => key.signsFromMs > nowMs)) return published
  const signsFromMs = published.length === 0 ? nowMs : nowMs + publishedBeforeMs
  const made = makeKey()
  const endMs = signsFromMs + longestTokenMs + slackMs
  await db.write([insertion(parts, made, signsFromMs), { query: retire, args: [endMs, made.id] }])
  return await readPublished(db, nowMs)
}

async function readPublished(db: Database, nowMs: number): Promise<readonly PublishedKey[]> {
  const rows = await db.read<KeyRow>(select, [nowMs])
  return rows.map((row) => ({
    id: row.id,
    algorithm: signingAlgorithm,
    createdMs: row.created_ms,
    signsFromMs: row.signs_from_ms,
    publishedUntilMs: row.published_until_ms ?? undefined,
  }))
}

function insertion({ sealer, clock }: Omit<SigningKeyParts, 'log'>, made: MadeKey, signsFromMs: number): Step {
  const sealed = sealer.seal(Buffer.from(JSON.stringify(made.privateJwk)))
  return { query: insert, args: [made.id, signingAlgorithm, sealed, clock.nowMs(), signsFromMs] }
}

/** Makes the first key. Throws SECRET_MISMATCH. */
export async function openSigningKeys(parts: SigningKeyParts): Promise<SigningKeys> {
  const keys = new StoredKeys(parts)
  await keys.open()
  return keys
}

class StoredKeys implements SigningKeys {
  readonly #parts: SigningKeyParts
  #published: readonly SigningKey[] = []
  /** `#published` in the order of use; made again when another key begins to sign. */
  #ordered: readonly SigningKey[] = []
  #readMs = 0
  #stop = (): void => {}

  constructor(parts: SigningKeyParts) {
    this.#parts = parts
  }

  async open(): Promise<void> {
    const { clock, log } = this.#parts
    await this.#read()
    if (this.#published.length === 0) {
      await this.#parts.db.write([insertion(this.#parts, makeKey(), clock.nowMs())])
      await this.#read()
    }
    const flight = createSingleFlight<void>()
    let isBehind = false
    this.#stop = clock.every(rereadMs, () => {
      flight('read', () => this.#read()).then(
        () => (isBehind = false),
        (error: unknown) => {
          if (!isBehind) log.error('signing-keys.unread', { error })
          isBehind = true
        },
      )
    })
  }

  current(): readonly SigningKey[] {
    const nowMs = this.#parts.clock.nowMs()
    const signing = this.#published.find((key) => key.signsFromMs <= nowMs) ?? this.#published.at(-1)!
    if (this.#ordered[0] !== signing) this.#ordered = [signing, ...this.#published.filter((key) => key !== signing)]
    return this.#ordered
  }

  async find(kid: string | undefined): Promise<readonly PublicKey[]> {
    const known = this.#select(kid)
    if (known.length > 0 || this.#parts.clock.monotonicMs() - this.#readMs < lookAgainMs) return known
    await this.#read()
    return this.#select(kid)
  }

  sign(type: string, payload: Json): string {
    const key = this.current()[0]!
    return signJws({ alg: signingAlgorithm, typ: type, kid: key.id }, payload, key.privateKey)
  }

  async rotate(): Promise<readonly PublishedKey[]> {
    const published = await rotateSigningKeys(this.#parts)
    await this.#read()
    return published
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop()
  }

  #select(kid: string | undefined): readonly PublicKey[] {
    return this.#published.filter((key) => kid === undefined || key.id === kid).map((key) => key.publicKey)
  }

  async #read(): Promise<void> {
    const { db, clock } = this.#parts
    const rows = await db.read<KeyRow>(select, [clock.nowMs()])
    this.#readMs = clock.monotonicMs()
    const isSame =
      rows.length === this.#published.length && rows.every((row, index) => isOf(row, this.#published[index]!))
    if (isSame) return
    this.#published = rows.map((row) => this.#open(row))
    this.#ordered = []
  }

  #open(row: KeyRow): SigningKey {
    const privateJwk = JSON.parse(Buffer.from(this.#parts.sealer.open(row.sealed)).toString()) as Json
    const jwk = { ...publicPart(privateJwk), kid: row.id, use: 'sig', alg: signingAlgorithm }
    const publicKey = importKey(jwk, signingAlgorithm)
    if (publicKey === undefined) throw new XpodError('CORRUPT', `signing key ${row.id}`)
    return {
      id: row.id,
      jwk,
      privateJwk: { ...privateJwk, kid: row.id, use: 'sig', alg: signingAlgorithm },
      privateKey: createPrivateKey({ key: { ...privateJwk }, format: 'jwk' }),
      publicKey,
      signsFromMs: row.signs_from_ms,
      publishedUntilMs: row.published_until_ms ?? undefined,
    }
  }
}

function isOf(row: KeyRow, key: SigningKey): boolean {
  return row.id === key.id && (row.published_until_ms ?? undefined) === key.publishedUntilMs
}

interface MadeKey {
  /** The thumbprint of RFC 7638. */
  readonly id: string
  readonly privateJwk: Json
}

function makeKey(): MadeKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const privateJwk = { ...privateKey.export({ format: 'jwk' }) }
  return { id: thumbprint(privateJwk)!, privateJwk }
}

function publicPart({ kty, crv, x, y }: Json): Json {
  return { kty, crv, x, y }
}
