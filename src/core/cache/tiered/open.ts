// A disk cache in front of an object store whose keys are never reused: memory that the operating system gives to files, then
// the local disk, then the store. Written through, so nothing depends on it: whatever happens to the disk, the answer is
// that of the store, only slower. What it hands out has passed its checksum. Closing it closes the store behind it.

import { resolve } from 'node:path'

import { MiB } from '../../../base/bytes.ts'
import type { Clock } from '../../../base/clock.ts'
import type { Log } from '../../../base/log.ts'
import type { Metrics } from '../../../base/metrics.ts'
import type { ObjectStore } from '../../objects/object-store.ts'
import { type Block, Layout } from './block.ts'
import type { CacheSize, TieredObjects } from './contract.ts'
import { createCounts, largeBytes, stateNumber } from './counts.ts'
import { BlockFiles } from './disk/block-files.ts'
import { CacheDirectory, type HeldLock } from './disk/directory.ts'
import { type FileOperations, nodeFiles } from './disk/files.ts'
import { DiskGate } from './disk/gate.ts'
import { DiskHealth } from './disk/health.ts'
import { Flights, type FlightsParts } from './flights.ts'
import { Keeper } from './keeper.ts'
import { S3Fifo } from './policy/s3-fifo.ts'
import { Shadows } from './policy/shadows.ts'
import { Scrubber } from './scrubber.ts'
import { Shelf } from './shelf.ts'
import { TieredStore } from './store.ts'

export interface TieredOptions {
  /** Made when it is missing; everything lies below `v1` in it. */
  readonly path: string
  readonly maxSize: CacheSize
  /** Holds a file as long as this process lives; undefined when another process does. */
  readonly hold: (file: string) => HeldLock | undefined
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** Blocks on their way, together. */
  readonly memoryBytes?: number
  /** Each takes about half a KiB of memory. */
  readonly maxBlocks?: number
  /** Of the file system's bytes and inodes, left free. */
  readonly freeShare?: number
  readonly readDeadlineMs?: number
  readonly writeDeadlineMs?: number
  /** Tests only: smaller blocks, a disk that fails. */
  readonly blockBytes?: number
  readonly files?: FileOperations
}

const defaults = {
  memoryBytes: 64 * MiB,
  maxBlocks: 500_000,
  freeShare: 0.1,
  readDeadlineMs: 500,
  writeDeadlineMs: 5000,
  blockBytes: 4 * MiB,
  files: nodeFiles,
}
/** Of the four threads that file operations share with everything else. */
const places = 3

/** Throws CACHE_LOCKED. A directory that cannot be used is told in the log and tried again. */
export async function openTieredObjects(inner: ObjectStore, given: TieredOptions): Promise<TieredObjects> {
  const options = { ...defaults, ...given }
  const { clock, log, metrics, files, maxBlocks } = options
  const counts = createCounts(metrics)
  const health = new DiskHealth(clock, (state, reason) => {
    counts.diskState.set(stateNumber(state))
    log[state === 'normal' ? 'info' : 'warn']('cache.disk', { state, reason, path: options.path })
  })
  counts.diskState.set(stateNumber(health.state))
  const gate = new DiskGate({ ...options, health, places })
  const directory = new CacheDirectory({ path: resolve(options.path), files, gate, hold: options.hold })
  const blocks = new BlockFiles({ dir: directory.dir, files, gate })
  // Until the size of the file system is known, a share of it is nothing.
  const limitBytes = typeof options.maxSize === 'number' ? options.maxSize : 0
  const policy = new S3Fifo<Block>({
    limitBytes,
    largeBytes,
    onEvict: (queue) => counts.evictions[queue].add(),
    onGhostHit: () => counts.ghostHits.add(),
  })
  const shadows = new Shadows({ limitBytes, largeBytes, metrics })
  const layout = new Layout(options.blockBytes)
  const shelf = new Shelf({ layout, files: blocks, health, policy, shadows, counts, log, limitBytes, maxBlocks })
  const drop = async (key: string): Promise<void> => {
    flights.forget(key)
    await shelf.forget(key)
  }
  const onMismatch = (key: string): Promise<void> => {
    log.warn('cache.mismatch', { key })
    shelf.reject('mismatch')
    return drop(key)
  }
  const scrubber = new Scrubber({ shelf, gate, counts, clock, onMismatch })
  const onWhole: FlightsParts['onWhole'] = (key, sha256) => scrubber.suspect(key, sha256)
  const flights = new Flights({ inner, shelf, counts, clock, log, memoryBytes: options.memoryBytes, onWhole })
  const keeper = new Keeper({
    ...options,
    path: resolve(options.path),
    directory,
    blocks,
    gate,
    health,
    policy,
    shadows,
    scrubber,
    shelf,
  })
  metrics.gaugeFrom('xpod_cache_used_bytes', 'Room taken', () => shelf.space.usedBytes)
  metrics.gaugeFrom('xpod_cache_limit_bytes', 'Room that may be taken', () => shelf.space.limitBytes)
  await keeper.start()
  return new TieredStore({ inner, shelf, flights, counts, clock, keeper, drop, onMismatch })
}
