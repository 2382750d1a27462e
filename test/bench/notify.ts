// P9: notifications. What an idle subscription costs, how fast and how surely changes are told at a thousand a second, and what
// they cost a pod that nobody listens to: nothing that can be measured.

import { setTimeout as sleep } from 'node:timers/promises'

import { LoadClient } from '../support/load-client.ts'
import { sendAsAnybody, SocketListener, subscribe } from '../support/listening.ts'
import { type Running, Scene } from '../support/load-scene.ts'
import { alternate, residentMiB } from './measure.ts'
import { atLeast, type Claim, perSecond, type Row, type Stage, turtle } from './stage.ts'

const idle = 10_000
/** Connections before the first look at the memory. */
const warming = 100
const changesPerSecond = 1000
/** One topic in so many has a subscriber. */
const subscribedEvery = 20
const topics = 2000
const writers = 64
const connections = 16
const tickMs = 10
const text = { 'content-type': 'text/plain' }

/** `--quick` measures a twentieth. */
function scaled(stage: Stage, count: number): number {
  return stage.options.durationMs < 1000 ? Math.ceil(count / 20) : count
}

/** Fifty at a time. */
async function each<In, Out>(all: readonly In[], one: (given: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = []
  while (results.length < all.length) {
    results.push(...(await Promise.all(all.slice(results.length, results.length + 50).map(one))))
  }
  return results
}

function subscribeTo(pod: string, topics: readonly string[]): Promise<string[]> {
  return each(topics, async (topic) => (await subscribe(sendAsAnybody, { pod, topic })).receiveFrom)
}

function listenOn(addresses: readonly string[]): Promise<SocketListener[]> {
  return each(addresses, (address) => SocketListener.open(address))
}

/** A server with many idle subscriptions, started after they were made: what the open connections add is measured. */
class Listened implements AsyncDisposable {
  readonly scene: Scene
  readonly running: Running
  readonly pod: string
  readonly row: Row
  readonly #listeners: readonly SocketListener[]

  static async open(count: number): Promise<Listened> {
    const scene = await Scene.open()
    const first = await scene.start()
    const pod = new URL(await scene.createPod('listened'), scene.baseUrl).href
    const idling = Array.from({ length: count }, (_, index) => `${pod}idle/${index % topics}.txt`)
    const addresses = await subscribeTo(pod, idling)
    await first.stop()
    const running = await scene.start()
    const listeners = await listenOn(addresses.slice(0, warming))
    const before = residentMiB(running.pid)
    listeners.push(...(await listenOn(addresses.slice(warming))))
    const kibibytes = ((residentMiB(running.pid) - before) * 1024) / (count - warming)
    const claim = `P9 memory of an idle subscription, ${count} of them`
    const figure = `${kibibytes.toFixed(1)} KiB`
    const row = { claim, figure, limit: '', ratio: kibibytes, goal: '≤ 25 KiB', pass: kibibytes <= 25 }
    return new Listened({ scene, running, pod, row, listeners })
  }

  constructor(parts: Pick<Listened, 'scene' | 'running' | 'pod' | 'row'> & { listeners: readonly SocketListener[] }) {
    this.scene = parts.scene
    this.running = parts.running
    this.pod = parts.pod
    this.row = parts.row
    this.#listeners = parts.listeners
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#listeners) one[Symbol.dispose]()
    await this.scene[Symbol.asyncDispose]()
  }
}

interface Delivered {
  readonly sorted: readonly number[]
  readonly writes: number
  readonly lost: number
  readonly seconds: number
}

/** Writes at a steady rate, whatever the answers; how long after each write was sent its subscriber heard of it. */
async function deliver({ scene, pod }: Listened, durationMs: number): Promise<Delivered> {
  const urls = Array.from({ length: topics }, (_, index) => `${pod}live/${index}.txt`)
  const watched = urls.filter((_, index) => index % subscribedEvery === 0)
  const listeners = await listenOn(await subscribeTo(pod, watched))
  const sentMs = new Map<string, number[]>(watched.map((url) => [url, []]))
  const clients = Array.from({ length: writers }, () => new LoadClient(scene.baseUrl))
  const arrivals = listeners.map((listener) => arrivalsOf(listener))
  let writes = 0
  const write = async (client: LoadClient, url: string): Promise<void> => {
    sentMs.get(url)?.push(performance.now())
    const { status } = await client.send('PUT', url, { headers: text, body: `${writes}` })
    if (status >= 300) throw new Error(`PUT ${url}: ${status}`)
  }
  const running: Promise<void>[] = []
  const startMs = performance.now()
  const untilMs = startMs + durationMs
  while (performance.now() < untilMs) {
    while (writes < ((performance.now() - startMs) / 1000) * changesPerSecond) {
      running.push(write(clients[writes % writers]!, urls[(writes * 7) % topics]!))
      writes++
    }
    await sleep(tickMs)
  }
  await Promise.all(running)
  const seconds = (performance.now() - startMs) / 1000
  await sleep(1000)
  const delays: number[] = []
  let lost = 0
  for (const [index, url] of watched.entries()) {
    const sent = sentMs.get(url)!
    const heard = arrivals[index]!
    lost += Math.max(0, sent.length - heard.length)
    for (const [turn, atMs] of heard.entries()) if (turn < sent.length) delays.push(atMs - sent[turn]!)
  }
  for (const client of clients) client.close()
  for (const one of listeners) one[Symbol.dispose]()
  return { sorted: delays.toSorted((a, b) => a - b), writes, lost, seconds }
}

/** When messages arrived. */
function arrivalsOf(listener: SocketListener): number[] {
  const times: number[] = []
  listener.onText = () => void times.push(performance.now())
  return times
}

async function delivery(listened: Listened, durationMs: number): Promise<Row[]> {
  const { sorted, writes, lost, seconds } = await deliver(listened, durationMs)
  const p99Ms = sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN
  const figure = `${Math.round(writes / seconds)}/s, ${sorted.length} told`
  return [
    {
      claim: 'P9 1000 changes/s, 5 % of them subscribed: p99 from request to message',
      figure: `${figure}, p99 ${p99Ms.toFixed(1)} ms`,
      limit: '',
      ratio: p99Ms,
      goal: '< 250 ms',
      pass: p99Ms < 250,
    },
    { claim: 'P9 messages lost', figure: String(lost), limit: '', ratio: lost, goal: '0', pass: lost === 0 },
  ]
}

/** The same writes to a pod without subscribers, beside all those of another pod, and on a server that has none at all. */
async function withoutSubscribers(stage: Stage, { scene, running }: Listened): Promise<Row> {
  const path = await scene.createPod('quiet')
  await stage.scene.createPod('quiet')
  const requests = Array.from({ length: 500 }, (_, number) =>
    stage.request('PUT', `${path}p9/r${number}.ttl`, { 'Content-Type': 'text/turtle' }, turtle(13)),
  )
  const [beside, none] = await alternate(
    stage.generator,
    [
      { side: { port: scene.port, pid: running.pid }, requests: forPort(requests, stage, scene.port), connections },
      { side: stage.xpod, requests, connections },
    ],
    stage.options,
  )
  const claim = 'P9 PUT to a pod without subscribers, beside those of another pod, against none'
  const texts = { figure: perSecond(beside!), limit: perSecond(none!) }
  return atLeast(claim, beside!.rate / none!.rate, 0.95, texts)
}

/** The same requests to a server on another port. */
function forPort(requests: readonly Buffer[], { scene }: Stage, port: number): Buffer[] {
  const host = (of: number): string => `Host: localhost:${of}\r\n`
  return requests.map((one) => Buffer.from(one.toString('latin1').replace(host(scene.port), host(port)), 'latin1'))
}

const subscriptions: Claim = {
  name: 'P9',
  async run(stage) {
    const { durationMs, turns } = stage.options
    await using listened = await Listened.open(scaled(stage, idle))
    return [listened.row, ...(await delivery(listened, durationMs * turns)), await withoutSubscribers(stage, listened)]
  },
}

export const notifying: readonly Claim[] = [subscriptions]
