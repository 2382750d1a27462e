// How a claim is measured: two servers take turns under the same load in the same minute, and the middle of each side's rates
// is compared. CPU is what the process of the server used, from /proc.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import type { Bare } from './bare.ts'
import type { Load, Plan } from './generator.ts'

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const ticksPerSecond = 100

export interface Side {
  readonly port: number
  readonly pid: number
}

export interface Measured {
  /** Answers a second, the middle of all turns. */
  readonly rate: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Seconds of CPU of the server for each answer. */
  readonly cpu: number
}

export class Generator implements Disposable {
  readonly #child: ChildProcess = fork(here('./generator.ts'))

  async run(plan: Plan): Promise<Load> {
    this.#child.send(plan)
    const [load] = (await once(this.#child, 'message')) as [Load]
    if (load.failures > 0) throw new Error(`${load.failures} requests failed: ${load.failure.slice(0, 300)}`)
    return load
  }

  [Symbol.dispose](): void {
    this.#child.kill()
  }
}

export class BareServer implements Disposable, Side {
  readonly #child: ChildProcess
  readonly port: number

  static async start(): Promise<BareServer> {
    const child = fork(here('./bare.ts'))
    const [port] = (await once(child, 'message')) as [number]
    return new BareServer(child, port)
  }

  constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  get pid(): number {
    return this.#child.pid!
  }

  async serve(bare: Bare): Promise<void> {
    this.#child.send(bare)
    await once(this.#child, 'message')
  }

  [Symbol.dispose](): void {
    this.#child.kill()
  }
}

/** Seconds of CPU that a process has used, all threads. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

export function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
}

/** Longer than a server takes to find out that it has nothing to do. */
export function idle(): Promise<void> {
  return delay(4000)
}

export function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

export interface Turn {
  readonly side: Side
  readonly requests: readonly Buffer[]
  readonly connections: number
}

/** Every side gets `turns` turns of `durationMs`, one side after the other, after one short turn to warm up. */
export async function alternate(
  generator: Generator,
  sides: readonly Turn[],
  options: { readonly turns: number; readonly durationMs: number },
): Promise<Measured[]> {
  const results = sides.map(() => [] as Measured[])
  for (let turn = -1; turn < options.turns; turn++) {
    for (const [index, { side, requests, connections }] of sides.entries()) {
      const before = cpuSeconds(side.pid)
      const load = await generator.run({
        port: side.port,
        connections,
        durationMs: turn < 0 ? options.durationMs / 3 : options.durationMs,
        requests: requests.map((request) => request.toString('base64')),
        once: false,
      })
      const cpu = (cpuSeconds(side.pid) - before) / load.answers
      if (turn >= 0) results[index]!.push({ ...load, rate: load.answers / load.seconds, cpu })
    }
  }
  return results.map((measured) => ({
    rate: middle(measured.map((one) => one.rate)),
    p50Ms: middle(measured.map((one) => one.p50Ms)),
    p99Ms: middle(measured.map((one) => one.p99Ms)),
    cpu: middle(measured.map((one) => one.cpu)),
  }))
}
