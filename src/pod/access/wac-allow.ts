// The WAC-Allow header (Web Access Control, Access Privileges).

import { append, control, type Modes, read } from './modes.ts'

const names: readonly (readonly [Modes, string])[] = [
  [read, 'read'],
  [4, 'write'],
  [append, 'append'],
  [control, 'control'],
]
const modesInAll = 16
const values: string[] = []

/** `user="read write append control",public="read"`. What the public may do, the user may do. */
export function wacAllow(user: Modes, everyone: Modes): string {
  const index = (user | everyone) * modesInAll + everyone
  return (values[index] ??= `user="${list(user | everyone)}",public="${list(everyone)}"`)
}

function list(modes: Modes): string {
  return names
    .filter(([bit]) => (modes & bit) !== 0)
    .map(([, name]) => name)
    .join(' ')
}
