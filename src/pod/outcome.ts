// What a commit changed, applied to memory: documents that were put are installed with their bytes, deletions as remembered
// absences, and the listings of their parents get their one line changed. An outcome that is not the next in order, or
// that does not tell a row completely, drops what it touched instead (store rule 11).

import { type Entry, type KnownBodies, maxResidentBody } from './home.ts'
import { auxiliaryOf, type Key, keyOf, parentOf, type Path, subjectOf } from './path.ts'
import { Derived } from './representation/variant.ts'
import type { Made, Op, Outcome, StagedBody } from './store/change.ts'
import type { Child, Kind, Resource, Version } from './store/resource.ts'

/** The memory that outcomes are applied to. */
export interface EntryMemory {
  resident(key: Key): Entry | undefined
  put(key: Key, entry: Entry): void
  drop(key: Key): void
}

export interface Applied {
  readonly ops: readonly Op[]
  readonly bodies?: KnownBodies | undefined
  readonly outcome: Outcome & { readonly ok: true }
  /** Nothing was committed between the outcome applied before and this one. */
  readonly isNext: boolean
}

export function applyOutcome(memory: EntryMemory, { ops, bodies, outcome, isNext }: Applied): void {
  const { at, made, parents } = outcome
  const rows = new Map<Path, Resource>()
  for (const one of made) {
    const entry = entryAfter(one, { ops, bodies }, at)
    if (entry?.resource !== undefined) rows.set(one.path, entry.resource)
    settle(memory, one.path, entry, at.seq)
  }
  for (const one of made) if (auxiliaryOf(one.path) === 'meta') refreshSubject(memory, one.path, { rows, at, isNext })
  for (const parent of parents) advance(memory, parent, { made, parents, rows, at, isNext })
}

/** The entry after this commit when the change tells all of it, else undefined. */
function entryAfter(one: Made, { ops, bodies }: Pick<Applied, 'ops' | 'bodies'>, at: Version): Entry | undefined {
  const absent = { body: undefined, seq: at.seq, meta: undefined, derived: undefined }
  if (one.act === 'delete') return { ...absent, resource: undefined }
  const written = bodyOf(one.path, ops)
  if (written === undefined) return undefined
  const { mediaType, body } = written
  const resource: Resource = {
    path: one.path,
    kind: kindOf(one.path),
    version: at,
    childSeq: 0,
    mediaType,
    size: body.size,
    sha256: body.sha256,
    // Where inline bytes were put is the store's affair; they are resident with this entry.
    bodyRef: body.blob === undefined ? undefined : { blob: body.blob },
    modifiedMs: one.modifiedMs,
  }
  return {
    resource,
    body: body.inline ?? residentBody(bodies?.get(one.path)),
    seq: at.seq,
    meta: undefined,
    derived: undefined,
  }
}

function residentBody(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes === undefined || bytes.length > maxResidentBody ? undefined : bytes
}

function bodyOf(path: Path, ops: readonly Op[]): { mediaType: string; body: StagedBody } | undefined {
  for (const op of ops) {
    if (op.kind === 'put' && op.path === path) return op
    if (op.kind !== 'create' || !path.startsWith(op.container)) continue
    if (auxiliaryOf(path) === 'meta') {
      if (op.meta !== undefined) return op.meta
    } else if (op.body !== undefined && parentOf(path) === op.container) {
      return { mediaType: op.mediaType, body: op.body }
    }
  }
  return undefined
}

function kindOf(path: Path): Kind {
  return auxiliaryOf(path) ?? (path.endsWith('/') ? 'container' : 'document')
}

/** Installs what is completely known; otherwise forgets. Documents whose bytes lie in a blob are read on first use. */
function settle(memory: EntryMemory, path: Path, entry: Entry | undefined, seq: number): void {
  const key = keyOf(path)
  const known = memory.resident(key)
  if (known !== undefined && known.seq >= seq) return
  if (entry === undefined || (entry.resource !== undefined && entry.body === undefined)) memory.drop(key)
  else memory.put(key, entry)
}

/** A .meta came, changed or went: the container it describes looks different now. */
function refreshSubject(memory: EntryMemory, path: Path, step: Pick<Step, 'rows' | 'at' | 'isNext'>): void {
  const key = keyOf(subjectOf(path))
  const known = memory.resident(key)
  if (known?.resource?.kind !== 'container' || known.seq >= step.at.seq) return
  if (!step.isNext) return memory.drop(key)
  const entry: Entry = { ...known, meta: step.rows.get(path), derived: undefined }
  carryListing(known, entry)
  memory.put(key, entry)
}

interface Step {
  readonly made: readonly Made[]
  readonly parents: (Outcome & { readonly ok: true })['parents']
  readonly rows: ReadonlyMap<Path, Resource>
  readonly at: Version
  readonly isNext: boolean
}

/** Moves a resident container forward over this commit. */
function advance(memory: EntryMemory, parent: Step['parents'][number], step: Step): void {
  const key = keyOf(parent.path)
  const known = memory.resident(key)
  if (known?.resource === undefined || known.seq >= step.at.seq) return
  if (!step.isNext) return memory.drop(key)
  const resource = { ...known.resource, childSeq: step.at.seq, modifiedMs: parent.modifiedMs }
  const entry: Entry = { ...known, resource, seq: step.at.seq, derived: undefined }
  const listing = carryListing(known, entry)
  if (listing !== undefined) {
    if (known.derived?.metaText !== undefined) entry.derived!.metaText = known.derived.metaText
    for (const child of childrenAfter(parent.path, step)) {
      if (child.row === undefined) listing.remove(child.path)
      else listing.put(child.row)
    }
  }
  memory.put(key, entry)
}

/** The listing belongs to whoever is newest; the old entry keeps what it has already rendered. */
function carryListing(from: Entry, to: Entry): Derived['listing'] {
  const { derived } = from
  if (derived === undefined) return undefined
  to.derived = new Derived()
  to.derived.listing = derived.listing
  to.derived.isLarge = derived.isLarge
  derived.listing = undefined
  return to.derived.listing
}

/** The lines of a container that this commit changed; no row where the child is gone. */
function* childrenAfter(container: Path, step: Step): Iterable<{ path: Path; row: Child | undefined }> {
  for (const { path, act, modifiedMs } of step.made) {
    if (parentOf(path) !== container || auxiliaryOf(path) !== undefined) continue
    if (act === 'delete') yield { path, row: undefined }
    else yield { path, row: childOf(path, modifiedMs, step.rows.get(path)) }
  }
  for (const { path, modifiedMs } of step.parents) {
    const isMade = step.made.some((one) => one.path === path)
    if (parentOf(path) === container && !isMade) yield { path, row: childOf(path, modifiedMs, undefined) }
  }
}

function childOf(path: Path, modifiedMs: number, row: Resource | undefined): Child {
  const kind = path.endsWith('/') ? 'container' : 'document'
  return { path, kind, mediaType: row?.mediaType ?? '', size: row?.size ?? 0, modifiedMs }
}
