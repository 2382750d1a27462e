// How a failure looks on a terminal: what, its code, the cause, what to try. One error, three lines, an exit status.

import { CommanderError } from 'commander'

import { toXpodError, XpodError } from '../base/errors.ts'
import type { Output } from './render.ts'
import { fill, type Texts } from './texts.ts'

/** Prints the failure and gives the exit status. Bugs show their stack: they are for us. */
export function complain(error: unknown, what: string, parts: { out: Output; texts: Texts }): number {
  const { out, texts } = parts
  const known = asXpodError(error, what)
  const style = out.errorStyle
  const subject = known.code === 'USAGE' && known.detail !== '' ? known.detail : fill(texts.failed, { command: what })
  out.complain(`${style.bold('xpod:')} ${subject} ${style.red(`(${known.code})`)}`)
  const cause = known.code === 'USAGE' ? '' : known.message
  const lines = [
    [texts.cause, cause],
    [texts.tryThis, known.hint],
  ].filter(([, text]) => text !== '')
  const width = Math.max(...[texts.cause, texts.tryThis].map((label) => label.length))
  for (const [label, text] of lines) out.complain(`  ${style.dim(label!.padEnd(width))}  ${text}`)
  if (known.code === 'INTERNAL' && known.cause instanceof Error) out.complain(known.cause.stack ?? known.cause.message)
  return known.exit
}

function asXpodError(error: unknown, what: string): XpodError {
  if (!(error instanceof CommanderError)) return toXpodError(error)
  const [message = '', suggestion = ''] = error.message.replace(/^error: /, '').split('\n')
  const hint = suggestion.replace(/^\(|\)$/g, '')
  return new XpodError('USAGE', message, { hint: hint === '' ? helpOn(what) : hint })
}

function helpOn(command: string): string {
  return command === 'xpod' ? 'xpod --help' : `xpod ${command} --help`
}
