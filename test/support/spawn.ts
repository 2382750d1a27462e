// bin/xpod as a child process, with real signals. Waits for the base URL that a center prints.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { freePort } from './free-port.ts'
import { hasStores, storeSettings } from './stores.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
export const xpodBin = join(root, 'bin', 'xpod')

export interface SpawnOptions {
  readonly dataDir?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** 0 picks a free one and keeps it, so that a restart has the same base URL. */
  readonly port?: number
}

export interface SpawnedXpod extends AsyncDisposable {
  readonly process: ChildProcess
  readonly baseUrl: string
  readonly dataDir: string
  readonly adminUrl: string | undefined
  readonly port: number
  output(): string
  /** SIGTERM; resolves with the exit status. */
  stop(): Promise<number | null>
}

/** The environment of this process without what would change the program under test. */
function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(?:XPOD_|CSS_|NODE_|FORCE_COLOR|NO_COLOR|LC_|LANG)/.test(name),
  )
  return { ...Object.fromEntries(kept), LANG: 'C.UTF-8', ...extra }
}

export function startXpod(args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  return spawn(process.execPath, [xpodBin, ...args], {
    cwd: options.cwd ?? root,
    env: cleanEnvironment(options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

export interface Finished {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end. */
export async function runXpod(args: readonly string[], options: SpawnOptions = {}): Promise<Finished> {
  const env = { ...(await settingsFor(args)), ...options.env }
  const child = startXpod(args, { ...options, env })
  child.stdin!.end()
  let stdout = ''
  let stderr = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, stdout, stderr }
}

/** A command looks where a server of this test has kept things. */
async function settingsFor(args: readonly string[]): Promise<Record<string, string>> {
  const at = args.indexOf('--data-dir')
  const dataDir = args[at + 1]
  return at >= 0 && dataDir !== undefined && hasStores(dataDir) ? await storeSettings(dataDir) : {}
}

/** Starts `xpod center`; further arguments come after --listen, --admin-listen and --data-dir. */
export async function spawnXpod(args: readonly string[] = [], options: SpawnOptions = {}): Promise<SpawnedXpod> {
  const folder = options.dataDir === undefined ? await mkdtemp(join(tmpdir(), 'xpod-spawn-')) : undefined
  const dataDir = options.dataDir ?? join(folder!, 'data')
  const port = options.port || (await freePort())
  const standard = ['--listen', `127.0.0.1:${port}`, '--admin-listen', '127.0.0.1:0', '--data-dir', dataDir]
  const env = { ...(await storeSettings(dataDir)), ...options.env }
  const child = startXpod(['center', ...standard, ...args], { ...options, env })
  let output = ''
  const closed = once(child, 'close') as Promise<[number | null]>
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (output += text))
  const started = new Promise<void>((resolve) => {
    const look = (): void => {
      if (/^xpod \S+ .*https?:\/\/\S+\/\s/m.test(output) && /^admin\s+\S+/m.test(output)) resolve()
    }
    child.stdout!.on('data', look)
  })
  await Promise.race([
    started,
    closed.then(([status]) => {
      throw new Error(`xpod exited with ${status} before it was ready:\n${output}`)
    }),
  ])
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM')
    return (await closed)[0]
  }
  return {
    process: child,
    baseUrl: /(https?:\/\/\S+\/)\s/.exec(output)![1]!,
    adminUrl: /^admin\s+(\S+)/m.exec(output)?.[1],
    dataDir,
    port,
    output: () => output,
    stop,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL')
        await closed
      }
      if (folder !== undefined && existsSync(folder)) await rm(folder, { recursive: true, force: true })
    },
  }
}
