// The few things the cache does with a file system, so that a test can put a failing, full or hanging disk in its place.
// Nothing here waits with a deadline or retries; that is the gate's work.

import { type FileHandle, mkdir, open, readdir, rename, stat, statfs, unlink } from 'node:fs/promises'

export interface OpenFile {
  /** Reads into the buffer; the count is short only at the end of the file. */
  read(buffer: Uint8Array, position: number): Promise<number>
  /** Writes the parts one after the other from the position on; the count is short when the disk is full. */
  write(parts: readonly Uint8Array[], position: number): Promise<number>
  close(): Promise<void>
}

export interface Room {
  readonly freeBytes: number
  readonly totalBytes: number
  readonly freeInodes: number
  /** 0 where the file system has no fixed number. */
  readonly totalInodes: number
}

export interface FileOperations {
  /** 'wx+' makes a file that must not be there yet, 'r+' opens one to write into. */
  open(path: string, flags: 'r' | 'r+' | 'wx+'): Promise<OpenFile>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /** With its parents; one that is there is fine. */
  makeDirectory(path: string): Promise<void>
  list(path: string): Promise<readonly string[]>
  room(path: string): Promise<Room>
  /** Number of the device on which it lies. */
  device(path: string): Promise<number>
}

export const nodeFiles: FileOperations = {
  open: async (path, flags) => openFile(await open(path, flags, 0o600)),
  rename,
  unlink,
  async makeDirectory(path) {
    await mkdir(path, { recursive: true, mode: 0o700 })
  },
  list: (path) => readdir(path),
  async room(path) {
    const { bavail, blocks, bsize, ffree, files } = await statfs(path)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, freeInodes: ffree, totalInodes: files }
  },
  device: async (path) => (await stat(path)).dev,
}

function openFile(handle: FileHandle): OpenFile {
  return {
    async read(buffer, position) {
      let at = 0
      while (at < buffer.length) {
        const { bytesRead } = await handle.read(buffer, at, buffer.length - at, position + at)
        if (bytesRead === 0) break
        at += bytesRead
      }
      return at
    },
    write: async (parts, position) => (await handle.writev(parts, position)).bytesWritten,
    close: () => handle.close(),
  }
}
