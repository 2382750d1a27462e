// Community Solid Server 7.2.0 beside xpod, under the same requests in turns. Installed below the cache folder of the checkout
// from peers/css/package.json; never part of the product's own dependencies.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { freePort } from '../support/free-port.ts'
import { root } from '../support/source-tree.ts'
import { until } from '../support/until.ts'
import { alternate, type Side } from './measure.ts'
import { atLeast, type BenchOptions, perSecond, type Row, Stage, turtle } from './stage.ts'

const cache = join(root, '.cache/peers/css')
const startTimeoutMs = 60_000
const connections = 16

class Peer implements AsyncDisposable, Side {
  readonly #child: ChildProcess
  readonly port: number

  static async start(folder: string): Promise<Peer> {
    const program = join(cache, 'node_modules/@solid/community-server/bin/server.js')
    if (!existsSync(program)) {
      mkdirSync(cache, { recursive: true })
      copyFileSync(join(root, 'test/bench/peers/css/package.json'), join(cache, 'package.json'))
      execFileSync('npm', ['install', '--no-audit', '--no-fund'], { cwd: cache, stdio: 'inherit' })
    }
    const port = await freePort()
    const config = ['-c', '@css:config/file-root.json', '-f', folder, '-l', 'warn', '-p', String(port)]
    const child = spawn(process.execPath, [program, ...config], { stdio: 'ignore', cwd: cache })
    const isUp = (): Promise<boolean> =>
      fetch(`http://localhost:${port}/`).then(
        () => true,
        () => false,
      )
    await until('CSS answers', isUp, startTimeoutMs)
    return new Peer(child, port)
  }

  constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  get pid(): number {
    return this.#child.pid!
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill()
    await once(this.#child, 'close')
  }
}

/** P1 and P3 against CSS; its file configuration gives everyone all rights at the root. */
export async function comparePeers(options: BenchOptions): Promise<Row[]> {
  await using stage = await Stage.open(options)
  await using peer = await Peer.start(stage.scene.path('css'))
  const request = (side: Side, method: string, path: string, body?: string): Buffer => {
    const text = stage
      .request(method, path, body === undefined ? {} : { 'Content-Type': 'text/turtle' }, body)
      .toString()
    return Buffer.from(text.replace(/Host: \S+/, `Host: localhost:${side.port}`))
  }
  const body = turtle(13)
  const rows: Row[] = []
  for (const [claim, method, goal] of [
    ['P1 public GET', 'GET', 200],
    ['P3 PUT 1 KiB Turtle', 'PUT', 50],
  ] as const) {
    const turns = [stage.xpod, peer].map((side) => {
      const folder = side === peer ? '/bench/' : stage.pod
      const paths = Array.from({ length: connections }, (_, number) => `${folder}r${number}.ttl`)
      const requests = paths.map((path) => request(side, method, path, method === 'PUT' ? body : undefined))
      return { side, requests, connections, paths }
    })
    for (const { side, paths } of turns) {
      for (const path of paths) {
        const url = `http://localhost:${side.port}${path}`
        const answer = await fetch(url, { method: 'PUT', headers: { 'content-type': 'text/turtle' }, body })
        if (!answer.ok) throw new Error(`PUT ${url}: ${answer.status}`)
      }
    }
    const [ours, theirs] = await alternate(stage.generator, turns, options)
    const texts = { figure: perSecond(ours!), limit: `CSS ${perSecond(theirs!)}` }
    rows.push(atLeast(`${claim}, against CSS 7.2.0`, ours!.rate / theirs!.rate, goal, texts))
  }
  return rows
}
