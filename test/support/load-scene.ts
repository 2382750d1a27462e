// A data directory that outlives its servers: `start` runs bin/xpod on it under one fixed base URL, as often as a test kills
// it. The pod of the scene is written to by anyone, so that writers need no tokens; its owner is a person of a test issuer.

import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { startIssuer } from './issuer.ts'
import { freePort } from './free-port.ts'
import { aclFor } from './solid-client-acl.ts'
import { root } from './source-tree.ts'
import { storeSettings } from './stores.ts'

const startTimeoutMs = 60_000

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
}

export interface Running {
  readonly pid: number
  /** Everything that it printed. */
  output(): string
  readonly exited: Promise<number | NodeJS.Signals>
  /** kill -9, and waits for the end. */
  kill(): Promise<void>
  /** SIGTERM; resolves to the exit status. */
  stop(): Promise<number | NodeJS.Signals>
}

export class Scene implements AsyncDisposable {
  dataDir: string
  readonly port: number
  readonly baseUrl: string
  readonly adminPort: number
  readonly #folder: string
  #running: Running | undefined

  static async open(folder?: string): Promise<Scene> {
    const made = folder ?? (await mkdtemp(join(tmpdir(), 'xpod-scene-')))
    return new Scene(made, await freePort(), await freePort())
  }

  constructor(folder: string, port: number, adminPort: number) {
    this.adminPort = adminPort
    this.#folder = folder
    this.dataDir = join(folder, 'data')
    this.port = port
    this.baseUrl = `http://localhost:${port}/`
  }

  /** A path of the scene for other files. */
  path(name: string): string {
    return join(this.#folder, name)
  }

  async start(options: StartOptions = {}): Promise<Running> {
    const env = { ...(await storeSettings(this.dataDir)), ...options.env }
    const running = run(this.#arguments(options.args ?? []), env)
    this.#running = running
    await ready(running, this.port)
    return running
  }

  #arguments(more: readonly string[]): string[] {
    const listen = [
      '--listen',
      `127.0.0.1:${this.port}`,
      '--base-url',
      this.baseUrl,
      '--admin-listen',
      `127.0.0.1:${this.adminPort}`,
    ]
    return ['center', '--data-dir', this.dataDir, ...listen, ...more]
  }

  /** A pod that anyone may write to; the server runs. Its path, with slashes. */
  async createPod(name: string): Promise<string> {
    await using issuer = await startIssuer()
    await this.command('pod', 'create', name, '--webid', issuer.webId('owner'))
    const owner = await issuer.login('owner')
    const pod = new URL(`${name}/`, this.baseUrl).href
    const acl = aclFor(pod, [{ who: 'public', modes: 'RWA' }], issuer.webId('owner'))
    const answer = await owner.fetch(`${pod}.acl`, {
      method: 'PUT',
      headers: { 'content-type': 'text/turtle' },
      body: acl,
    })
    assert.ok(answer.ok, `PUT of the root ACL: ${answer.status} ${await answer.text()}`)
    return new URL(pod).pathname
  }

  /** Runs another xpod command on the data directory; its standard output. */
  async command(...args: readonly string[]): Promise<string> {
    const program = join(root, 'bin/xpod')
    const env = { ...process.env, ...(await storeSettings(this.dataDir)) }
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args, '--data-dir', this.dataDir], {
      env,
    })
    return stdout
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

function run(args: readonly string[], env: Readonly<Record<string, string>>): Running {
  const child: ChildProcess = spawn(process.execPath, [join(root, 'bin/xpod'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let output = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exited = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals)
  const end = async (signal: NodeJS.Signals): Promise<number | NodeJS.Signals> => {
    child.kill(signal)
    return await exited
  }
  return {
    pid: child.pid!,
    output: () => output,
    exited,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
  }
}

/** Resolves when the server answers other than that it is starting; throws what it printed when it ends before. */
async function ready(running: Running, port: number): Promise<void> {
  const limit = AbortSignal.timeout(startTimeoutMs)
  let isOver = false
  void running.exited.then(() => (isOver = true))
  for (;;) {
    const isUp = await fetch(`http://localhost:${port}/`, { signal: limit }).then(
      (answer) => answer.status !== 503,
      () => false,
    )
    if (isUp) return
    if (isOver) throw new Error(`the server ended with ${await running.exited}: ${running.output()}`)
    if (limit.aborted) {
      await running.kill()
      throw new Error(`the server does not answer: ${running.output()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
}
