// The pods that this node is home of, kept in memory under one bound of bytes (store rules 9 to 11). Also where the
// authorizer reads ACLs: those are resident documents like others.

import type { Clock } from '../base/clock.ts'
import { MiB } from '../base/bytes.ts'
import { XpodError } from '../base/errors.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Bus } from '../core/bus/bus.ts'
import { Residents } from '../core/cache/resident.ts'
import type { AclSource, StoredDocument } from './access/modes.ts'
import type { Entry, PodHome, PodHomes } from './home.ts'
import type { Path } from './path.ts'
import type { ReadLease } from './lease.ts'
import { type EntrySlot, type HomeParts, ResidentHome, unkept } from './resident-home.ts'
import type { PodStore } from './store/pod-store.ts'
import type { PodHead, PodId, PodRecord } from './store/resource.ts'

export interface PodHomesOptions {
  readonly store: PodStore
  /** Hears of every commit of this node. */
  readonly bus: Pick<Bus, 'publish'>
  /** Id of this node. */
  readonly node: string
  readonly clock: Clock
  readonly metrics: Metrics
  /** Bound of all entries of all pods in memory, bytes. Default 64 MiB. */
  readonly maxBytes?: number
  /** Where other centers use the same database. */
  readonly cluster?: HomeCluster | undefined
}

export interface HomeCluster {
  readonly lease: ReadLease
  /** Makes this node the home of a pod whose home is dead; nothing when it lives. */
  adopt(head: PodHead): Promise<void>
  /** Another number each time that the database may have lost what it had. */
  history(): number
}

/** A pod came here from another node, went to one, was deleted there, or the database has lost what was written last. */
export interface HomeMove {
  readonly kind: 'arrived' | 'left' | 'gone' | 'diverged'
  readonly pod: PodRecord
}

const secondsBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** An ACL or group document larger than this is not evaluated. */
const maxDocumentBytes = MiB
const maxHomes = 20_000
/** A head that is older than a commit that came meanwhile is read again, so many times. */
const maxHeadReads = 5

export interface ResidentHomes extends PodHomes, AclSource, Disposable {
  /** Hears what was found out about pods; of one that was never here, nothing. */
  onMove(listener: (move: HomeMove) => void): Disposable
  /** Looks at the heads of all that are in memory, one after the other, so that what was lost is told soon. */
  lookAgain(): Promise<void>
}

export function createPodHomes(options: PodHomesOptions): ResidentHomes {
  const { store, bus, clock, metrics, cluster } = options
  const evictions = metrics.counter('xpod_cache_evictions_total', 'What made room', { queue: 'memory' })
  const residents = new Residents<EntrySlot>(options.maxBytes ?? 64 * MiB, (slot) => {
    evictions.add()
    slot.home.evicted(slot)
  })
  metrics.gaugeFrom('xpod_cache_bytes', 'Bytes of resources kept in memory', () => residents.bytes)
  const parts: HomeParts = {
    store,
    bus,
    clock,
    residents,
    hits: metrics.counter('xpod_cache_hits_total', 'Resources from memory, blocks from disk', { class: 'memory' }),
    misses: metrics.counter('xpod_cache_misses_total', 'What came from the store behind', { class: 'memory' }),
    waits: metrics.histogram('xpod_lock_wait_seconds', 'Writes that waited for one of the same path', secondsBounds),
    isShared: cluster !== undefined,
    history: () => cluster?.history() ?? 1,
  }
  const listeners = new Set<(move: HomeMove) => void>()
  const tell = (move: HomeMove): void => listeners.forEach((listener) => listener(move))
  const homes = new HomeTable(parts, { node: options.node, cluster, tell })
  const subscription = store.directory.onChange((change) => {
    if (change.kind === 'delete') homes.forget(change.id)
    else homes.rename(change.record)
  })
  return {
    of: (pod) => homes.of(pod),
    aclSeq: (pod) => homes.known(pod.id)?.aclSeq ?? -1,
    readDocument(pod, path) {
      const home = homes.of(pod)
      return home instanceof Promise ? home.then((loaded) => documentOf(loaded, path)) : documentOf(home, path)
    },
    exists(pod, path) {
      const home = homes.of(pod)
      return home instanceof Promise ? home.then((loaded) => isIn(loaded, path)) : isIn(home, path)
    },
    onMove(listener) {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
    lookAgain: () => homes.lookAgain(),
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  }
}

interface Place {
  readonly node: string
  readonly cluster: HomeCluster | undefined
  readonly tell: (move: HomeMove) => void
}

class HomeTable {
  readonly #parts: HomeParts
  readonly #place: Place
  readonly #lease: ReadLease | undefined
  readonly #homes = new Map<PodId, ResidentHome>()
  readonly #opening = new Map<PodId, Promise<ResidentHome>>()
  #salt = 0

  constructor(parts: HomeParts, place: Place) {
    this.#parts = parts
    this.#place = place
    this.#lease = place.cluster?.lease
  }

  known(id: PodId): ResidentHome | undefined {
    return this.#homes.get(id)
  }

  of(pod: PodRecord): ResidentHome | Promise<ResidentHome> {
    const known = this.#homes.get(pod.id)
    if (known?.isHere && (this.#lease === undefined || known.term === this.#lease.term())) return known
    let opening = this.#opening.get(pod.id)
    if (opening === undefined) {
      opening = this.#open(pod).finally(() => this.#opening.delete(pod.id))
      this.#opening.set(pod.id, opening)
    }
    return opening
  }

  async lookAgain(): Promise<void> {
    for (const { pod } of this.#homes.values()) {
      try {
        await this.of(pod)
      } catch (error) {
        // What became of the pod was told; without a database the next request looks.
        if (!(error instanceof XpodError)) throw error
      }
    }
  }

  async #open(pod: PodRecord): Promise<ResidentHome> {
    for (let attempt = 1; attempt <= maxHeadReads; attempt++) {
      const term = this.#term()
      const known = this.#homes.get(pod.id)
      const applied = known?.applied
      const { head, record } = await this.#findHere(pod)
      // The head is that of a lease only if it was held all the time.
      const held = term === this.#term() ? term : unkept
      if (known === undefined || !known.isHere || known.epoch !== head.epoch) return this.#install(record, head, held)
      if (known.applied !== applied) continue
      if (!known.resume(head, held)) this.#place.tell({ kind: 'diverged', pod })
      return known
    }
    throw new XpodError('POD_BUSY')
  }

  /** Something that only changes when memory could have become outdated. */
  #term(): number {
    if (this.#lease === undefined) return 1
    const term = this.#lease.term()
    return term === 0 ? unkept : term
  }

  async #findHere(pod: PodRecord): Promise<{ readonly head: PodHead; readonly record: PodRecord }> {
    const { node, cluster } = this.#place
    const head = await this.#head(pod)
    if (head.node === node) return { head, record: pod }
    await cluster?.adopt(head)
    const later = cluster === undefined ? head : await this.#head(pod)
    if (later.node === node) {
      // Its former home may have given it other owners.
      const record = (await this.#parts.store.directory.get(pod.id)) ?? pod
      this.#place.tell({ kind: 'arrived', pod: record })
      return { head: later, record }
    }
    if (this.#homes.has(pod.id)) this.#lose({ kind: 'left', pod })
    throw new XpodError('POD_ELSEWHERE')
  }

  async #head(pod: PodRecord): Promise<PodHead> {
    const head = await this.#parts.store.head(pod.id)
    if (head !== undefined && head.state !== 'deleting') return head
    this.#lose({ kind: 'gone', pod })
    throw new XpodError('POD_UNKNOWN')
  }

  #lose(move: HomeMove): void {
    this.forget(move.pod.id)
    this.#place.tell(move)
  }

  #install(pod: PodRecord, head: PodHead, term: number): ResidentHome {
    this.forget(pod.id)
    const home = new ResidentHome(pod, head, this.#parts, ++this.#salt)
    home.term = term
    if (this.#homes.size >= maxHomes) this.#forgetOldest()
    this.#homes.set(pod.id, home)
    return home
  }

  #forgetOldest(): void {
    for (const [id, home] of this.#homes) {
      if (home.isBusy) continue
      this.forget(id)
      return
    }
  }

  forget(id: PodId): void {
    const home = this.#homes.get(id)
    if (home === undefined) return
    home.isHere = false
    home.clear()
    this.#homes.delete(id)
  }

  /** What was prepared names the pod's base and owners. Somebody else may have changed more of the pod than its record. */
  rename(record: PodRecord): void {
    const home = this.#homes.get(record.id)
    if (home === undefined) return
    home.pod = record
    home.clear()
    if (this.#parts.isShared) home.term = unkept
  }
}

function isIn(home: PodHome, path: Path): boolean | Promise<boolean> {
  const entry = home.peek(path)
  return entry === undefined
    ? home.load(path).then(({ resource }) => resource !== undefined)
    : entry.resource !== undefined
}

function documentOf(home: PodHome, path: Path): StoredDocument | undefined | Promise<StoredDocument | undefined> {
  const entry = home.peek(path)
  if (entry === undefined) return home.load(path).then((loaded) => contentOf(home, loaded, path))
  return contentOf(home, entry, path)
}

function contentOf(
  home: PodHome,
  entry: Entry,
  path: Path,
): StoredDocument | undefined | Promise<StoredDocument | undefined> {
  const { resource, body } = entry
  if (resource?.path !== path || resource.kind === 'container') return undefined
  const version = `${resource.version.seq}.${resource.version.mark}`
  if (body !== undefined) return { bytes: body, mediaType: resource.mediaType, version }
  return home
    .bytes(entry, maxDocumentBytes, new AbortController().signal)
    .then((bytes) => ({ bytes, mediaType: resource.mediaType, version }))
}
