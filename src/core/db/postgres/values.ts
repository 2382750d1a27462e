// Queries and values between the Database contract and PostgreSQL: placeholders, parameters on their way there, columns on
// their way back. Columns come as the SQLite engine gives them: whole numbers as numbers, truth as 1 and 0, bytes as bytes,
// everything else as its text.

import assert from 'node:assert/strict'

import type { SqlValue } from '../database.ts'

/** A parameter: a value, or an array of values of one kind for SQL that unnests it. */
export type CallValue = SqlValue | readonly SqlValue[]

/** As it is sent: text, or the bytes of a bytea. */
export type Parameter = string | Buffer | null

/** The texts are written in the source, so their number is bounded by it; 1000 catches a mistake. */
const maxQueries = 1000

/** Turns `?` into `$1`, `$2` …, once for each text. Strings, quoted names and comments stay as they are. */
export function createTranslation(): (query: string) => string {
  const known = new Map<string, string>()
  return (query) => {
    let text = known.get(query)
    if (text === undefined) {
      assert(known.size < maxQueries, 'queries are constants with arguments')
      known.set(query, (text = numberPlaceholders(query)))
    }
    return text
  }
}

export function numberPlaceholders(query: string): string {
  let count = 0
  return query.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\?/g, (part) => (part === '?' ? `$${++count}` : part))
}

export function encodeParameter(value: CallValue): Parameter {
  if (value === null) return null
  if (typeof value === 'string') return withoutNul(value)
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (Array.isArray(value)) return `{${value.map(encodeElement).join(',')}}`
  assert(typeof value === 'bigint' || Number.isFinite(value), 'a number that SQL can hold')
  return String(value)
}

function encodeElement(value: SqlValue): string {
  if (value === null) return 'NULL'
  if (value instanceof Uint8Array) return `"\\\\x${Buffer.from(value).toString('hex')}"`
  if (typeof value === 'string') return `"${withoutNul(value).replace(/["\\]/g, '\\$&')}"`
  return String(value)
}

/** PostgreSQL cannot hold U+0000 in text: what has one is equal to nothing there, and is not stored as it was meant. */
function withoutNul(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text
}

type Decode = (text: string) => SqlValue

const decoders: Readonly<Record<number, Decode>> = {
  16: (text) => (text === 't' ? 1 : 0),
  17: (text) => Buffer.from(text.slice(2), 'hex'),
  20: readInteger,
  21: Number,
  23: Number,
  26: Number,
  700: Number,
  701: Number,
  1700: Number,
}

/** By the object id of the column's type. `bytea_output` must be hex. */
export function decoderOf(type: number): Decode {
  return decoders[type] ?? asText
}

function readInteger(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}

function asText(text: string): string {
  return text
}
