// Fields of API calls: read by a schema, which a GET of the same address shows in the form that Community Solid Server gives
// it, so that programs can build forms of it.

import { XpodError } from '../../base/errors.ts'

interface Field<Type extends 'string' | 'boolean' | 'number'> {
  readonly type: Type
  readonly required: boolean
  readonly trim: boolean
}

export type Schema = Readonly<Record<string, Field<'string'> | Field<'boolean'> | Field<'number'>>>

/** Absent strings are "", absent booleans false, absent numbers undefined. */
export type Fields<S extends Schema> = {
  readonly [Name in keyof S]: S[Name]['type'] extends 'string'
    ? string
    : S[Name]['type'] extends 'boolean'
      ? boolean
      : number | undefined
}

export const text = { type: 'string', required: true, trim: true } as const
export const optionalText = { type: 'string', required: false, trim: true } as const
/** As typed. */
export const secret = { type: 'string', required: true, trim: false } as const
export const optionalSecret = { type: 'string', required: false, trim: false } as const
export const flag = { type: 'boolean', required: false, trim: false } as const
export const optionalNumber = { type: 'number', required: false, trim: false } as const

/** Throws FIELD_INVALID naming the first field that is not right. */
export function readFields<S extends Schema>(schema: S, json: unknown): Fields<S> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new XpodError('FIELD_INVALID', 'the body must be a JSON object')
  }
  const given = json as Readonly<Record<string, unknown>>
  const entries = Object.entries(schema).map(([name, field]) => {
    return [name, readField(name, field, Object.hasOwn(given, name) ? given[name] : undefined)] as const
  })
  return Object.fromEntries(entries) as Fields<S>
}

function readField(name: string, field: Schema[string], value: unknown): string | boolean | number | undefined {
  const read = { string: readString, boolean: readBoolean, number: readNumber }[field.type](name, value)
  const trimmed = typeof read === 'string' && field.trim ? read.trim() : read
  if (field.required && trimmed === '') throw new XpodError('FIELD_INVALID', `${name} is a required field`)
  return trimmed
}

function readString(name: string, value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new XpodError('FIELD_INVALID', `${name} must be a string`)
}

function readBoolean(name: string, value: unknown): boolean {
  if (value === undefined || value === null) return false
  if (typeof value === 'boolean') return value
  if (value === 'true' || value === 'false') return value === 'true'
  throw new XpodError('FIELD_INVALID', `${name} must be a boolean`)
}

function readNumber(name: string, value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new XpodError('FIELD_INVALID', `${name} must be a number`)
}

/** As Community Solid Server describes them. */
export function describeFields(schema: Schema): Readonly<Record<string, { required: boolean; type: string }>> {
  const entries = Object.entries(schema).map(([name, { required, type }]) => [name, { required, type }] as const)
  return Object.fromEntries(entries)
}
