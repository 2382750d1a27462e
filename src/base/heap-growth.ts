// How fast the JavaScript heap grows. V8 would take 128 MiB for what was made a moment ago and let garbage pile up to three
// times what is in use, and gives little of it back; a server that waits most of the time has better use for that memory.
// These are flags that V8 reads at each collection, so they also hold for threads. Sizes could only be given on the command
// line. Costs a few collections more; nothing here limits what may be in use.

import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

import { MiB } from './bytes.ts'
import type { Clock } from './clock.ts'

/** Both halves of the space for new objects of the calling thread; less than twice as much is reached. */
const maxYoungBytes = 12 * MiB
const lookMs = 1000
/** The old part is collected when it has grown by so much. */
const oldGrowthPercent = 50

/** Until growHeap is called, the space for new objects stays as small as it is: what a start loads is there to stay. */
export function restrainHeap(): void {
  setYoungGrowth(1)
}

/** Lets the space for new objects double as work needs it, up to the bound. From now on the old part grows slowly as well. */
export function growHeap(clock: Clock): Disposable {
  setFlagsFromString(`--heap-growing-percent=${oldGrowthPercent}`)
  let mayGrow: boolean | undefined
  const look = (): void => {
    const wasAllowed = mayGrow
    mayGrow = youngBytes() < maxYoungBytes
    if (mayGrow !== wasAllowed) setYoungGrowth(mayGrow ? 2 : 1)
  }
  look()
  return { [Symbol.dispose]: clock.every(lookMs, look) }
}

function setYoungGrowth(factor: 1 | 2): void {
  setFlagsFromString(`--semi-space-growth-factor=${factor}`)
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')?.space_size ?? 0
}
