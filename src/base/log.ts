// One event per line: a dotted noun and camelCase fields with units. No sentences, no secrets, no bodies.
// JSON lines off a terminal, short text on one, logfmt by choice; under the journal a <n> priority and no time stamp.

import type { Clock } from './clock.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFormat = 'json' | 'logfmt' | 'text'
export type LogFields = Readonly<Record<string, unknown>>

export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
  /** True when lines of this level are written; guards fields that are dear to compute. */
  enabled(level: LogLevel): boolean
  setLevel(level: LogLevel): void
}

export interface LogOptions {
  readonly level: LogLevel
  readonly format: LogFormat
  readonly clock: Clock
  /** Takes one whole line with its line feed. */
  readonly write: (line: string) => void
  /** Prefix lines with the journal's <n> priority and leave the time out. */
  readonly journal?: boolean
}

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']
const priorities: Record<LogLevel, number> = { debug: 7, info: 6, warn: 4, error: 3 }

export function createLog(options: LogOptions): Log {
  let least = levels.indexOf(options.level)
  const write = (level: LogLevel, event: string, fields: LogFields = {}): void => {
    if (levels.indexOf(level) < least) return
    const ts = options.journal ? undefined : new Date(options.clock.nowMs()).toISOString()
    const prefix = options.journal ? `<${priorities[level]}>` : ''
    options.write(`${prefix}${formats[options.format](ts, level, event, fields)}\n`)
  }
  return {
    debug: (event, fields) => write('debug', event, fields),
    info: (event, fields) => write('info', event, fields),
    warn: (event, fields) => write('warn', event, fields),
    error: (event, fields) => write('error', event, fields),
    enabled: (level) => levels.indexOf(level) >= least,
    setLevel: (level) => {
      least = levels.indexOf(level)
    },
  }
}

/** A log that drops everything. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  enabled: () => false,
  setLevel: () => {},
}

type Format = (ts: string | undefined, level: LogLevel, event: string, fields: LogFields) => string

const formats: Record<LogFormat, Format> = {
  json: (ts, level, event, fields) =>
    JSON.stringify({ ...(ts === undefined ? {} : { ts }), level, msg: event, ...fields }, replaceErrors),
  logfmt: (ts, level, event, fields) => pairs({ ...(ts === undefined ? {} : { ts }), level, msg: event, ...fields }),
  text: (ts, level, event, fields) =>
    `${ts === undefined ? '' : `${ts.slice(11, 19)} `}${level.padEnd(5)} ${event} ${pairs(fields)}`.trimEnd(),
}

function pairs(fields: LogFields): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${logfmtValue(value)}`)
    .join(' ')
}

function logfmtValue(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = typeof value === 'string' ? value : (JSON.stringify(value, replaceErrors) ?? 'null')
  return /^[\w./:@+-]+$/.test(text) ? text : JSON.stringify(text)
}

/** Errors become their name, message, code and the chain of causes; stacks only where there is no code (bugs). */
function replaceErrors(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (!(value instanceof Error)) return value
  const code = 'code' in value ? value.code : undefined
  return {
    name: value.name,
    message: value.message,
    ...(code === undefined ? { stack: value.stack } : { code }),
    ...(value.cause === undefined ? {} : { cause: value.cause }),
  }
}
