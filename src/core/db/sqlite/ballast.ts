// A file of zeros whose deletion gives a full disk the room in which deletes, ACLs and sessions still commit. Filled beside
// the running server, in small writes, because a sparse file would reserve nothing.

import { existsSync, statSync, unlinkSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'

import { MiB } from '../../../base/bytes.ts'

export async function fillBallast(path: string, bytes: number): Promise<void> {
  if (existsSync(path) && statSync(path).size >= bytes) return
  const partial = `${path}.new`
  try {
    await writeZeros(partial, bytes)
  } catch (error) {
    // What could not be filled must not take the room that is left.
    await rm(partial, { force: true })
    throw error
  }
  await rename(partial, path)
}

async function writeZeros(path: string, bytes: number): Promise<void> {
  await using file = await open(path, 'w', 0o600)
  const zeros = Buffer.alloc(MiB)
  for (let at = 0; at < bytes; at += zeros.length) await file.write(zeros, 0, Math.min(zeros.length, bytes - at), at)
  await file.datasync()
}

/** True when the file was there. */
export function freeBallast(path: string): boolean {
  if (!existsSync(path)) return false
  unlinkSync(path)
  return true
}
