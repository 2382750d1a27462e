// A pod in memory at its home: entries by key under the node's one bound of bytes, moving only forward (store rules 9 to 11).
// Reads fill it, commits of this node are applied to it before they are answered. What a commit does not tell completely is
// dropped and read again; nothing is guessed.

import type { Clock } from '../base/clock.ts'
import { KiB } from '../base/bytes.ts'
import { XpodError } from '../base/errors.ts'
import type { Counter, Histogram } from '../base/metrics.ts'
import type { Bus } from '../core/bus/bus.ts'
import { type Residents, Slot, touch } from '../core/cache/resident.ts'
import { type Entry, type KnownBodies, maxResidentBody, type PodHome } from './home.ts'
import { applyOutcome } from './outcome.ts'
import { auxiliaryOf, type Key, keyOf, metaOf, type Path } from './path.ts'
import { PathQueue } from './path-queue.ts'
import { RecentCommits } from './recent-commits.ts'
import type { Change, Outcome } from './store/change.ts'
import type { PodStore } from './store/pod-store.ts'
import type { PodHead, PodRecord, Resource, Version } from './store/resource.ts'

/** Memory of an entry beyond its bytes and its name: row, slot, map entry, prepared headers. */
const entryBytes = 2 * KiB
const absentBytes = 300
/** A document that is replaced faster than it can be read is read so many times. */
const maxFillAttempts = 3
/** After this, a change whose outcome was unknown is stored or never will be: longer than any statement may take. */
const unsettledMs = 30_000

/** A term of no lease: nothing is kept, and the next request looks at the head again. */
export const unkept = -1

export interface HomeParts {
  readonly store: PodStore
  readonly bus: Pick<Bus, 'publish'>
  readonly clock: Clock
  readonly residents: Residents<EntrySlot>
  readonly hits: Counter
  readonly misses: Counter
  readonly waits: Histogram
  /** Other processes write to the same database; this one outlives a change of unknown outcome. */
  readonly isShared: boolean
  /** Another number each time that the database may have lost what it had. */
  readonly history: () => number
}

export class EntrySlot extends Slot {
  readonly home: ResidentHome
  readonly key: Key
  entry: Entry

  constructor(home: ResidentHome, key: Key, entry: Entry) {
    super(costOf(key, entry))
    this.home = home
    this.key = key
    this.entry = entry
  }

  override fingerprint(): number {
    let hash = this.home.salt
    for (let index = 0; index < this.key.length; index++) hash = (Math.imul(hash, 31) + this.key.charCodeAt(index)) | 0
    return hash
  }
}

export class ResidentHome implements PodHome {
  pod: PodRecord
  readonly epoch: number
  /** Tells pods apart in fingerprints. */
  readonly salt: number
  aclSeq: number
  /** Of the lease under which memory answers. */
  term = unkept
  /** False once the node forgot this home: another node has the pod, or there were too many. It commits nothing more. */
  isHere = true
  readonly #parts: HomeParts
  readonly #slots = new Map<Key, EntrySlot>()
  readonly #filling = new Map<Key, Promise<Entry>>()
  readonly #queue: PathQueue
  #recent: RecentCommits
  /** The last commit applied here. */
  #applied: Version
  #history: number
  /** A commit came with a number that another one had before. */
  #isOvertaken = false
  #committing = 0
  /** Goes up when everything is forgotten: what was on its way then is not kept. */
  #generation = 0
  #unsettledUntilMs = Number.NEGATIVE_INFINITY

  constructor(pod: PodRecord, head: PodHead, parts: HomeParts, salt: number) {
    this.pod = pod
    this.epoch = head.epoch
    this.aclSeq = head.aclSeq
    this.salt = salt
    this.#parts = parts
    this.#queue = new PathQueue(parts)
    this.#history = parts.history()
    this.#applied = head.version
    this.#recent = new RecentCommits(head.version.seq)
  }

  /** The last commit that memory knows of. */
  get applied(): Version {
    return this.#applied
  }

  /**
   * The head was read under this term, and still has this home's epoch. Nobody else has committed then, and memory is right
   * as far as it reaches; but a commit may be on its way, or the database has lost what it had: then it is false.
   */
  resume(head: PodHead, term: number): boolean {
    this.term = this.#parts.clock.monotonicMs() < this.#unsettledUntilMs ? unkept : term
    const { seq, mark } = this.#applied
    const isSame = seq === head.version.seq && mark === head.version.mark
    const history = this.#parts.history()
    const isOfHistory = history === this.#history
    const isWhole = !this.#isOvertaken && (isSame || seq < head.version.seq)
    this.aclSeq = head.aclSeq
    if (isSame && isOfHistory && this.term !== unkept) return true
    this.clear()
    this.#history = history
    this.#isOvertaken = false
    this.#applied = head.version
    this.#recent = new RecentCommits(head.version.seq)
    return isWhole
  }

  /** Something is under way that must be applied to this very object. */
  get isBusy(): boolean {
    return this.#committing > 0 || this.#filling.size > 0
  }

  peek(path: Path): Entry | undefined {
    const slot = this.#slots.get(keyOf(path))
    if (slot === undefined) return undefined
    touch(slot)
    this.#parts.hits.add()
    return slot.entry
  }

  load(path: Path): Promise<Entry> {
    const known = this.peek(path)
    if (known !== undefined) return Promise.resolve(known)
    const key = keyOf(path)
    const running = this.#filling.get(key)
    if (running !== undefined) return running
    this.#parts.misses.add()
    const fill = this.#fill(path).finally(() => {
      if (this.#filling.get(key) === fill) this.#filling.delete(key)
    })
    this.#filling.set(key, fill)
    return fill
  }

  async #fill(path: Path): Promise<Entry> {
    for (let attempt = 1; ; attempt++) {
      const generation = this.#generation
      try {
        const entry = await this.#read(path)
        const isKept = entry.damage === undefined && generation === this.#generation
        return isKept ? this.#install(keyOf(path), entry) : entry
      } catch (error) {
        // The row was replaced between reading it and reading its body.
        const isGone = error instanceof XpodError && error.retryable
        if (!isGone || attempt === maxFillAttempts) throw error
      }
    }
  }

  async #read(path: Path): Promise<Entry> {
    const { store } = this.#parts
    const history = this.#parts.history()
    const { at, resource } = await store.find(this.pod.id, path)
    // Nobody knows of which of the two it is.
    if (history !== this.#parts.history()) throw new XpodError('POD_BUSY', 'the database changed while it was read')
    if (resource === undefined) return entryOf({ resource, body: undefined, seq: at.seq, meta: undefined })
    if (resource.kind === 'container') {
      const meta = await store.find(this.pod.id, metaOf(resource.path))
      return entryOf({ resource, body: undefined, seq: at.seq, meta: meta.resource, history })
    }
    const row = { resource, seq: at.seq, meta: undefined }
    if (resource.size > maxResidentBody) return entryOf({ ...row, body: undefined })
    try {
      return entryOf({ ...row, body: await store.readBody(this.pod.id, resource, neverAborted) })
    } catch (error) {
      if (!(error instanceof XpodError) || error.code !== 'CORRUPT') throw error
      return { ...row, body: undefined, damage: error }
    }
  }

  /** Keeps an entry that was read, unless a later commit is known; then memory, if it has the key, is newer. */
  #install(key: Key, entry: Entry): Entry {
    const known = this.#slots.get(key)
    if (known !== undefined && known.entry.seq >= entry.seq) return known.entry
    const meta = entry.resource?.kind === 'container' ? keyOf(metaOf(entry.resource.path)) : key
    if (!this.#recent.accepts(key, entry.seq) || !this.#recent.accepts(meta, entry.seq)) return entry
    this.put(key, entry)
    return entry
  }

  /** Replaces what is resident at a key. */
  put(key: Key, entry: Entry): void {
    if (this.term === unkept) return
    const slot = this.#slots.get(key)
    if (slot === undefined) {
      const made = new EntrySlot(this, key, entry)
      this.#slots.set(key, made)
      this.#parts.residents.add(made)
      return
    }
    slot.entry = entry
    this.#parts.residents.resize(slot, costOf(key, entry))
  }

  /** What is resident at a key, without counting it as a use. */
  resident(key: Key): Entry | undefined {
    return this.#slots.get(key)?.entry
  }

  /** Forgets a key; the next read asks the store. */
  drop(key: Key): void {
    const slot = this.#slots.get(key)
    if (slot === undefined) return
    this.#slots.delete(key)
    this.#parts.residents.remove(slot)
  }

  /** The queues dropped this slot. */
  evicted(slot: EntrySlot): void {
    this.#slots.delete(slot.key)
  }

  /** Forgets everything, because what was prepared from the pod's record is outdated, or the pod is gone. */
  clear(): void {
    this.#generation++
    for (const slot of this.#slots.values()) this.#parts.residents.remove(slot)
    this.#slots.clear()
    this.#filling.clear()
  }

  async bytes(entry: Entry, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    const { resource, body } = entry
    if (resource === undefined || resource.kind === 'container') throw new XpodError('NOT_FOUND')
    if (resource.size > maxBytes) {
      throw new XpodError('BODY_TOO_LARGE', `more than ${maxBytes} bytes`, { members: { limit: maxBytes } })
    }
    return body ?? this.#parts.store.readBody(this.pod.id, resource, signal)
  }

  charge(entry: Entry, bytes: number): void {
    const { resource } = entry
    if (resource === undefined) return
    const slot = this.#slots.get(keyOf(resource.path))
    if (slot?.entry === entry) this.#parts.residents.resize(slot, slot.bytes + bytes)
  }

  forget(entry: Entry): void {
    const key = entry.resource === undefined ? undefined : keyOf(entry.resource.path)
    if (key !== undefined && this.#slots.get(key)?.entry === entry) this.drop(key)
  }

  async commit(change: Omit<Change, 'pod' | 'epoch'>, bodies?: KnownBodies): Promise<Outcome> {
    if (!this.isHere) throw new XpodError('POD_BUSY')
    const generation = this.#generation
    this.#committing++
    try {
      const outcome = await this.#parts.store.commit({ ...change, pod: this.pod.id, epoch: this.epoch })
      if (outcome.ok) {
        const isLate = generation !== this.#generation
        this.#apply(change, outcome, { bodies, isLate })
        // Memory began anew meanwhile, perhaps with a later commit.
        if (isLate) this.clear()
        this.#parts.bus.publish(this.pod.id, { epoch: this.epoch, ...outcome.at })
      } else if (outcome.why === 'moved') this.isHere = false
      // Whoever judged looks again, and must not see what memory had if the store knows better.
      else if (outcome.why === 'acl' && this.#parts.isShared) this.#restart()
      else this.drop(keyOf(outcome.at))
      return outcome
    } catch (error) {
      // Whether it happened is unknown: what it could have touched is not answered from memory any more.
      if (!(error instanceof XpodError) || error.code === 'OUTCOME_UNKNOWN') this.#distrust()
      throw error
    } finally {
      this.#committing--
    }
  }

  /** It may still be stored, and nobody would tell. */
  #distrust(): void {
    if (!this.#parts.isShared) return this.clear()
    this.#restart()
    this.#unsettledUntilMs = this.#parts.clock.monotonicMs() + unsettledMs
  }

  /** The database has lost what was applied here, or has what was not: the next request looks. */
  #restart(): void {
    this.clear()
    this.term = unkept
  }

  #apply(
    change: Omit<Change, 'pod' | 'epoch'>,
    outcome: Outcome & { readonly ok: true },
    { bodies, isLate }: { readonly bodies: KnownBodies | undefined; readonly isLate: boolean },
  ): void {
    const { seq } = outcome.at
    const paths = [...outcome.made, ...outcome.parents].map(({ path }) => path)
    for (const path of paths) {
      this.#recent.remember(keyOf(path), seq)
      // A fill that began before this commit may hold the state before it: later reads do not join it.
      this.#filling.delete(keyOf(path))
      if (auxiliaryOf(path) === 'meta') this.#filling.delete(keyOf(path.slice(0, -'.meta'.length)))
    }
    applyOutcome(this, { ops: change.ops, bodies, outcome, isNext: seq === this.#applied.seq + 1 })
    if (seq > this.#applied.seq) this.#applied = outcome.at
    // When it is late, the head that was read meanwhile had it.
    else if (this.#parts.isShared && !isLate) {
      this.#isOvertaken = true
      this.#restart()
    }
    this.aclSeq = Math.max(this.aclSeq, outcome.aclSeq)
  }

  inOrder<T>(path: Path, task: () => Promise<T>): Promise<T> {
    return this.#queue.run(path, task)
  }
}

/** Entries of one shape, so that the hot path sees one hidden class. */
function entryOf(parts: {
  readonly resource: Resource | undefined
  readonly body: Uint8Array | undefined
  readonly seq: number
  readonly meta: Resource | undefined
  readonly history?: number
}): Entry {
  const { resource, body, seq, meta, history } = parts
  return { resource, body, seq, meta, history, derived: undefined }
}

/** Strangers choose the names of what is absent, so names count: a short one and one of 2000 bytes are not the same. */
function costOf(key: Key, entry: Entry): number {
  if (entry.resource === undefined) return absentBytes + key.length
  return entryBytes + 2 * key.length + (entry.body?.length ?? 0) + (entry.derived?.listing?.memoryBytes ?? 0)
}

/** Fills serve all who wait for them, so no single request may abort them. */
const neverAborted = new AbortController().signal
