// Where settings come from, the only reader of the environment. Precedence: flag, XPOD_… (or a name kept from other
// software), --config FILE, config.d/*.json beside it, default. What is not understood is refused, and so is one setting
// under two names with different values: a server that starts with half a configuration is worse than one that does not.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

import { systemCode, XpodError } from '../base/errors.ts'
import { environmentName, isMany, type Key, type KeyName, keyNames, keys, type Settings } from './keys.ts'
import { nearest } from './nearest.ts'

export type Environment = Readonly<Record<string, string | undefined>>

interface Given {
  readonly text: string
  /** `--listen`, `XPOD_LISTEN`, `/etc/xpod.json`, `default`. */
  readonly origin: string
}

export interface LoadedSettings {
  readonly settings: Settings
  readonly given: Readonly<Record<KeyName, Given | undefined>>
}

/** Flags as the command line gave them, by long name; `config` is the file. */
export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/** Throws CONFIG_INVALID, CONFIG_CONFLICT. */
export function loadSettings(flags: Flags, env: Environment = process.env): LoadedSettings {
  const files = readFiles(typeof flags.config === 'string' ? flags.config : env.XPOD_CONFIG)
  refuseUnknownNames(env)
  const settings: Record<string, unknown> = {}
  const given: Record<string, Given | undefined> = {}
  for (const name of keyNames) {
    const found = fromFlag(name, flags) ?? fromEnvironment(name, env) ?? files.get(name) ?? fromDefault(name)
    given[name] = found
    settings[name] = found === undefined ? undefined : parse(name, found)
  }
  return { settings: Object.freeze(settings) as Settings, given: given as LoadedSettings['given'] }
}

function parse(name: KeyName, found: Given): unknown {
  try {
    return Object.freeze(keys[name].type.parse(found.text))
  } catch (cause) {
    const shown = masked(name, found.text)
    throw new XpodError(
      'CONFIG_INVALID',
      `${name} (${found.origin}) is ${shown || 'empty'}: ${(cause as Error).message}`,
    )
  }
}

function fromFlag(name: KeyName, flags: Flags): Given | undefined {
  const value = flags[name]
  if (value === undefined) return undefined
  return { text: Array.isArray(value) ? value.join(',') : String(value), origin: `--${name}` }
}

function fromEnvironment(name: KeyName, env: Environment): Given | undefined {
  const { otherNames = [], secret }: Key<unknown> = keys[name]
  const all: Given[] = []
  for (const variable of [environmentName(name), ...otherNames]) {
    const text = env[variable]
    if (text !== undefined) all.push({ text, origin: variable })
    if (secret !== undefined) all.push(...secretsOf(variable, name, env))
  }
  const [first, ...others] = all
  const other = others.find((one) => one.text !== first?.text)
  if (first !== undefined && other !== undefined) {
    throw new XpodError('CONFIG_CONFLICT', `${first.origin} and ${other.origin} give ${name} different values`)
  }
  return first
}

/** NAME_FILE, and a systemd credential of the key's name. */
function secretsOf(variable: string, name: KeyName, env: Environment): Given[] {
  const found: Given[] = []
  const file = env[`${variable}_FILE`]
  if (file !== undefined) found.push({ text: readText(file).trim(), origin: `${variable}_FILE` })
  const directory = env.CREDENTIALS_DIRECTORY
  if (directory === undefined || variable !== environmentName(name)) return found
  try {
    found.push({ text: readFileSync(join(directory, name), 'utf8').trim(), origin: `credential ${name}` })
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
  return found
}

function fromDefault(name: KeyName): Given | undefined {
  const text = keys[name].default
  return text === undefined ? undefined : { text, origin: 'default' }
}

/** The file and then config.d beside it; the file wins. */
function readFiles(file: string | undefined): Map<KeyName, Given> {
  const found = new Map<KeyName, Given>()
  if (file === undefined) return found
  const folder = join(dirname(resolve(file)), 'config.d')
  for (const one of [file, ...listJson(folder).toReversed()]) {
    for (const [name, text] of readConfig(one)) if (!found.has(name)) found.set(name, { text, origin: one })
  }
  return found
}

function listJson(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => join(folder, name))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw new XpodError('CONFIG_INVALID', `cannot read ${folder}`, { cause: error })
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new XpodError('CONFIG_INVALID', `cannot read ${file} (${systemCode(cause) ?? 'unknown'})`, { cause })
  }
}

function readConfig(file: string): [KeyName, string][] {
  let content: unknown
  try {
    content = JSON.parse(readText(file))
  } catch (cause) {
    if (cause instanceof XpodError) throw cause
    throw new XpodError('CONFIG_INVALID', `${file} is not JSON: ${(cause as Error).message}`, { cause })
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new XpodError('CONFIG_INVALID', `${file} is not a JSON object`)
  }
  return Object.entries(content)
    .filter(([name]) => name !== '$schema')
    .map(([name, value]) => [knownKey(name, file), textOf(name, value, file)])
}

function knownKey(name: string, file: string): KeyName {
  if (Object.hasOwn(keys, name)) return name as KeyName
  const close = nearest(name, keyNames)
  throw new XpodError(
    'CONFIG_INVALID',
    `${file} has the unknown key ${name}`,
    close === undefined ? {} : { hint: `Did you mean ${close}?` },
  )
}

function textOf(name: string, value: unknown, file: string): string {
  if (Array.isArray(value) && isMany(name as KeyName) && value.every((one) => typeof one === 'string')) {
    return value.join(',')
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new XpodError('CONFIG_INVALID', `${name} in ${file} is not a text, number or boolean`)
}

/** XPOD_ names that are no settings of the server. */
const otherVariables = ['XPOD_CONFIG', 'XPOD_VERSION', 'XPOD_COMMIT']

function refuseUnknownNames(env: Environment): void {
  const known = new Set(otherVariables)
  for (const name of keyNames) {
    known.add(environmentName(name))
    if ((keys[name] as Key<unknown>).secret !== undefined) known.add(`${environmentName(name)}_FILE`)
  }
  const unknown = Object.keys(env).find((name) => name.startsWith('XPOD_') && !known.has(name) && !isForTests(name))
  if (unknown === undefined) return
  const close = nearest(unknown, [...known])
  throw new XpodError(
    'CONFIG_INVALID',
    `the environment has the unknown name ${unknown}`,
    close === undefined ? {} : { hint: `Did you mean ${close}?` },
  )
}

function isForTests(name: string): boolean {
  return name.startsWith('XPOD_TEST_')
}

/** As it may be shown. */
export function masked(name: KeyName, text: string): string {
  const { secret }: Key<unknown> = keys[name]
  if (secret === undefined) return text
  if (secret === 'whole') return '***'
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/[^:/@\s]*):[^@\s]*@/i, '$1:***@')
}

/** What the terminal and the language of a person ask for. */
export interface Surroundings {
  readonly language: 'en' | 'zh-CN'
  /** Undefined: colour on a terminal. */
  readonly colour: boolean | undefined
  /** Lines on stderr go to the journal, which adds the time itself. */
  readonly journal: boolean
  readonly runtimeDir: string | undefined
  readonly unicode: boolean
}

export function readSurroundings(env: Environment = process.env): Surroundings {
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || ''
  return {
    language: /^zh\b|^zh_/i.test(locale) ? 'zh-CN' : 'en',
    colour: colourOf(env),
    journal: env.JOURNAL_STREAM !== undefined,
    runtimeDir: env.XDG_RUNTIME_DIR,
    unicode: locale === '' || /utf-?8/i.test(locale) || locale === 'C.UTF-8',
  }
}

/** https://no-color.org, https://bixense.com/clicolors, and the name that Node and chalk know. */
function colourOf(env: Environment): boolean | undefined {
  if (isSet(env.FORCE_COLOR)) return env.FORCE_COLOR !== '0'
  if (isSet(env.CLICOLOR_FORCE)) return env.CLICOLOR_FORCE !== '0'
  if (isSet(env.NO_COLOR) || env.TERM === 'dumb') return false
  return undefined
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== ''
}
