// A pod's ACLs in memory and a WAC authorizer on them, for tests of decisions without a server.

import { createGroupSource, type GroupSource } from '../../src/pod/access/groups.ts'
import { type AclSource, append, control, type Modes, read, type StoredDocument } from '../../src/pod/access/modes.ts'
import type { LocalDocuments } from '../../src/pod/access/remote-document.ts'
import { createWacAuthorizer, type WacAuthorizer } from '../../src/pod/access/wac.ts'
import type { Agent } from '../../src/pod/auth/agent.ts'
import { openRdfWorkers } from '../../src/pod/rdf/workers.ts'
import type { PodRecord } from '../../src/pod/store/resource.ts'
import type { FetchDoor } from '../../src/core/http/fetch-door.ts'
import { silentLog } from '../../src/base/log.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'

export const prefixes = `@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.
@prefix vcard: <http://www.w3.org/2006/vcard/ns#>.\n`

export function podRecord(overrides: Partial<PodRecord> = {}): PodRecord {
  return {
    id: '01900000-0000-7000-8000-000000000001',
    name: 'alice',
    base: 'https://pods.example/alice/',
    aliases: [],
    owners: ['https://alice.example/card#me'],
    shownOwners: [],
    quotaBytes: 1e9,
    quotaResources: 1e5,
    createdMs: 0,
    ...overrides,
  }
}

export interface AccessScene {
  readonly pod: PodRecord
  readonly authorizer: WacAuthorizer
  readonly clock: FakeClock
  /** Documents read so far, by path. */
  readonly reads: string[]
  /** Stores a Turtle document (prefixes are added) and starts a new acl_seq. */
  put(path: string, turtle: string, mediaType?: string): void
  remove(path: string): void
  /** As `read append`, in the order of WAC-Allow. */
  modes(path: string, agent?: string | Agent): Promise<string>
}

export interface SceneOptions {
  readonly pod?: Partial<PodRecord>
  readonly acceptOrigin?: boolean
  readonly local?: LocalDocuments
  readonly door?: Pick<FetchDoor, 'fetch'>
  readonly groups?: GroupSource
  /** Answers reads at once instead of with promises. */
  readonly resident?: boolean
  /** Called before each read. */
  readonly onRead?: (path: string) => void
  /** What is there; everything unless given. */
  readonly exists?: (path: string) => boolean
}

const closedDoor: Pick<FetchDoor, 'fetch'> = { fetch: () => Promise.reject(new Error('no fetch was expected')) }

export function accessScene(options: SceneOptions = {}): AccessScene {
  const pod = podRecord(options.pod)
  const clock = createFakeClock()
  const rdf = openRdfWorkers({ log: silentLog })
  const documents = new Map<string, StoredDocument>()
  const reads: string[] = []
  let seq = 1
  const acls: AclSource = {
    aclSeq: () => seq,
    readDocument: (_pod, path) => {
      reads.push(path)
      options.onRead?.(path)
      const found = documents.get(path)
      return options.resident ? found : Promise.resolve(found)
    },
    exists: (_pod, path) => options.exists?.(path) ?? true,
  }
  const door = options.door ?? closedDoor
  const groups =
    options.groups ?? createGroupSource({ door, local: options.local ?? (() => undefined), clock, rdf, log: silentLog })
  const authorizer = createWacAuthorizer({
    acls,
    groups,
    acceptOrigin: options.acceptOrigin ?? false,
    rdf,
    log: silentLog,
  })
  return {
    pod,
    authorizer,
    clock,
    reads,
    put: (path, turtle, mediaType = 'text/turtle') => {
      const text = mediaType === 'text/turtle' ? prefixes + turtle : turtle
      documents.set(path, { bytes: Buffer.from(text), mediaType, version: String(++seq) })
    },
    remove: (path) => {
      documents.delete(path)
      seq++
    },
    modes: async (path, agent = {}) =>
      modeNames(await authorizer.modes(pod, path, typeof agent === 'string' ? { webId: agent } : agent)),
  }
}

export function modeNames(modes: Modes): string {
  const names: [Modes, string][] = [
    [read, 'read'],
    [4, 'write'],
    [append, 'append'],
    [control, 'control'],
  ]
  return names
    .filter(([bit]) => (modes & bit) !== 0)
    .map(([, name]) => name)
    .join(' ')
}
