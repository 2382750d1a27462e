// The JavaScript heap of a server that waits most of the time. V8 would take 32 MiB and more for what was made a moment ago,
// and keeps what a start or a burst of work has left behind for as long as nothing happens. Here the space for new objects
// stays small, and garbage is collected, with its memory given back, when there is nothing else to do. Work is not slowed:
// the old part of the heap grows as V8 likes it.

import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { MiB } from './bytes.ts'
import type { Clock } from './clock.ts'

/** Both halves of the space for new objects of the calling thread; less than twice as much is reached. */
const maxYoungBytes = 12 * MiB
const lookMs = 1000
/** Share of a second in which the thread did something. */
const idleShare = 0.05
/** Looks without work before a collection: a person between two clicks is not the end of work. */
const idleLooks = 2
/** A collection of a heap of this size takes a tenth of a second, for which a request may have to wait. */
const maxCollectedBytes = 192 * MiB
/** What work has to leave behind until it is worth the next one. */
const minGrowthBytes = 8 * MiB

type Collect = (how: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void

/** For the thread that serves; looks each second. */
export function tendHeap(clock: Clock): Disposable {
  const collect = collector()
  let before: EventLoopUtilization = performance.eventLoopUtilization()
  let mayGrow: boolean | undefined
  let idle = 0
  let collectedBytes = 0

  const look = (): void => {
    const wasAllowed = mayGrow
    mayGrow = youngBytes() < maxYoungBytes
    // Read by V8 at each collection.
    if (mayGrow !== wasAllowed) setFlagsFromString(`--semi-space-growth-factor=${mayGrow ? 2 : 1}`)
    const now = performance.eventLoopUtilization()
    idle = performance.eventLoopUtilization(now, before).utilization < idleShare ? idle + 1 : 0
    before = now
    const { heapTotal } = process.memoryUsage()
    if (idle < idleLooks || heapTotal > maxCollectedBytes || heapTotal - collectedBytes < minGrowthBytes) return
    collect({ type: 'major', flavor: 'last-resort' })
    collectedBytes = process.memoryUsage().heapTotal
  }
  look()
  return { [Symbol.dispose]: clock.every(lookMs, look) }
}

/** Node has it only behind a flag, which counts for contexts made afterwards. */
function collector(): Collect {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as Collect
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')?.space_size ?? 0
}
