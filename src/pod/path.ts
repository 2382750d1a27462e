// Paths inside a pod and the names that depend on them. `canonicalPath` runs once, before routing; its result is storage
// key, ACL identity, Location, cache key and what a DPoP htu is compared with. Nothing after it decodes anything.
//
// A Path starts with "/" and is percent-encoded ASCII. One that ends in "/" is a container (Solid Protocol, URI Slash
// Semantics). A Key is a Path without its trailing slash ("" for the root), so /x and /x/ cannot both exist.

import { isUtf8 } from 'node:buffer'

import { XpodError } from '../base/errors.ts'

export type Path = string
export type Key = string

export const maxPathBytes = 2000
const maxSegmentBytes = 255

// pchar of RFC 3986 without percent-encoding, in segments that are neither empty nor "." nor ".."
const alreadyCanonical = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9\-._~!$&'()*+,;=:@]{1,255})*\/?$/
const pchar = /[A-Za-z0-9\-._~!$&'()*+,;=:@]/
const unreserved = /[A-Za-z0-9\-._~]/

/**
 * The one normal form of a raw request path (no query, no fragment; non-ASCII as Latin-1 bytes, as node:http gives it).
 * Decodes percent-encoded unreserved characters only, upper-cases hex, encodes what must be encoded; %2F and %5C stay.
 * Throws PATH_INVALID for dot segments in any spelling, empty segments, backslashes, control characters, broken UTF-8
 * or broken percent-encoding, and PATH_TOO_LONG beyond 255 bytes a decoded segment or 2000 bytes a path.
 */
export function canonicalPath(raw: string): Path {
  if (raw.length > maxPathBytes * 3) throw new XpodError('PATH_TOO_LONG')
  if (raw.length <= maxPathBytes && raw.length > 0 && alreadyCanonical.test(raw)) return raw
  if (!raw.startsWith('/')) throw new XpodError('PATH_INVALID', 'it does not start with a slash')
  const segments = raw.slice(1).split('/')
  const last = segments.length - 1
  const path = `/${segments.map((segment, index) => canonicalSegment(segment, index === last)).join('/')}`
  if (path.length > maxPathBytes) throw new XpodError('PATH_TOO_LONG')
  return path
}

function canonicalSegment(raw: string, isLast: boolean): string {
  if (raw === '') {
    if (isLast) return ''
    throw new XpodError('PATH_INVALID', 'it has an empty segment')
  }
  const bytes: number[] = []
  let text = ''
  for (let index = 0; index < raw.length; index++) {
    const isEncoded = raw[index] === '%'
    const byte = isEncoded ? encodedByte(raw, index) : raw.charCodeAt(index)
    if (isEncoded) index += 2
    if (byte < 0x20 || byte === 0x7f || byte > 0xff) throw new XpodError('PATH_INVALID', 'it has a control character')
    if (byte === 0x5c && !isEncoded) throw new XpodError('PATH_INVALID', 'it has a backslash')
    const char = String.fromCharCode(byte)
    const keeps = (isEncoded ? unreserved : pchar).test(char)
    text += keeps ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    bytes.push(byte)
  }
  if (bytes.length > maxSegmentBytes) throw new XpodError('PATH_TOO_LONG', `a segment is over ${maxSegmentBytes} bytes`)
  if (text === '.' || text === '..') throw new XpodError('PATH_INVALID', 'it has a dot segment')
  if (!isUtf8(Buffer.from(bytes))) throw new XpodError('PATH_INVALID', 'it is not UTF-8')
  return text
}

function encodedByte(raw: string, index: number): number {
  const hex = raw.slice(index + 1, index + 3)
  if (!/^[0-9a-fA-F]{2}$/.test(hex)) throw new XpodError('PATH_INVALID', 'it has a broken percent-encoding')
  return Number.parseInt(hex, 16)
}

export function isContainer(path: Path): boolean {
  return path.endsWith('/')
}

export function keyOf(path: Path): Key {
  return path.endsWith('/') ? path.slice(0, -1) : path
}

/** The container that lists this path; undefined for the root. Auxiliary paths have the parent of their place. */
export function parentOf(path: Path): Path | undefined {
  const key = keyOf(path)
  return key === '' ? undefined : key.slice(0, key.lastIndexOf('/') + 1)
}

/** All containers above, nearest first, ending with "/". Empty for the root. */
export function ancestorsOf(path: Path): Path[] {
  const ancestors: Path[] = []
  for (let up = parentOf(path); up !== undefined; up = parentOf(up)) ancestors.push(up)
  return ancestors
}

/** The last segment, still encoded, without a trailing slash; "" for the root. */
export function nameOf(path: Path): string {
  const key = keyOf(path)
  return key.slice(key.lastIndexOf('/') + 1)
}

export type Auxiliary = 'acl' | 'meta'

/** Whether the path names an auxiliary resource, by its suffix. */
export function auxiliaryOf(path: Path): Auxiliary | undefined {
  if (path.endsWith('.acl')) return 'acl'
  if (path.endsWith('.meta')) return 'meta'
  return undefined
}

/** The resource that an auxiliary path belongs to: /c/.acl → /c/, /x.meta → /x. The path itself when not auxiliary. */
export function subjectOf(path: Path): Path {
  const kind = auxiliaryOf(path)
  return kind === undefined ? path : path.slice(0, -(kind.length + 1))
}

export function aclOf(subject: Path): Path {
  return `${subject}.acl`
}

export function metaOf(subject: Path): Path {
  return `${subject}.meta`
}

/** A segment ending in .acl or .meta is never a container and never an ancestor (rule 1). */
export function hasAuxiliaryAncestor(path: Path): boolean {
  return /\.(?:acl|meta)\//.test(path)
}
