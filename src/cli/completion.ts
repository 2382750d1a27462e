// Completion of the command line: the shells ask the hidden `xpod __complete -- words…`, so that what they offer is what
// this version knows, names of pods and accounts of the running server included.

import { type Administration, connectControl } from '../center/control.ts'
import { isMany, type KeyName, keys } from '../config/keys.ts'
import { loadSettings } from '../config/load.ts'
import { commands, globalOptions } from './commands.ts'
import { completionScripts } from './completion-scripts.ts'
import { topicNames } from './help.ts'
import type { CommandRow } from './invocation.ts'

const maxNames = 200

/** What the last word can become; earlier words are taken as they are. */
export async function complete(words: readonly string[]): Promise<string[]> {
  const last = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  return (await candidates(before, last)).filter((word) => word.startsWith(last)).sort()
}

async function candidates(before: readonly string[], last: string): Promise<string[]> {
  if (before[0] === 'help')
    return [...nextWords(before.slice(1)), ...(before.length === 1 ? [...topicNames, 'topics'] : [])]
  const row = commands.findLast((one) => isPrefix(one.name.split(' '), before))
  if (row === undefined)
    return [...nextWords(before), ...(before.length === 0 ? ['help', '--help', '--version'] : ['--help'])]
  const values = valuesOf(row, before.at(-1) ?? '')
  if (values !== undefined) return values
  if (last.startsWith('-')) return optionNames(row).filter((name) => !before.includes(name) || isRepeatable(name))
  const given = before
    .slice(row.name.split(' ').length)
    .filter((word, index, words) => !word.startsWith('-') && valuesOf(row, words[index - 1] ?? '') === undefined)
  const arg = row.args?.[given.length]?.name
  if (arg === 'shell') return Object.keys(completionScripts)
  if (arg === 'name' && row.group === 'groupPods' && row.name !== 'pod create') return podNames(before)
  if (arg === 'account') return accountNames(before)
  if (arg === 'channel') return channelIds(before)
  return []
}

function isPrefix(prefix: readonly string[], words: readonly string[]): boolean {
  return prefix.every((word, index) => words[index] === word)
}

function nextWords(before: readonly string[]): string[] {
  const below = commands.map((row) => row.name.split(' ')).filter((words) => isPrefix(before, words))
  return [...new Set(below.flatMap((words) => words[before.length] ?? []))]
}

function optionNames(row: CommandRow): string[] {
  return [...(row.options ?? []), ...globalOptions]
    .map((option) => `--${option.name}`)
    .concat(row.settings.map((name) => `--${name}`))
}

function isRepeatable(option: string): boolean {
  const name = option.slice(2)
  return Object.hasOwn(keys, name) && isMany(name as KeyName)
}

/** Values of the option before, when it takes one of a few; [] when it takes any other value. */
function valuesOf(row: CommandRow, option: string): string[] | undefined {
  if (!option.startsWith('--')) return undefined
  const name = option.slice(2)
  const own = [...(row.options ?? []), ...globalOptions].find((one) => one.name === name)
  if (own !== undefined)
    return own.choices === undefined ? (own.placeholder === undefined ? undefined : []) : [...own.choices]
  if (!row.settings.includes(name as KeyName)) return undefined
  const { schema, placeholder } = keys[name as KeyName].type
  if (placeholder === '') return undefined
  return 'enum' in schema ? [...(schema.enum as readonly string[])] : []
}

async function podNames(before: readonly string[]): Promise<string[]> {
  const pods = (await running(before))?.pods
  return pods === undefined ? [] : (await pods.list(undefined, maxNames)).map((pod) => pod.name)
}

async function accountNames(before: readonly string[]): Promise<string[]> {
  const accounts = (await running(before))?.accounts
  return accounts === undefined ? [] : (await accounts.list({ limit: maxNames })).map(({ name, id }) => name ?? id)
}

async function channelIds(before: readonly string[]): Promise<string[]> {
  const notifications = (await running(before))?.notifications
  return notifications === undefined ? [] : (await notifications.list({ limit: maxNames })).map(({ id }) => id)
}

function running(before: readonly string[]): Promise<Administration | undefined> {
  const at = before.indexOf('--data-dir')
  const { settings } = loadSettings(at < 0 ? {} : { 'data-dir': before[at + 1] })
  return connectControl(settings['data-dir'])
}
