// What a power cut may leave of a directory: replays the log of fault-shim.c on the state before it and keeps only what was
// synced, plus a random part of the rest. Strict, as POSIX allows and disks do: the bytes of a file need a sync of the file,
// its name needs a sync of its directory, unsynced writes arrive in any subset and may be torn at 512 bytes, and unsynced
// names of one directory arrive in order up to some point.

import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

import type { Chance } from './load-writers.ts'

const sectorBytes = 512
const headerBytes = 32

export interface Change {
  /** W write, T truncate, S sync of a file, D of a directory, C create, M mkdir, R rename, L link, U unlink. */
  readonly op: string
  readonly path: string
  readonly inode: bigint
  readonly offset: number
  readonly rest: Buffer
}

interface Pending {
  readonly offset: number
  /** Undefined for a truncation to `offset`. */
  readonly bytes: Buffer | undefined
}

interface Content {
  durable: Buffer
  pending: Pending[]
}

type Name = Content | 'directory'
interface NameChange {
  readonly add?: readonly [path: string, name: Name]
  readonly remove?: string
}

/** Paths below one directory, with bytes, or `directory`. Sockets and shared-memory files are no part of it. */
export type Image = Map<string, Buffer | 'directory'>

export interface Disk {
  readonly image: Image
  readonly inodes: ReadonlyMap<bigint, string>
}

export function readDisk(folder: string): Disk {
  const image: Image = new Map([['', 'directory']])
  const inodes = new Map<bigint, string>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const name = relative(folder, path)
    if (isShared(name) || !(entry.isFile() || entry.isDirectory())) continue
    image.set(name, entry.isDirectory() ? 'directory' : readFileSync(path))
    inodes.set(statSync(path, { bigint: true }).ino, name)
  }
  return { image, inodes }
}

export function writeImage(image: Image, folder: string): void {
  for (const [name, bytes] of [...image].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (bytes === 'directory') mkdirSync(join(folder, name), { recursive: true })
    else writeFileSync(join(folder, name), bytes)
  }
}

/** The -shm file of SQLite is rebuilt from the WAL and promises nothing. */
function isShared(name: string): boolean {
  return name.endsWith('-shm')
}

/** Records of fault-shim.c; a last one that is cut short was never finished and is left out. */
export function readChanges(log: Buffer): Change[] {
  const changes: Change[] = []
  for (let at = 0; at + headerBytes <= log.length; ) {
    const pathEnd = at + headerBytes + log.readUInt32LE(at + 4)
    const end = pathEnd + log.readUInt32LE(at + 8)
    if (end > log.length) break
    changes.push({
      op: log.toString('latin1', at, at + 1),
      path: log.toString('utf8', at + headerBytes, pathEnd),
      inode: log.readBigUInt64LE(at + 16),
      offset: Number(log.readBigUInt64LE(at + 24)),
      rest: log.subarray(pathEnd, end),
    })
    at = end
  }
  return changes
}

/** Replays changes below `folder` and cuts the power after the last of them. */
export function cutPower(before: Disk, folder: string, changes: readonly Change[], chance: Chance): Image {
  const model = new Model(before)
  for (const change of changes) model.apply(change, folder)
  return model.cut(chance)
}

class Model {
  readonly #durableNames = new Map<string, Name>()
  readonly #names = new Map<string, Name>()
  readonly #pendingNames = new Map<string, NameChange[]>()
  readonly #inodes = new Map<bigint, Content>()

  constructor({ image, inodes }: Disk) {
    for (const [path, bytes] of image) {
      const name: Name = bytes === 'directory' ? bytes : { durable: bytes, pending: [] }
      this.#durableNames.set(path, name)
      this.#names.set(path, name)
    }
    for (const [inode, path] of inodes) {
      const name = this.#names.get(path)
      if (name !== undefined && name !== 'directory') this.#inodes.set(inode, name)
    }
  }

  apply(change: Change, folder: string): void {
    const path = relative(folder, change.path)
    if (isShared(path)) return
    const content = this.#inodes.get(change.inode)
    switch (change.op) {
      case 'W':
        content?.pending.push({ offset: change.offset, bytes: change.rest })
        return
      case 'T':
        content?.pending.push({ offset: change.offset, bytes: undefined })
        return
      case 'S':
        if (content !== undefined) settle(content)
        return
      case 'D':
        for (const one of this.#pendingNames.get(path) ?? []) this.#commit(one)
        this.#pendingNames.delete(path)
        return
      case 'C': {
        const made: Content = { durable: Buffer.alloc(0), pending: [] }
        this.#inodes.set(change.inode, made)
        return this.#rename({ add: [path, made] })
      }
      case 'M':
        return this.#rename({ add: [path, 'directory'] })
      case 'U':
        return this.#rename({ remove: path })
      default:
        return this.#moveOrLink(change.op, path, relative(folder, change.rest.toString()))
    }
  }

  #moveOrLink(op: string, from: string, to: string): void {
    const name = this.#names.get(from)
    if (name === undefined) throw new Error(`${op} of ${from}, which is not there`)
    this.#rename(op === 'L' ? { add: [to, name] } : { add: [to, name], remove: from })
  }

  #rename(change: NameChange): void {
    const folder = parent(change.add?.[0] ?? change.remove!)
    if (change.remove !== undefined) this.#names.delete(change.remove)
    if (change.add !== undefined) this.#names.set(...change.add)
    this.#pendingNames.set(folder, [...(this.#pendingNames.get(folder) ?? []), change])
  }

  #commit({ add, remove }: NameChange): void {
    if (remove !== undefined) this.#durableNames.delete(remove)
    if (add !== undefined) this.#durableNames.set(...add)
  }

  cut(chance: Chance): Image {
    for (const changes of this.#pendingNames.values()) {
      for (const one of changes.slice(0, Math.floor(chance() * (changes.length + 1)))) this.#commit(one)
    }
    const image: Image = new Map()
    for (const [path, name] of [...this.#durableNames].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (path !== '' && image.get(parent(path)) !== 'directory') continue
      image.set(path, name === 'directory' ? name : survivors(name, chance))
    }
    return image
  }
}

function parent(path: string): string {
  const folder = dirname(path)
  return folder === '.' ? '' : folder
}

function settle(content: Content): void {
  content.durable = written(content.durable, content.pending)
  content.pending = []
}

function written(bytes: Buffer, changes: readonly Pending[]): Buffer {
  const most = Math.max(bytes.length, ...changes.map((one) => one.offset + (one.bytes?.length ?? 0)))
  const result = Buffer.alloc(most)
  let size = bytes.copy(result)
  for (const { offset, bytes: more } of changes) {
    if (more === undefined && offset < size) result.fill(0, offset, size)
    more?.copy(result, offset)
    size = more === undefined ? offset : Math.max(size, offset + more.length)
  }
  return result.subarray(0, size)
}

/** The durable bytes with none, a prefix or any subset of the unsynced writes, the last of them perhaps torn. */
function survivors({ durable, pending }: Content, chance: Chance): Buffer {
  const mode = chance()
  if (mode < 0.3 || pending.length === 0) return durable
  const kept =
    mode < 0.7 ? pending.slice(0, Math.floor(chance() * (pending.length + 1))) : pending.filter(() => chance() < 0.5)
  const last = kept.at(-1)
  if (last?.bytes !== undefined && chance() < 0.5) {
    const sectors = Math.floor((chance() * last.bytes.length) / sectorBytes)
    kept[kept.length - 1] = { offset: last.offset, bytes: last.bytes.subarray(0, sectors * sectorBytes) }
  }
  return written(durable, kept)
}
