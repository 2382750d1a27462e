// What every claim stands on: a fresh xpod with pods that anyone may write to, a bare server, a load generator, and how to
// write requests as bytes.

import assert from 'node:assert/strict'

import { LoadClient } from '../support/load-client.ts'
import { sendRaw } from '../support/load-raw.ts'
import { type Running, Scene } from '../support/load-scene.ts'
import type { Bare } from './bare.ts'
import { model, multiply } from './multiply.ts'
import { alternate, BareServer, Generator, type Measured, type Side } from './measure.ts'

export interface Row {
  readonly claim: string
  readonly figure: string
  readonly limit: string
  /** Figure against limit, the way round that the goal is written. */
  readonly ratio: number
  readonly goal: string
  readonly pass: boolean
}

export interface BenchOptions {
  readonly turns: number
  readonly durationMs: number
  /** Resources made before anything is measured, to see how cost grows. */
  readonly resources: number
  /** Bytes of the large upload. */
  readonly uploadBytes: number
}

export interface Claim {
  readonly name: string
  run(stage: Stage): Promise<Row[]>
}

export class Stage implements AsyncDisposable {
  readonly options: BenchOptions
  readonly scene: Scene
  readonly running: Running
  readonly pod: string
  readonly client: LoadClient
  readonly bare: BareServer
  readonly generator = new Generator()

  /** `env`: where it keeps things, when that is not its data directory. */
  static async open(options: BenchOptions, env: Readonly<Record<string, string>> = {}): Promise<Stage> {
    const scene = await Scene.open()
    // Room for every turn of the large upload.
    const args = ['--pod-quota', '100 GiB', '--pod-max-resources', '10000000']
    let running = await scene.start({ args, env })
    const pod = await scene.createPod('bench')
    if (options.resources > 0) {
      const headers = { 'content-type': 'text/turtle' }
      const client = new LoadClient(scene.baseUrl)
      const { status } = await client.send('PUT', `${pod}${model}`, { headers, body: turtle(4) })
      assert.equal(status, 201)
      client.close()
      await running.stop()
      multiply(scene, options.resources)
      running = await scene.start({ args, env })
    }
    return new Stage(options, { scene, running, pod, bare: await BareServer.start() })
  }

  constructor(options: BenchOptions, parts: { scene: Scene; running: Running; pod: string; bare: BareServer }) {
    this.options = options
    this.scene = parts.scene
    this.running = parts.running
    this.pod = parts.pod
    this.bare = parts.bare
    this.client = new LoadClient(this.scene.baseUrl)
  }

  get xpod(): Side {
    return { port: this.scene.port, pid: this.running.pid }
  }

  request(method: string, path: string, headers: Readonly<Record<string, string>> = {}, body = ''): Buffer {
    const length: Record<string, string> = method === 'GET' ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
    const lines = Object.entries({ Host: `localhost:${this.scene.port}`, ...headers, ...length })
    return Buffer.from(
      `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
    )
  }

  async put(path: string, mediaType: string, body: string | Buffer): Promise<void> {
    const { status, body: said } = await this.client.send('PUT', path, { headers: { 'content-type': mediaType }, body })
    assert.ok(status < 300, `PUT ${path}: ${status} ${said.toString()}`)
  }

  /** Resources in containers of a thousand, from 32 connections. */
  async fill(count: number, folder: string): Promise<void> {
    const clients = Array.from({ length: 32 }, () => new LoadClient(this.scene.baseUrl))
    let made = 0
    await Promise.all(
      clients.map(async (client) => {
        while (made < count) {
          const number = made++
          const path = `${folder}${Math.floor(number / 1000)}/r${number % 1000}.ttl`
          const headers = { 'content-type': 'text/turtle' }
          const { status } = await client.send('PUT', path, { headers, body: turtle(4, number) })
          if (status >= 300) throw new Error(`PUT ${path}: ${status}`)
        }
        client.close()
      }),
    )
  }

  /** The answer of xpod to this request, for the bare server to repeat: headers but those that node:http adds itself. */
  async likeXpod(request: Buffer): Promise<Bare> {
    const { text } = await sendRaw(
      this.scene.port,
      Buffer.from(request.toString('latin1').replace('\r\n', '\r\nConnection: close\r\n'), 'latin1'),
    )
    const end = text.indexOf('\r\n\r\n')
    const [first, ...lines] = text.slice(0, end).split('\r\n')
    const headers = lines
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const)
      .filter(([name]) => !/^(date|connection|keep-alive)$/i.test(name))
      .flat()
    return {
      kind: 'bytes',
      status: Number(first!.slice(9, 12)),
      headers,
      body: Buffer.from(text.slice(end + 4), 'latin1').toString('base64'),
    }
  }

  /** The same requests to xpod and to the bare server, in turns. */
  async against(
    bare: Bare,
    requests: readonly Buffer[],
    connections: number,
  ): Promise<[xpod: Measured, bare: Measured]> {
    await this.bare.serve(bare)
    const sides = [this.xpod, this.bare].map((side) => ({ side, requests, connections }))
    const [xpod, limit] = await alternate(this.generator, sides, this.options)
    return [xpod!, limit!]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close()
    this.generator[Symbol.dispose]()
    this.bare[Symbol.dispose]()
    await this.scene[Symbol.asyncDispose]()
  }
}

/** About 1 KiB for 16 triples. */
export function turtle(triples: number, seed = 0): string {
  const lines = Array.from(
    { length: triples },
    (_, number) => `<#it${number}> ex:holds "the ${number}th value of ${seed}", <../other/${seed}-${number}> .`,
  )
  return `@prefix ex: <http://example.org/ns#>.\n${lines.join('\n')}\n`
}

export function atLeast(claim: string, ratio: number, goal: number, texts: { figure: string; limit: string }): Row {
  return { claim, ...texts, ratio, goal: `≥ ${goal}`, pass: ratio >= goal }
}

export function atMost(claim: string, ratio: number, goal: number, texts: { figure: string; limit: string }): Row {
  return { claim, ...texts, ratio, goal: `≤ ${goal}`, pass: ratio <= goal }
}

export function perSecond(measured: Measured): string {
  return `${Math.round(measured.rate)}/s, ${(measured.cpu * 1e6).toFixed(0)} µs CPU, p99 ${measured.p99Ms.toFixed(1)} ms`
}
