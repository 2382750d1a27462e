// Secrets that must be read back (signing keys) lie in SQL sealed with AES-256-GCM under a key from a file that is made on
// the first start (0600) and is no part of the data: a copy of the database alone signs nothing. Whether the file is the
// right one is known at once, by a word that the first start sealed. Any file of 32 bytes or more will do as a secret.

import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

import type { Clock } from '../base/clock.ts'
import { systemCode, XpodError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import { syncDirectory } from '../core/db/data-directory.ts'
import type { Database, Row } from '../core/db/database.ts'

export interface Sealer {
  seal(bytes: Uint8Array): Uint8Array
  /** Throws SECRET_MISMATCH. */
  open(sealed: Uint8Array): Uint8Array
}

export interface SealerOptions {
  readonly db: Database
  readonly clock: Clock
  readonly random: Random
}

/** First byte of what is sealed: the form may change. */
const form = 1
const nonceBytes = 12
const tagBytes = 16
const minSecretBytes = 32
const maxSecretBytes = 4096
const canaryName = 'canary'

/** Throws SECRET_MISMATCH when the stored secrets were sealed under another key, SECRET_UNUSABLE. */
export async function openSealer(secretFile: string, options: SealerOptions): Promise<Sealer> {
  const { db, clock, random } = options
  const canary = await readCanary(db)
  let secret = await readSecret(secretFile)
  if (secret === undefined && canary !== undefined) throw new XpodError('SECRET_MISMATCH', 'the file is missing')
  if (secret === undefined) {
    await makeSecret(secretFile, random)
    secret = await readSecret(secretFile)
  }
  if (secret === undefined) throw new XpodError('SECRET_UNUSABLE', 'it vanished')
  const sealer = createSealer(secret, random)
  if (canary === undefined) await writeCanary(db, { sealer, nowMs: clock.nowMs() })
  // Read again: of two first starts with different files, one is wrong.
  sealer.open((await readCanary(db))!)
  return sealer
}

function createSealer(secret: Uint8Array, random: Random): Sealer {
  const key = new Uint8Array(hkdfSync('sha256', secret, '', 'xpod sealing 1', 32))
  return {
    seal(bytes) {
      const nonce = random.bytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
      const sealed = Buffer.concat([cipher.update(bytes), cipher.final()])
      return Buffer.concat([Uint8Array.of(form), nonce, cipher.getAuthTag(), sealed])
    },
    open(sealed) {
      const body = 1 + nonceBytes + tagBytes
      if (sealed[0] !== form || sealed.length < body) throw new XpodError('SECRET_MISMATCH', 'not in a known form')
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 1 + nonceBytes), {
        authTagLength: tagBytes,
      })
      decipher.setAuthTag(sealed.subarray(1 + nonceBytes, body))
      try {
        return Buffer.concat([decipher.update(sealed.subarray(body)), decipher.final()])
      } catch (error) {
        throw new XpodError('SECRET_MISMATCH', '', { cause: error })
      }
    },
  }
}

/** Undefined when there is no such file. */
async function readSecret(file: string): Promise<Uint8Array | undefined> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw new XpodError('SECRET_UNUSABLE', systemCode(error) ?? '', { cause: error })
  }
  const secret = Buffer.from(bytes.toString('latin1').trim(), 'latin1')
  if (secret.length < minSecretBytes || secret.length > maxSecretBytes) {
    throw new XpodError('SECRET_UNUSABLE', `it must hold ${minSecretBytes} to ${maxSecretBytes} bytes`)
  }
  return secret
}

/** Appears whole or not at all, and stays when the power fails; one that another process just made is kept. */
async function makeSecret(file: string, random: Random): Promise<void> {
  const unfinished = `${file}.${random.uuid()}`
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    const handle = await open(unfinished, 'wx', 0o600)
    try {
      await handle.writeFile(`${Buffer.from(random.bytes(minSecretBytes)).toString('base64url')}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await link(unfinished, file).catch((error: unknown) => {
      if (systemCode(error) !== 'EEXIST') throw error
    })
    await unlink(unfinished)
    syncDirectory(dirname(file))
  } catch (error) {
    throw new XpodError('SECRET_UNUSABLE', systemCode(error) ?? '', { cause: error })
  }
}

async function readCanary(db: Database): Promise<Uint8Array | undefined> {
  const query = 'SELECT sealed FROM sealed_secret WHERE name = ?'
  return (await db.read<Row & { sealed: Uint8Array }>(query, [canaryName]))[0]?.sealed
}

async function writeCanary(db: Database, { sealer, nowMs }: { sealer: Sealer; nowMs: number }): Promise<void> {
  const query = `INSERT INTO sealed_secret (name, sealed, created_ms) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING`
  await db.write([{ query, args: [canaryName, sealer.seal(Buffer.from(canaryName)), nowMs] }])
}
