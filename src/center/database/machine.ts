// Which node this is, and where it runs, when the database is shared. The node goes with the data directory, so a copy of the
// directory is the same node; the place does not: it names the very directory, on this machine, since it was switched on.
// Two runs that have the lock of one place cannot both live.

import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

/** Linux only: another at each start of the machine, and no other machine's. */
const bootFile = '/proc/sys/kernel/random/boot_id'

/** Undefined before the first start. */
export function readMachine(dir: string): string | undefined {
  const path = fileIn(dir)
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined
}

export function nameMachine(dir: string, node: string): void {
  writeFileSync(fileIn(dir), `${node}\n`, { mode: 0o600, flush: true })
}

/** Of a directory that has its name, and is locked. */
export function placeOf(dir: string): string {
  const { dev, ino } = statSync(fileIn(dir))
  const boot = existsSync(bootFile) ? readFileSync(bootFile, 'utf8').trim() : ''
  return createHash('sha256').update(`${hostname()}\n${boot}\n${dev}\n${ino}`).digest('hex')
}

function fileIn(dir: string): string {
  return join(dir, 'node.id')
}
