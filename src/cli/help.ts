// Help: usage, one sentence, examples first, then the commands by group and the options; global options last. Topics say
// what belongs to no single command. Made from the table of commands and the table of settings.

import { errorCodes } from '../base/error-codes.ts'
import { environmentName, type Key, type KeyName, keyNames, keys } from '../config/keys.ts'
import { commandGroups, commands, globalOptions } from './commands.ts'
import type { CommandRow, OptionRow } from './invocation.ts'
import { layoutTable, type Width } from './render.ts'
import type { Texts } from './texts.ts'

export const topicNames = ['environment', 'exit-codes', 'config', 'formatting'] as const
export type TopicName = (typeof topicNames)[number]

/** Help for the program or for a word that only groups commands, such as `pod`. */
export interface Words {
  readonly texts: Texts
  readonly width: Width
}

export function programHelp(words: Words, prefix: string): string {
  const { texts } = words
  const below = commands.filter((row) => prefix === '' || row.name.startsWith(`${prefix} `))
  const group = commandGroups[prefix]
  const examples = prefix === '' ? programExamples : below.slice(0, 3).map((row) => row.examples[0]!)
  const groups = [...new Set(below.map((row) => row.group))].flatMap((name) => [
    '',
    `${texts[name]}:`,
    ...indent(
      words.width,
      below.filter((row) => row.group === name).map((row) => [usageName(row), texts[row.summary]]),
    ),
  ])
  return [
    `${texts.usage} xpod ${prefix === '' ? '' : `${prefix} `}COMMAND`,
    '',
    group === undefined ? texts.summary : texts[group],
    ...exampleLines(words, examples),
    ...groups,
    '',
    texts.globalOptions,
    ...optionLines(
      words,
      prefix === '' ? [...globalOptions, { name: 'version', help: 'optionVersion' }] : globalOptions,
    ),
    '',
    `${texts.topics} ${topicNames.join(', ')}`,
    texts.moreHelp,
  ].join('\n')
}

const programExamples: CommandRow['examples'] = [
  ['xpod center', ''],
  ['xpod account create alice', ''],
  ['xpod pod list', ''],
]

export function commandHelp(words: Words, row: CommandRow): string {
  const { texts } = words
  const options = [
    ...(row.options ?? []).map((option) => optionCells(texts, option)),
    ...settingRows(texts, row.settings),
  ]
  return [
    `${texts.usage} xpod ${usageName(row)}${options.length > 0 ? ' [OPTIONS]' : ''}`,
    '',
    texts[row.summary],
    ...exampleLines(words, row.examples),
    ...(row.args === undefined
      ? []
      : [
          '',
          texts.arguments,
          ...indent(
            words.width,
            row.args.map((arg) => [arg.name, texts[arg.help]]),
          ),
        ]),
    ...(options.length === 0 ? [] : ['', texts.options, ...indent(words.width, options)]),
    '',
    texts.globalOptions,
    ...optionLines(words, globalOptions),
  ].join('\n')
}

function usageName(row: CommandRow): string {
  const args = (row.args ?? []).map(({ name, optional }) => (optional ? `[${name.toUpperCase()}]` : name.toUpperCase()))
  return [row.name, ...args].join(' ')
}

function optionUsage(option: OptionRow): string {
  const short = option.short === undefined ? '' : `-${option.short}, `
  return `${short}--${option.name}${option.placeholder === undefined ? '' : ` ${option.placeholder}`}`
}

function settingUsage(name: KeyName): string {
  const { placeholder } = keys[name].type
  return placeholder === '' ? `--${name}` : `--${name} ${placeholder}`
}

function optionCells(texts: Texts, option: OptionRow): string[] {
  const choices = option.choices === undefined ? '' : ` (${option.choices.join('|')})`
  return [optionUsage(option), `${texts[option.help]}${choices}`]
}

function optionLines({ texts, width }: Words, options: readonly OptionRow[]): string[] {
  return indent(
    width,
    options.map((option) => optionCells(texts, option)),
  )
}

function settingRows(texts: Texts, names: readonly KeyName[]): string[][] {
  return names.map((name) => {
    const standard = shownDefault(name)
    return [settingUsage(name), `${keys[name].help}${standard === '' ? '' : ` [${texts.standard}: ${standard}]`}`]
  })
}

/** '' when there is none worth showing. */
function shownDefault(name: KeyName): string {
  return keys[name].default ?? ''
}

function exampleLines({ texts, width }: Words, examples: CommandRow['examples']): string[] {
  const lines = indent(
    width,
    examples.map(([command, comment]) => [command, comment === '' ? '' : `# ${comment}`]),
  )
  return ['', texts.examples, ...lines]
}

function indent(width: Width, rows: readonly (readonly string[])[]): string[] {
  const head = (rows[0] ?? []).map(() => '')
  return layoutTable(rows, { head, showHead: false }, { width }).map((line) => `  ${line}`)
}

/** Topics are English. */
const asciiWidth: Width = (text) => text.length

export function topicHelp(topic: TopicName): string {
  return topics[topic]().join('\n')
}

export const exitCodes: readonly (readonly [string, string])[] = [
  ['0', 'done'],
  ['1', 'failed'],
  ['2', 'wrong usage, or a confirmation is missing'],
  ['3', 'not running, or running and not well'],
  ['4', 'needs a login, or is not allowed'],
  ['5', 'not found'],
  ['6', 'conflict'],
  ['74', 'input/output: the server stopped because it cannot know whether a change was stored'],
  ['75', 'try again later'],
  ['78', 'bad configuration'],
  ['130', 'interrupted'],
]

const topics: Readonly<Record<TopicName, () => string[]>> = {
  environment: () => [
    'Every setting can be given in the environment:',
    '',
    ...indent(
      asciiWidth,
      keyNames.map((name) => {
        const { otherNames = [], secret }: Key<unknown> = keys[name]
        const file = secret !== undefined ? [`${environmentName(name)}_FILE`] : []
        return [`--${name}`, [environmentName(name), ...otherNames, ...file].join(', ')]
      }),
    ),
    '',
    'Also read: XPOD_CONFIG (--config), LC_ALL and LANG (language), NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, TERM,',
    'XDG_RUNTIME_DIR (control socket when the data directory has a long path), CREDENTIALS_DIRECTORY (secrets).',
  ],
  'exit-codes': () => [
    'Exit status:',
    '',
    ...indent(asciiWidth, exitCodes),
    '',
    'Failures and their status:',
    '',
    ...indent(
      asciiWidth,
      Object.entries(errorCodes).map(([code, row]) => [code, String(row.exit), row.title]),
    ),
  ],
  config: () => [
    'A setting counts in this order: flag, environment, --config FILE, config.d/*.json beside that file (later names',
    'first), default. One setting under two names with different values is refused (78).',
    '',
    'The file is JSON; keys are the long flag names:',
    '',
    '  {',
    '    "base-url": "https://pods.example.org/",',
    '    "data-dir": "/srv/xpod",',
    '    "trust-proxy": ["127.0.0.1"]',
    '  }',
    '',
    'xpod config show --origin says what counts and where it comes from.',
  ],
  formatting: () => [
    'Results go to stdout, logs and failures to stderr. --json prints one document: sizes in bytes, times as RFC 3339,',
    'keys are added but never renamed. Tables are cut to the width of a terminal; --wide and --no-header change that.',
    'Colour: --color auto|always|never, NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, TERM=dumb.',
  ],
}
