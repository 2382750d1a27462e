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
import { type EntrySlot, type HomeParts, ResidentHome } from './resident-home.ts'
import type { PodStore } from './store/pod-store.ts'
import type { PodId, PodRecord } from './store/resource.ts'

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
}

/** An ACL or group document larger than this is not evaluated. */
const maxDocumentBytes = MiB
const maxHomes = 20_000

export interface ResidentHomes extends PodHomes, AclSource, Disposable {}

export function createPodHomes(options: PodHomesOptions): ResidentHomes {
  const { store, bus, clock, metrics } = options
  const residents = new Residents<EntrySlot>(options.maxBytes ?? 64 * MiB, (slot) => slot.home.evicted(slot))
  metrics.gaugeFrom('xpod_resident_bytes', 'Bytes of resources kept in memory.', () => residents.bytes)
  const reads = 'Resources read, from memory or from the store.'
  const parts: HomeParts = {
    store,
    bus,
    clock,
    residents,
    hits: metrics.counter('xpod_resident_reads_total', reads, { from: 'memory' }),
    misses: metrics.counter('xpod_resident_reads_total', reads, { from: 'store' }),
  }
  const homes = new HomeTable(parts, options.node)
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
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  }
}

class HomeTable {
  readonly #parts: HomeParts
  readonly #node: string
  readonly #homes = new Map<PodId, ResidentHome>()
  readonly #opening = new Map<PodId, Promise<ResidentHome>>()
  #salt = 0

  constructor(parts: HomeParts, node: string) {
    this.#parts = parts
    this.#node = node
  }

  known(id: PodId): ResidentHome | undefined {
    return this.#homes.get(id)
  }

  of(pod: PodRecord): ResidentHome | Promise<ResidentHome> {
    const known = this.#homes.get(pod.id)
    if (known?.isHere) return known
    if (known !== undefined) this.forget(pod.id)
    let opening = this.#opening.get(pod.id)
    if (opening === undefined) {
      opening = this.#open(pod).finally(() => this.#opening.delete(pod.id))
      this.#opening.set(pod.id, opening)
    }
    return opening
  }

  async #open(pod: PodRecord): Promise<ResidentHome> {
    const head = await this.#parts.store.head(pod.id)
    if (head === undefined || head.state === 'deleting') throw new XpodError('POD_UNKNOWN')
    if (head.node !== this.#node) throw new XpodError('POD_ELSEWHERE')
    const home = new ResidentHome(pod, head, this.#parts, ++this.#salt)
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

  /** What was prepared names the pod's base and owners. */
  rename(record: PodRecord): void {
    const home = this.#homes.get(record.id)
    if (home === undefined) return
    home.pod = record
    home.clear()
  }
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
