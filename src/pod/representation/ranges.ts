// Range requests (RFC 9110 section 14): one byte range of the stored bytes. Several ranges, other units and ranges that
// cannot be parsed are ignored, which is an answer with the whole body (rule 18). An end beyond the body is clamped.

import type { ByteRange } from '../store/pod-store.ts'

/** The range to send, 'unsatisfiable' (416), or undefined to send everything. */
export function parseRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const match = header === undefined ? null : /^\s*bytes\s*=\s*(\d{0,15})\s*-\s*(\d{0,15})\s*$/i.exec(header)
  if (match === null || (match[1] === '' && match[2] === '')) return undefined
  if (match[1] === '') {
    const length = Math.min(Number(match[2]), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(match[1])
  const end = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1)
  if (match[2] !== '' && Number(match[2]) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}
