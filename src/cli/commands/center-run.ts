// xpod center: starts, says where, stays until it is asked to stop, drains.

import type { Center } from '../../center/center.ts'
import { delay, systemClock } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { keys } from '../../config/keys.ts'
import { bootThread } from '../../core/threads/thread.ts'
import type { Invocation } from '../invocation.ts'
import { reloadOnHangup } from '../reload.ts'
import { fill, type Texts } from '../texts.ts'
import { ownVersion } from '../version.ts'
import { centerOptions, openLog, surround } from './center-options.ts'

/** EX_IOERR: it cannot be known whether a change was stored, so nothing may be said about it any more. */
const fatalStatus = 74
/** After the last answer, how long closing may take. */
const maxCloseMs = 10_000

export async function runCenter(call: Invocation): Promise<number> {
  const { out, texts, signal, surroundings } = call
  const loaded = call.loadSettings()
  const { settings } = loaded
  const log = openLog(call, settings)
  const fatal = Promise.withResolvers<number>()
  const parts = surround(log, (error) => fatal.resolve(error instanceof XpodError ? error.exit : fatalStatus))
  const options = centerOptions(settings, surroundings.runtimeDir)
  if (options.db === 'sqlite:') bootThread('sqlite-writer')
  const starting = import('../../center/center.ts').then(({ startCenter }) => startCenter(options, parts))
  reloadOnHangup({ loaded, loadSettings: call.loadSettings, log, starting })
  const center = await starting
  const isEmpty = (await center.pods.list(undefined, 1)).length === 0
  out.print(fill(texts.running, { version: ownVersion(), url: out.style.bold(center.baseUrl) }))
  const lines = [
    [texts.runningData, center.dataDir],
    [texts.runningAdmin, center.adminUrl ?? ''],
    [texts.runningNext, isEmpty ? firstAccount(texts, settings['data-dir']) : ''],
  ].filter(([, text]) => text !== '')
  await out.table(lines as string[][], { head: ['', ''], showHead: false, wide: true })
  log.info('center.started', { baseUrl: center.baseUrl, adminUrl: center.adminUrl, dataDir: center.dataDir })

  const status = await Promise.race([fatal.promise, aborted(signal).then(() => 0)])
  if (status !== 0) return status
  if (out.isErrorTerminal) out.complain(texts.stopping)
  log.info('center.draining')
  const stopped = center.drain(settings['drain-delay']).then(() => closeInTime(center, log))
  const final = await Promise.race([stopped, fatal.promise])
  if (final === 0) log.info('center.stopped')
  return final
}

/** What hangs in the disk must not hang the stop: recovery at the next start decides what was stored. */
async function closeInTime(center: Center, log: Log): Promise<number> {
  const late = new AbortController()
  const stuck = delay(systemClock, maxCloseMs, late.signal).then(() => {
    log.error('center.stuck', { waitedMs: maxCloseMs })
    // Leaving by exit would wait for the very thread that hangs.
    process.kill(process.pid, 'SIGKILL')
    return fatalStatus
  })
  stuck.catch(() => {})
  const closed = center[Symbol.asyncDispose]().then(() => 0)
  return Promise.race([closed, stuck]).finally(() => late.abort())
}

function firstAccount(texts: Texts, dataDir: string): string {
  return dataDir === keys['data-dir'].default
    ? texts.nextFirstAccount
    : `${texts.nextFirstAccount} --data-dir ${dataDir}`
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
