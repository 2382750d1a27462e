// What other policies would hit on the same requests: caches without content over a sample of one in 32 names, each with one
// 32nd of the room. Their hit ratios are metrics, so that real traffic decides which policy serves. The one that serves
// has a shadow too, because only samples compare with samples.

import type { Metrics } from '../../../../base/metrics.ts'
import { Lru } from './lru.ts'
import { S3Fifo } from './s3-fifo.ts'
import { Simulation } from './simulation.ts'
import { TinyLfu } from './tiny-lfu.ts'

/** One name in 2 to the power of this. */
const sampleBits = 5
/** Ratios are of about so many of the latest sampled requests. */
const memory = 10_000
const counters = 1 << 16

export interface ShadowOptions {
  readonly limitBytes: number
  readonly largeBytes: number
  readonly metrics: Metrics
}

export class Shadows {
  readonly #simulations: readonly Simulation[]
  readonly #hits: number[]
  #requests = 0

  constructor(options: ShadowOptions) {
    const limitBytes = sampled(options.limitBytes)
    const policies = [
      new S3Fifo({ limitBytes, largeBytes: options.largeBytes }),
      new Lru({ limitBytes }),
      new TinyLfu({ limitBytes, counters }),
    ]
    this.#simulations = policies.map((policy) => new Simulation(policy))
    this.#hits = policies.map(() => 0)
    for (const [index, { name }] of policies.entries()) {
      const read = (): number => (this.#requests === 0 ? 0 : this.#hits[index]! / this.#requests)
      options.metrics.gaugeFrom('xpod_cache_shadow_hit_ratio', 'Hits of each policy on a sample', read, {
        policy: name,
      })
    }
  }

  request(what: { readonly fingerprint: number; readonly group: string; readonly bytes: number }): void {
    // Other bits than those that tables use, mixed.
    if (Math.imul(what.fingerprint, 0x9e3779b1) >>> (32 - sampleBits) !== 0) return
    for (const [index, simulation] of this.#simulations.entries()) {
      if (simulation.request(what)) this.#hits[index]!++
    }
    if (++this.#requests < memory) return
    this.#requests /= 2
    for (const index of this.#hits.keys()) this.#hits[index]! /= 2
  }

  setLimit(bytes: number): void {
    for (const simulation of this.#simulations) {
      simulation.policy.limitBytes = sampled(bytes)
      simulation.fit(0)
    }
  }
}

function sampled(amount: number): number {
  return Math.floor(amount / 2 ** sampleBits)
}
