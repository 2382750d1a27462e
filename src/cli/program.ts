// From arguments to a command: builds the parser from the table of commands, reads what concerns the terminal, runs the
// command and turns whatever it throws into three lines and an exit status. Knows no command by name but help.

import { Command, Option } from 'commander'

import { XpodError } from '../base/errors.ts'
import { isMany, type Key, type KeyName, keys } from '../config/keys.ts'
import { type Flags, loadSettings, readSurroundings } from '../config/load.ts'
import { nearest } from '../config/nearest.ts'
import { commandGroups, commands, globalOptions } from './commands.ts'
import { complain } from './failure.ts'
import { commandHelp, programHelp, type TopicName, topicHelp, topicNames, type Words } from './help.ts'
import type { CommandRow, Invocation, OptionRow } from './invocation.ts'
import { type ColourChoice, createOutput, type Output, widthFor } from './render.ts'
import { fill, type Texts } from './texts.ts'
import { chinese } from './texts-zh.ts'
import { english } from './texts-en.ts'
import { ownVersion } from './version.ts'

const interrupted = 130

/** Resolves with the exit status; never rejects. */
export async function runProgram(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const surroundings = readSurroundings()
  const texts = surroundings.language === 'zh-CN' ? chinese : english
  const out = createOutput(colourChoice(argv), surroundings.colour)
  const parts = { out, texts }
  let what = commandIn(argv)
  try {
    if (argv[0] === '__complete') {
      const { complete } = await import('./completion.ts')
      for (const word of await complete(argv.slice(argv[1] === '--' ? 2 : 1))) out.print(word)
      return 0
    }
    const help = await helpFor(argv, texts)
    if (help !== undefined) return printHelp(help, out)
    const { row, flags, args } = parse(argv)
    what = row.name
    const run = await row.load()
    const call: Invocation = { ...parts, surroundings, flags, args, signal, loadSettings: () => loadSettings(flags) }
    const running = run(call)
    return await (row.drains === true ? running : Promise.race([running, interruption(signal)]))
  } catch (error) {
    return complain(error, what, parts)
  }
}

/** The command that the first words name, whatever is wrong with the rest. */
function commandIn(argv: readonly string[]): string {
  const words = leadingWords(argv).join(' ')
  return commands.findLast(({ name }) => words === name || words.startsWith(`${name} `))?.name ?? 'xpod'
}

function interruption(signal: AbortSignal): Promise<number> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(interrupted), { once: true })
  })
}

function colourChoice(argv: readonly string[]): ColourChoice {
  const at = argv.findIndex((word) => word === '--color' || word.startsWith('--color='))
  const value = argv[at]?.includes('=') ? argv[at]!.slice('--color='.length) : argv[at + 1]
  return at >= 0 && (value === 'always' || value === 'never') ? value : 'auto'
}

interface Parsed {
  readonly row: CommandRow
  readonly flags: Flags
  readonly args: readonly string[]
}

function parse(argv: readonly string[]): Parsed {
  let parsed: Parsed | undefined
  const program = quiet(new Command('xpod'))
  const groups = new Map<string, Command>([['', program]])
  for (const row of commands) {
    const words = row.name.split(' ')
    const parent = groupCommand(groups, words.slice(0, -1))
    const command = quiet(parent.command(words.at(-1)!))
    for (const arg of row.args ?? []) command.argument(arg.optional ? `[${arg.name}]` : `<${arg.name}>`)
    const names: string[] = []
    for (const option of [...(row.options ?? []), ...globalOptions]) {
      if (option.name === 'help') continue
      command.addOption(optionOf(option))
      names.push(option.name)
    }
    for (const name of row.settings) command.addOption(settingOption(name))
    for (const flag of row.settings.flatMap(otherFlags)) command.addOption(new Option(`--${flag} <VALUE>`))
    command.action(() => {
      parsed = { row, flags: flagsOf(command), args: command.args }
    })
  }
  program.parse(argv, { from: 'user' })
  if (parsed === undefined) throw new XpodError('USAGE', 'a command is missing')
  return parsed
}

function groupCommand(groups: Map<string, Command>, words: readonly string[]): Command {
  const name = words.join(' ')
  const known = groups.get(name)
  if (known !== undefined) return known
  const made = quiet(groupCommand(groups, words.slice(0, -1)).command(words.at(-1)!))
  groups.set(name, made)
  return made
}

/** Commander throws instead of printing and leaving; printing is done in one place. */
function quiet(command: Command): Command {
  return command
    .exitOverride()
    .helpOption(false)
    .helpCommand(false)
    .allowExcessArguments(false)
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
}

function optionOf(row: OptionRow): Option {
  const short = row.short === undefined ? '' : `-${row.short}, `
  const option = new Option(`${short}--${row.name}${row.placeholder === undefined ? '' : ` <${row.placeholder}>`}`)
  return row.choices === undefined ? option : option.choices(row.choices)
}

function settingOption(name: KeyName): Option {
  const { placeholder } = keys[name].type
  if (placeholder === '') return new Option(`--${name} [BOOLEAN]`).preset('true')
  const option = new Option(`--${name} <${placeholder}>`)
  if (!isMany(name)) return option
  return option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
}

/** Commander takes `--cachePath` and `--cache-path` for one option; help and completion know only the second. */
function otherFlags(name: KeyName): readonly string[] {
  const { otherFlags = [] }: Key<unknown> = keys[name]
  return otherFlags
}

/** By long names, so that they are the names of settings. */
function flagsOf(command: Command): Flags {
  const values = command.opts<Record<string, string | boolean | readonly string[] | undefined>>()
  const flags: Record<string, string | boolean | readonly string[] | undefined> = {}
  for (const option of command.options) {
    const value = values[option.attributeName()]
    flags[option.long!.slice(2)] = option.negate ? (value === false ? true : undefined) : value
  }
  return flags
}

interface Help {
  readonly text: string
  /** For a group without a command: help is what is missing, not what was asked for. */
  readonly exit: number
}

function printHelp(help: Help, out: Output): number {
  if (help.exit === 0) out.print(help.text)
  else out.complain(help.text)
  return help.exit
}

/** Help in all its spellings: xpod, xpod help X, xpod X --help, xpod --version. Undefined when a command is to be run. */
async function helpFor(argv: readonly string[], texts: Texts): Promise<Help | undefined> {
  const words = leadingWords(argv)
  const inWords: Words = { texts, width: await widthFor(Object.values(texts)) }
  const asksHelp = argv.some((word) => word === '--help' || word === '-h')
  if (argv[0] === '--version' || argv[0] === '-V') return { text: ownVersion(), exit: 0 }
  if (words.length === 0 && argv.every((word) => !word.startsWith('-') || word === '--help' || word === '-h')) {
    return { text: programHelp(inWords, ''), exit: 0 }
  }
  if (words[0] === 'help') return { text: helpOn(words.slice(1), inWords), exit: 0 }
  const name = words.join(' ')
  if (asksHelp) return { text: helpOn(words, inWords), exit: 0 }
  if (Object.hasOwn(commandGroups, name)) return { text: programHelp(inWords, name), exit: 2 }
  return undefined
}

function leadingWords(argv: readonly string[]): string[] {
  const end = argv.findIndex((word) => word.startsWith('-'))
  return argv.slice(0, end < 0 ? undefined : end)
}

function helpOn(words: readonly string[], inWords: Words): string {
  const { texts } = inWords
  const name = words.join(' ')
  if (name === '' || name === 'help') return programHelp(inWords, '')
  if (name === 'topics') return `${texts.topics}\n${topicNames.map((topic) => `  xpod help ${topic}`).join('\n')}`
  const row = commands.findLast((one) => name === one.name || name.startsWith(`${one.name} `))
  if (row !== undefined) return commandHelp(inWords, row)
  if (Object.hasOwn(commandGroups, name)) return programHelp(inWords, name)
  if (topicNames.includes(name as TopicName)) return topicHelp(name as TopicName)
  const close = nearest(name, [...commands.map((one) => one.name), ...Object.keys(commandGroups), ...topicNames])
  const hint = close === undefined ? 'xpod help topics' : fill(texts.didYouMean, { name: close })
  throw new XpodError('USAGE', `there is no help on '${name}'`, { hint })
}
