// Flags of single commands that are more than text.

import { XpodError } from '../../base/errors.ts'
import type { Flags } from '../../config/load.ts'
import { count, duration, type SettingType } from '../../config/types.ts'

/** At least 1. Throws USAGE. */
export function countFlag(flags: Flags, name: string): number | undefined {
  return atLeastOne(flags, name, count)
}

/** Milliseconds, more than none. Throws USAGE. */
export function durationFlag(flags: Flags, name: string): number | undefined {
  return atLeastOne(flags, name, duration)
}

function atLeastOne(flags: Flags, name: string, type: SettingType<number>): number | undefined {
  const text = flags[name]
  if (typeof text !== 'string') return undefined
  try {
    const value = type.parse(text)
    if (value < 1) throw new Error('write more than 0')
    return value
  } catch (cause) {
    throw new XpodError('USAGE', `--${name} ${text}: ${(cause as Error).message}`, { cause })
  }
}
