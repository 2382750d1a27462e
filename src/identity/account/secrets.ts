// Random secrets that are given out once. Only their SHA-256 is kept: they have too many bits to be guessed from it, so
// they need no scrypt. A hash of a secret can be looked up in an index without telling anything by its time.

import { hash, timingSafeEqual } from 'node:crypto'

import type { Random } from '../../base/random.ts'

/** 256 bits. */
export function newSecret(random: Random): string {
  return Buffer.from(random.bytes(32)).toString('base64url')
}

export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'base64url')
}

export function isSecret(secret: string, hashed: string): boolean {
  return timingSafeEqual(Buffer.from(hashSecret(secret)), Buffer.from(hashed))
}

/** Without I, L, O and U, which are misread (Crockford's base 32). */
const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** 80 bits as people write them down: `7Q2M-4KDP-9X0A-RTVW`. */
export function newRecoveryCode(random: Random): string {
  const text = Array.from(random.bytes(16), (byte) => letters[byte % letters.length]).join('')
  return text.match(/.{4}/g)!.join('-')
}

/** What people type back: any case, any separators, letters that look alike. */
export function readRecoveryCode(typed: string): string {
  const misread: Readonly<Record<string, string>> = { O: '0', I: '1', L: '1' }
  return typed
    .slice(0, 100)
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replace(/[OIL]/g, (letter) => misread[letter]!)
}
