// Builds fault-shim.c and hands it its orders: which call of which kind fails with what, and where the log goes.

import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'

import { root } from './source-tree.ts'

/** Bits of fault-shim.c. */
export const kinds = { write: 1, sync: 2, rename: 4, unlink: 8, create: 16, truncate: 32 } as const
export type CallKind = keyof typeof kinds
/** HANG: the call never returns. */
export type Fault = 'EIO' | 'ENOSPC' | 'HANG'

const wordBytes = 4
const words = 5
const countedWord = 3

/** Compiles the shim into a folder; the path of the library. */
export function buildShim(folder: string): string {
  const library = join(folder, 'fault-shim.so')
  const source = join(root, 'test/support/fault-shim.c')
  execFileSync('cc', ['-O2', '-fPIC', '-shared', '-o', library, source, '-ldl', '-lpthread'])
  return library
}

/** A page of memory shared with the shim through a file. */
export class FaultControl implements Disposable {
  readonly #file: string
  readonly #descriptor: number

  constructor(file: string) {
    this.#file = file
    writeFileSync(file, Buffer.alloc(4096))
    this.#descriptor = openSync(file, 'r+')
  }

  /** The nth call of this kind from now on fails; 0 only counts. */
  arm(kind: CallKind, nth: number, fault: Fault): void {
    this.#write([kinds[kind], nth, fault === 'HANG' ? -1 : constants.errno[fault], 0, 0])
  }

  /** Calls of the armed kind since `arm`. */
  counted(): number {
    return readFileSync(this.#file).readInt32LE(countedWord * wordBytes)
  }

  disarm(): void {
    this.#write([0])
  }

  #write(values: readonly number[]): void {
    const bytes = Buffer.alloc(Math.min(values.length, words) * wordBytes)
    for (const [index, value] of values.entries()) bytes.writeInt32LE(value, index * wordBytes)
    writeSync(this.#descriptor, bytes, 0, bytes.length, 0)
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor)
  }
}
