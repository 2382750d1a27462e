// A foreign server as a child process of a test: it dies with the test, whichever way that ends, because the kernel sends
// it a signal when its parent is gone. Servers that refuse to be root run as nobody when the tests are root.
// Knows nothing of what the server does; whoever starts it waits until it answers.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'

import { isRoot } from './needs.ts'

export interface ChildServerOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** PostgreSQL and PgBouncer refuse to be root; give them their files with giveToServer. */
  readonly refusesRoot?: boolean
  /** What the kernel sends it when the test dies; SIGKILL unless it has something to clean up. */
  readonly deathSignal?: 'KILL' | 'QUIT'
}

export interface ChildServer {
  readonly pid: number
  /** Everything it wrote, the newest 64 Ki characters. */
  output(): string
  isRunning(): boolean
  /** Sends the signal and waits for the end; nothing when it has ended. */
  end(signal: NodeJS.Signals): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** It no longer keeps this process alive. */
  unref(): void
}

/** Whom servers run as when the tests are root. */
const nobody = 65_534
const maxOutput = 64 * 1024

export function startChildServer(options: ChildServerOptions): ChildServer {
  const [command, ...args] = [
    ...prefix(options.deathSignal ?? 'KILL', options.refusesRoot === true),
    options.command,
    ...options.args,
  ]
  const child = spawn(command!, args, {
    cwd: options.cwd,
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close').then(
    () => undefined,
    () => undefined,
  )
  const output = gather(child)
  const parts = [child, child.stdout as Socket, child.stderr as Socket]
  const isRunning = (): boolean => child.pid !== undefined && child.exitCode === null && child.signalCode === null
  return {
    pid: child.pid ?? 0,
    output,
    isRunning,
    signal: (signal) => void child.kill(signal),
    unref: () => parts.forEach((part) => part.unref()),
    async end(signal) {
      for (const part of parts) part.ref()
      if (isRunning()) child.kill(signal)
      await closed
    },
  }
}

/** Runs a tool of a server that refuses root to its end; throws what it wrote when it fails. */
export async function runTool(command: string, args: readonly string[], options: { cwd: string }): Promise<void> {
  const [first, ...rest] = [...prefix('KILL', true), command, ...args]
  const child = spawn(first!, rest, { cwd: options.cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = gather(child)
  const [status] = (await once(child, 'close')) as [number | null]
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${output()}`)
}

/** Gives a file, or a folder with all in it, to whom servers run as that refuse root. */
export function giveToServer(path: string): void {
  if (!isRoot) return
  const { status, stderr } = spawnSync('chown', ['-R', `${nobody}:${nobody}`, path], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`chown failed: ${stderr}`)
}

/** setpriv ends in an exec: the child is the server itself. */
function prefix(deathSignal: string, refusesRoot: boolean): string[] {
  if (process.platform !== 'linux') return []
  const user = isRoot && refusesRoot ? [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : []
  return ['setpriv', ...user, '--pdeathsig', deathSignal, '--']
}

function gather(child: ChildProcess): () => string {
  let output = ''
  const add = (text: string): void => {
    output = `${output}${text}`.slice(-maxOutput)
  }
  child.stdout!.setEncoding('utf8').on('data', add)
  child.stderr!.setEncoding('utf8').on('data', add)
  child.on('error', (error) => add(`${error.message}\n`))
  return () => output
}
