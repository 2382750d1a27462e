// What a test needs of its machine. On a user's machine an absent tool skips the test, by name; under XPOD_TEST_REQUIRE
// (a list such as "strace,mounts,postgres,s3", as in .ci/run) it is an error, so that nothing is skipped without notice there.
// Heavy loops take their count from `rounds`: small on a user's machine, as large as the environment says in CI.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const required = (process.env.XPOD_TEST_REQUIRE ?? '').split(',').filter((name) => name !== '')

/** For a test's `skip` option: false when it can run, else the reason. Throws when the need is a required one. */
export function lacks(need: string, isPresent: boolean): false | string {
  if (isPresent) return false
  if (required.includes(need)) throw new Error(`XPOD_TEST_REQUIRE names ${need}, and this machine lacks it`)
  return `SKIPPED: this machine lacks ${need}`
}

/** Whether a command can be run at all. */
export function canRun(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

export const isRoot = process.getuid?.() === 0

/** XPOD_TEST_ROUNDS_<NAME>, else the number for a user's machine. */
export function rounds(
  name:
    | 'CRASH'
    | 'RESTARTS'
    | 'FILLS'
    | 'POWER'
    | 'INJECT'
    | 'CONNECTIONS'
    | 'SUBSCRIBERS'
    | 'RACES'
    | 'ROWS'
    | 'BLOCKS',
  otherwise: number,
): number {
  const wish = process.env[`XPOD_TEST_ROUNDS_${name}`]
  return wish === undefined ? otherwise : Number(wish)
}

/** Node raises the soft limit to the hard one at its start. */
export function openFileLimit(): number {
  const limit = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
  return limit === null ? 1024 : Number(limit[1])
}
