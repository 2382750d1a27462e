// What a command gets, and the shape of the rows that commands are described by.

import type { Flags, LoadedSettings, Surroundings } from '../config/load.ts'
import type { KeyName } from '../config/keys.ts'
import type { Output } from './render.ts'
import type { Texts } from './texts.ts'

export interface Invocation {
  readonly out: Output
  readonly texts: Texts
  readonly surroundings: Surroundings
  /** By long name, without dashes. */
  readonly flags: Flags
  readonly args: readonly string[]
  /** Aborts at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal
  readonly loadSettings: () => LoadedSettings
}

/** Resolves with the exit status. */
type Run = (call: Invocation) => Promise<number>

export interface OptionRow {
  readonly name: string
  readonly short?: string
  /** Shown after the name; undefined for a switch. */
  readonly placeholder?: string
  readonly help: keyof Texts
  readonly choices?: readonly string[]
}

export interface CommandRow {
  /** `pod quota set`. */
  readonly name: string
  readonly group: 'groupRun' | 'groupPods' | 'groupAccounts' | 'groupDiagnose'
  readonly summary: keyof Texts
  readonly examples: readonly (readonly [command: string, comment: string])[]
  readonly args?: readonly { readonly name: string; readonly help: keyof Texts; readonly optional?: boolean }[]
  readonly options?: readonly OptionRow[]
  /** Settings that may be given as flags. */
  readonly settings: readonly KeyName[]
  /** Finishes what it does after the first signal; others are left at once. */
  readonly drains?: boolean
  readonly load: () => Promise<Run>
}
