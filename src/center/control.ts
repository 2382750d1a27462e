// The control socket: administration of a running server for commands on the same machine. Its file lies in the data
// directory, or in a 0700 folder below the runtime directory when that path is too long for a socket; then the file
// `control.path` in the data directory names it.

import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { systemCode, XpodError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { callJson, type JsonCall, serveJson } from '../core/http/json-over-socket.ts'
import type { NotificationAdministration } from '../pod/notify/administration.ts'
import type { AccountAdministration } from './account-administration.ts'
import type { NewPodWish, PodAdministration, PodReport, Quota } from './administration.ts'

/** What an operator may do on one data directory. */
export interface Administration {
  readonly pods: PodAdministration
  readonly accounts: AccountAdministration
  readonly notifications: NotificationAdministration
}

/** What a socket path may have: 108 bytes on Linux, 104 elsewhere, with room to spare. */
const maxSocketPathBytes = 100

export async function serveControl(options: {
  readonly dataDir: string
  readonly runtimeDir: string | undefined
  readonly administration: Administration
  readonly log: Log
}): Promise<AsyncDisposable> {
  const path = placeSocket(options.dataDir, options.runtimeDir)
  const server = await serveJson(path, (call) => answer(options.administration, call), options.log)
  return {
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      rmSync(path, { force: true })
      rmSync(pointerOf(options.dataDir), { force: true })
    },
  }
}

function pointerOf(dataDir: string): string {
  return join(resolve(dataDir), 'control.path')
}

function placeSocket(dataDir: string, runtimeDir: string | undefined): string {
  const near = join(resolve(dataDir), 'control.sock')
  if (Buffer.byteLength(near) <= maxSocketPathBytes) {
    rmSync(pointerOf(dataDir), { force: true })
    return near
  }
  const name = createHash('sha256').update(near).digest('hex').slice(0, 16)
  const folder = join(runtimeDir ?? tmpdir(), `xpod-${process.getuid?.() ?? 0}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { uid, mode } = statSync(folder)
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
    throw new XpodError(
      'DATA_DIR_UNUSABLE',
      `${folder} belongs to somebody else, and the path is too long for a socket`,
    )
  }
  const path = join(folder, `${name}.sock`)
  writeFileSync(pointerOf(dataDir), path, { mode: 0o600 })
  return path
}

function findSocket(dataDir: string): string {
  try {
    return readFileSync(pointerOf(dataDir), 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return join(resolve(dataDir), 'control.sock')
    throw error
  }
}

/** Calls on accounts and channels go by their names: each takes one value and gives one. */
const accountCalls = [
  'create',
  'list',
  'show',
  'resetLink',
  'setState',
  'delete',
  'invite',
  'invites',
  'uninvite',
  'createCredential',
  'credentials',
  'revokeCredential',
  'rotateKeys',
] as const satisfies readonly (keyof AccountAdministration)[]

const notificationCalls = ['list', 'show', 'retry'] as const satisfies readonly (keyof NotificationAdministration)[]

async function answer({ pods, accounts, notifications }: Administration, call: JsonCall): Promise<unknown> {
  const url = new URL(call.target, 'http://control')
  const [, what, name, part] = url.pathname.split('/').map(decodeURIComponent)
  const route = `${call.method} ${what}${name === undefined ? '' : '/NAME'}${part === undefined ? '' : `/${part}`}`
  const accountCall = accountCalls.find((one) => route === 'POST accounts/NAME' && one === name)
  if (accountCall !== undefined) return accounts[accountCall](call.body as never)
  const notificationCall = notificationCalls.find((one) => route === 'POST notifications/NAME' && one === name)
  if (notificationCall !== undefined) return notifications[notificationCall](call.body as never)
  switch (route) {
    case 'GET pods':
      return pods.list(url.searchParams.get('after') ?? undefined, Number(url.searchParams.get('limit')))
    case 'POST pods':
      return pods.create(call.body as NewPodWish)
    case 'GET pods/NAME':
      return pods.show(name!)
    case 'DELETE pods/NAME':
      return pods.delete(name!)
    case 'PUT pods/NAME/quota':
      return pods.setQuota(name!, call.body as Quota)
    default:
      throw new XpodError('NOT_FOUND', route, { hint: 'The running server is of another version.' })
  }
}

/** Of the server that runs on a data directory; undefined when none does. */
export async function connectControl(dataDir: string): Promise<Administration | undefined> {
  const path = findSocket(dataDir)
  const probe = await callJson(path, { method: 'GET', target: '/pods?limit=1' })
  if (probe === undefined) return undefined
  const call: Call = async (method, target, body) => {
    const reply = await callJson(path, { method, target, body })
    if (reply === undefined) throw new XpodError('CONTROL_UNREACHABLE', 'it stopped in between')
    return reply.value
  }
  return {
    pods: podsOver(call),
    accounts: callsOver('accounts', accountCalls, call),
    notifications: callsOver('notifications', notificationCalls, call),
  }
}

type Call = (method: string, target: string, body?: unknown) => Promise<unknown>

function podsOver(call: Call): PodAdministration {
  const of = (name: string): string => `/pods/${encodeURIComponent(name)}`
  return {
    create: async (wish) => (await call('POST', '/pods', wish)) as PodReport,
    list: async (after, limit) => {
      const query = new URLSearchParams({ limit: String(limit), ...(after === undefined ? {} : { after }) })
      return (await call('GET', `/pods?${query.toString()}`)) as PodReport[]
    },
    show: async (name) => (await call('GET', of(name))) as PodReport,
    delete: async (name) => {
      await call('DELETE', of(name))
    },
    setQuota: async (name, quota) => (await call('PUT', `${of(name)}/quota`, quota)) as PodReport,
  }
}

/** T has exactly these calls. */
function callsOver<T>(what: string, names: readonly (keyof T & string)[], call: Call): T {
  const over = names.map((name) => [name, (wish: unknown) => call('POST', `/${what}/${name}`, wish)])
  return Object.fromEntries(over) as T
}
