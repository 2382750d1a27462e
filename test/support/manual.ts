// Man pages (mdoc) from the table of commands, the table of settings and the table of errors.

import { errorCodes } from '../../src/base/error-codes.ts'
import { commands, globalOptions } from '../../src/cli/commands.ts'
import { exitCodes } from '../../src/cli/help.ts'
import type { CommandRow, OptionRow } from '../../src/cli/invocation.ts'
import { english } from '../../src/cli/texts-en.ts'
import { environmentName, type Key, type KeyName, keyNames, keys } from '../../src/config/keys.ts'

/** File name → content. */
export function manualPages(): Map<string, string> {
  const pages = new Map([['xpod.1', mainPage()]])
  for (const row of commands) pages.set(`xpod-${row.name.replaceAll(' ', '-')}.1`, commandPage(row))
  return pages
}

function header(name: string, summary: string): string[] {
  return [
    '.\\" Made by npm run gen; do not edit.',
    '.Dd $Mdocdate$',
    `.Dt ${name.toUpperCase()} 1`,
    '.Os',
    '.Sh NAME',
    `.Nm ${name}`,
    `.Nd ${summary}`,
    '.Sh SYNOPSIS',
  ]
}

function mainPage(): string {
  const rows = commands.flatMap((row) => [
    `.It Xr xpod-${row.name.replaceAll(' ', '-')} 1`,
    sentence(english[row.summary]),
  ])
  return page([
    ...header('xpod', 'Solid pod server'),
    '.Nm xpod',
    '.Ar command',
    '.Op Ar options',
    '.Sh DESCRIPTION',
    english.summary,
    'Every command explains itself with',
    '.Fl Fl help .',
    '.Pp',
    'The commands are:',
    ...list(rows),
    '.Pp',
    'Every command takes:',
    ...list(globalOptions.flatMap(optionLines)),
    '.Sh ENVIRONMENT',
    ...list(keyNames.flatMap(environmentLines)),
    '.Sh EXIT STATUS',
    ...list(exitCodes.flatMap(([status, meaning]) => [`.It ${status}`, sentence(meaning)])),
    '.Sh DIAGNOSTICS',
    ...list(
      Object.entries(errorCodes).flatMap(([code, row]) => [`.It ${code} (${row.exit})`, `${row.title}.`, row.hint]),
    ),
    '.Sh SEE ALSO',
    '.Xr xpod-center 1',
  ])
}

function commandPage(row: CommandRow): string {
  const name = `xpod-${row.name.replaceAll(' ', '-')}`
  const options = [...(row.options ?? []).flatMap(optionLines), ...row.settings.flatMap(settingLines)]
  return page([
    ...header(name, english[row.summary]),
    `.Nm xpod ${row.name}`,
    ...(row.args ?? []).map(({ name, optional }) => (optional ? `.Op Ar ${name}` : `.Ar ${name}`)),
    ...(options.length === 0 ? [] : ['.Op Ar options']),
    '.Sh DESCRIPTION',
    sentence(english[row.summary]),
    ...(options.length === 0 ? [] : ['.Pp', 'The options are:', ...list(options)]),
    '.Sh EXAMPLES',
    ...row.examples.flatMap(([command, comment]) => [
      ...(comment === '' ? [] : [sentence(comment)]),
      '.Dl ' + escape(command),
    ]),
    '.Sh SEE ALSO',
    '.Xr xpod 1',
  ])
}

function optionLines(option: OptionRow): string[] {
  const short = option.short === undefined ? '' : `Fl ${option.short} , `
  const argument = option.placeholder === undefined ? '' : ` Ar ${option.placeholder}`
  const choices = option.choices === undefined ? '' : ` (${option.choices.join(', ')})`
  return [`.It ${short}Fl Fl ${option.name}${argument}`, sentence(`${english[option.help]}${choices}`)]
}

function settingLines(name: KeyName): string[] {
  const { type, default: standard = '', help } = keys[name]
  const argument = type.placeholder === '' ? '' : ` Ar ${type.placeholder}`
  return [
    `.It Fl Fl ${name}${argument}`,
    sentence(help),
    ...(standard === '' ? [] : [`The default is ${escape(standard)}.`]),
  ]
}

function environmentLines(name: KeyName): string[] {
  const { otherNames = [] }: Key<unknown> = keys[name]
  const lines = [`.It Ev ${environmentName(name)}`, `The same as --${name}.`]
  return otherNames.length === 0 ? lines : [...lines, `Also read as ${otherNames.join(', ')}.`]
}

function list(rows: readonly string[]): string[] {
  return rows.length === 0 ? [] : ['.Bl -tag -width Ds', ...rows, '.El']
}

function sentence(text: string): string {
  const whole = escape(text.charAt(0).toUpperCase() + text.slice(1))
  return whole.endsWith('.') ? whole : `${whole}.`
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\e').replace(/^([.'])/, '\\&$1')
}

function page(lines: readonly string[]): string {
  return `${lines.map((line) => (line.startsWith('.') ? line : line.replaceAll('--', '\\-\\-'))).join('\n')}\n`
}
