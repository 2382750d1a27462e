// One process per data directory. lock.db is held exclusively for the life of the process: the kernel frees it even at
// kill -9, so no stale lock is ever to be judged. The pid in lock.pid is only for the message. Network filesystems are
// refused, because their locks and syncs do not hold what this relies on.

import {
  accessSync,
  constants,
  existsSync,
  fsyncSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'

import { systemCode, XpodError } from '../../base/errors.ts'
import { holdExclusively } from './sqlite/lock-file.ts'

export interface DataDirectoryLock extends AsyncDisposable {
  /** Absolute. */
  readonly dir: string
}

/** f_type of statfs(2) → name. 9P is what a Windows drive looks like in WSL 2. */
const refusedFilesystems: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB2',
  0x5346414f: 'AFS',
  0x01021997: '9P',
}

/** Makes the directory when it is missing. Throws DATA_DIR_LOCKED naming the pid, DATA_DIR_UNUSABLE. */
export async function lockDataDirectory(dir: string): Promise<DataDirectoryLock> {
  const path = resolve(dir)
  try {
    makeDirectory(path)
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new XpodError('DATA_DIR_UNUSABLE', systemCode(error) ?? '', { cause: error })
  }
  const filesystem = refusedFilesystems[statfsSync(path).type]
  if (filesystem !== undefined)
    throw new XpodError('DATA_DIR_UNUSABLE', `it lies on a network filesystem (${filesystem})`)
  const pidFile = join(path, 'lock.pid')
  const held = holdExclusively(join(path, 'lock.db'))
  if (held === undefined) throw new XpodError('DATA_DIR_LOCKED', `process ${readPid(pidFile)} uses it`)
  writeFileSync(pidFile, `${process.pid}\n`)
  return { dir: path, [Symbol.asyncDispose]: async () => held.release() }
}

/**
 * 0700, each parent made and synced before what is below it (store rule 17). One that exists already may have been made by
 * a process that died before its sync, so its name is synced as well; not where the parent is another user's to read.
 */
function makeDirectory(path: string): void {
  const parent = dirname(path)
  if (existsSync(path)) return syncName(parent)
  if (parent !== path) makeDirectory(parent)
  mkdirSync(path, { mode: 0o700 })
  syncDirectory(parent)
}

function syncName(parent: string): void {
  try {
    syncDirectory(parent)
  } catch (error) {
    const code = systemCode(error)
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EINVAL' && code !== 'EROFS') throw error
  }
}

export function syncDirectory(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function readPid(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return '(unknown)'
    throw error
  }
}
