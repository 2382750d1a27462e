// P12-policies: which policy keeps what will be asked for, on made-up traces of pods (400 pods; what is popular follows Zipf
// 0.9 and drifts; sizes from 64 KiB to 200 MB, read in blocks), with and without readers that go through whole pods, in
// a roomy and in a small cache. The same seed gives the same trace. A policy that loses here is no
// reason to change it: the traces are guesses. The shadows of a running server tell what its own requests are like.

import { fingerprintOf } from '../../src/core/cache/tiered/block.ts'
import { Lru } from '../../src/core/cache/tiered/policy/lru.ts'
import { S3Fifo } from '../../src/core/cache/tiered/policy/s3-fifo.ts'
import { Simulation } from '../../src/core/cache/tiered/policy/simulation.ts'
import { TinyLfu } from '../../src/core/cache/tiered/policy/tiny-lfu.ts'
import { atMost, type Claim, type Row } from './stage.ts'

const blockBytes = 4 << 20
const largeBytes = 256 << 10
const pods = 400
const objectsPerPod = 50

interface Request {
  readonly fingerprint: number
  readonly group: string
  readonly bytes: number
}

interface Shape {
  readonly name: string
  /** Of all requests, made by readers that go through a whole pod. */
  readonly scans: number
  /** Of all objects, how many change places in the order of favour in the course of a trace. */
  readonly drift: number
  /** Of the bytes of all objects. */
  readonly room: number
}

const shapes: readonly Shape[] = [
  { name: 'drift', scans: 0, drift: 0.2, room: 0.1 },
  { name: 'drift and scans', scans: 0.33, drift: 0.2, room: 0.1 },
  { name: 'nothing changes', scans: 0, drift: 0, room: 0.1 },
  { name: 'few blocks', scans: 0.1, drift: 0.2, room: 0.002 },
]

/** mulberry32 */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

class World {
  readonly sizes: number[]
  readonly totalBytes: number
  readonly #cumulated: number[] = []
  /** By rank. */
  readonly #objects: number[]
  readonly #draw: () => number

  constructor(seed: number) {
    const draw = numbers(seed)
    this.#draw = draw
    this.sizes = Array.from({ length: pods * objectsPerPod }, () =>
      Math.min(200e6, Math.floor(64_000 * Math.exp(draw() ** 3 * 8))),
    )
    this.totalBytes = this.sizes.reduce((sum, size) => sum + size, 0)
    // Favourites are spread over the pods.
    this.#objects = this.sizes.map((_, rank) => (rank * 7919) % this.sizes.length)
    let sum = 0
    for (let rank = 1; rank <= this.sizes.length; rank++) this.#cumulated.push((sum += rank ** -0.9))
  }

  /** Requests for blocks, one object after the other. */
  *trace(requests: number, { scans, drift }: Shape): Generator<Request> {
    for (let done = 0; done < requests; ) {
      if (this.#draw() * objectsPerPod < scans) {
        const pod = Math.floor(this.#draw() * pods)
        for (let index = 0; index < objectsPerPod; index++, done++) yield* this.#blocks(pod * objectsPerPod + index)
        continue
      }
      if (this.#draw() < (drift * this.sizes.length) / requests) this.#exchange()
      yield* this.#blocks(this.#objects[this.#rank()]!)
      done++
    }
  }

  /** One becomes a favourite as if it were asked for, another takes its place. */
  #exchange(): void {
    const rank = this.#rank()
    const other = Math.floor(this.#draw() * this.sizes.length)
    const object = this.#objects[rank]!
    this.#objects[rank] = this.#objects[other]!
    this.#objects[other] = object
  }

  *#blocks(object: number): Generator<Request> {
    const group = String(Math.floor(object / objectsPerPod))
    for (let left = this.sizes[object]!, number = 0; left > 0; left -= blockBytes, number++) {
      yield { fingerprint: fingerprintOf(`${group}/${object}`, number), group, bytes: Math.min(left, blockBytes) }
    }
  }

  #rank(): number {
    const at = this.#draw() * this.#cumulated.at(-1)!
    let low = 0
    let high = this.#cumulated.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#cumulated[middle]! < at) low = middle + 1
      else high = middle
    }
    return low
  }
}

function policiesOf(limitBytes: number) {
  return [
    new S3Fifo({ limitBytes, largeBytes }),
    new Lru({ limitBytes }),
    new TinyLfu({ limitBytes, counters: 1 << 20 }),
    // Without what we added, to see that it is worth it.
    new S3Fifo({ limitBytes }),
  ]
}

/** Misses of each policy among all requests for blocks, after a third of the trace to warm up. */
function misses(shape: Shape, requests: number): number[] {
  const world = new World(42)
  const simulations = policiesOf(world.totalBytes * shape.room).map((policy) => new Simulation(policy))
  const missed = simulations.map(() => 0)
  let counted = 0
  let seen = 0
  for (const request of world.trace(requests, shape)) {
    const counts = ++seen > requests / 3
    if (counts) counted++
    for (const [index, simulation] of simulations.entries()) {
      if (!simulation.request(request) && counts) missed[index]!++
    }
  }
  return missed.map((count) => count / counted)
}

export const policies: Claim = {
  name: 'P12-policies',
  run({ options }) {
    const requests = options.durationMs < 1000 ? 100_000 : 400_000
    return Promise.resolve(
      shapes.map((shape): Row => {
        const startMs = performance.now()
        const [own, lru, tinyLfu, plain] = misses(shape, requests).map((ratio) => ratio * 100)
        const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
        return atMost(`P12 misses, ${shape.name}: S3-FIFO against LRU`, own! / lru!, 1, {
          figure: `${own!.toFixed(1)} % (${seconds} s)`,
          limit: `LRU ${lru!.toFixed(1)}, W-TinyLFU ${tinyLfu!.toFixed(1)}, S3-FIFO without second request ${plain!.toFixed(1)} %`,
        })
      }),
    )
  },
}
