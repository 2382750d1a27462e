// A change as lines for the commit function: what must stand at a key, and what becomes of it, in the order in which they are
// judged. Only what is stored is left to the database; what earlier ops of the same change have settled is settled here.
// Says nothing of other changes: footprint.ts does.

import assert from 'node:assert/strict'

import {
  ancestorsOf,
  auxiliaryOf,
  hasAuxiliaryAncestor,
  isContainer,
  type Key,
  keyOf,
  nameOf,
  type Path,
  subjectOf,
} from '../../path.ts'
import type { Change, Op, Refusal, Require, StagedBody } from '../change.ts'
import { aclKind, containerKind, documentKind, firstAuxiliary, kinds, parentKeyOf } from '../rows.ts'

/** One object of the function's parameter `lines`; the names are the columns that it reads them as. */
export interface Line {
  readonly key?: Key
  readonly parent?: Key
  readonly name?: string
  /** Bits of what may stand at the key: 1 for nothing, 2 << kind for a kind. */
  readonly allow: number
  readonly why?: Refusal
  readonly at_path?: Path
  /** A version that must stand there. */
  readonly seq?: number
  readonly mark?: number
  readonly child_seq?: number
  /** acl_seq that the pod must have. */
  readonly acl_seq?: number
  /** No child but these may be stored: names that the same change deletes. */
  readonly gone?: readonly string[]
  /** The line only counts when this is stored, or is not. */
  readonly if_parent?: Key
  readonly if_name?: string
  readonly if_there?: boolean
  /** put: in any case; make: when nothing stands there; drop: when something does. */
  readonly act?: 'put' | 'make' | 'drop'
  /** Place in the outcome. */
  readonly rank?: number
  readonly kind?: number
  readonly media_type?: string
  readonly size?: number
  readonly sha256?: string
  readonly blob?: string | undefined
  /** Place of a small body among those of the change; the batch makes an offset of it. */
  readonly inline?: number | undefined
  /** A container that has children from the start. */
  fills?: boolean
  /** Containers above that learn of it; absent where there is none, or where it goes in the same change. */
  up_parent?: Key
  up_name?: string
  top_parent?: Key
  top_name?: string
}

export interface Compiled {
  readonly lines: readonly Line[]
  readonly bodies: readonly Uint8Array[]
  /** Keys of containers that may have to be made. */
  readonly ancestors: readonly Key[]
  /** Keys of all that is written besides. */
  readonly writes: readonly Key[]
  /** Keys of containers whose children count. */
  readonly counts: readonly Key[]
}

const nothing = 1
const anything = 31
const container = 2 << containerKind
const document = 2 << documentKind
const auxiliary = (2 << aclKind) | (2 << kinds.indexOf('meta'))
const noContainer = anything & ~container
/** Ancestors and what is cascaded come after the ops in an outcome. */
const furtherRank = 1_000_000

/** Throws an assertion when a key appears twice, or an op depends on which name an earlier one takes. */
export function compile(change: Change): Compiled {
  const draft = new Draft()
  for (const one of change.require) addRequire(draft, one)
  for (const op of change.ops) {
    addOp(draft, op)
    if (draft.isRefused) break
  }
  return draft.finish()
}

interface Content {
  readonly mediaType: string
  readonly body: StagedBody
}

/** Which stored state a line of a create needs; none for one that is always tried. */
interface Condition {
  readonly key: Key
  readonly isThere: boolean
}

interface Planned {
  /** Undefined once deleted. */
  readonly kind: number | undefined
  /** Which of two names is taken is not known before. */
  readonly isOpen: boolean
}

class Draft {
  readonly ancestors: Key[] = []
  readonly counts: Key[] = []
  /** An op can never be: nothing after it matters. */
  isRefused = false
  readonly #lines: Line[] = []
  readonly #bodies: Uint8Array[] = []
  readonly #planned = new Map<Key, Planned>()
  #rank = 0
  #further = furtherRank

  /** What earlier ops have made of the key; undefined when only the database knows. */
  known(key: Key): { readonly kind: number | undefined } | undefined {
    const planned = this.#planned.get(key)
    assert(planned?.isOpen !== true, 'no op depends on the name that an earlier one takes')
    return planned
  }

  look(line: Line): void {
    this.#lines.push(line)
  }

  refuse(why: Refusal, at: Path): void {
    this.isRefused = true
    this.#lines.push({ allow: 0, why, at_path: at })
  }

  /** Whether the change may go on as far as is known here. */
  expect(key: Key, allow: number, refusal: { readonly why: Refusal; readonly at: Path }): boolean {
    const known = this.known(key)
    if (known === undefined) this.look({ ...placeOf(key), allow, why: refusal.why, at_path: refusal.at })
    else if ((allow & bitOf(known.kind)) === 0) this.refuse(refusal.why, refusal.at)
    return !this.isRefused
  }

  put(key: Key, kind: number, content: Content | undefined): void {
    this.#plan(key, kind)
    this.#write({ ...placeOf(key), allow: anything, act: 'put', rank: this.#rank++ }, kind, content)
  }

  /** A container above that is made when it is missing; in an outcome the topmost comes first. */
  makeAncestor(key: Key, depth: number): void {
    this.#plan(key, containerKind)
    this.ancestors.push(key)
    const refusal = { why: 'ancestor-is-document', at_path: key } as const
    const line = {
      ...placeOf(key),
      ...refusal,
      allow: nothing | container,
      act: 'make',
      rank: this.#further + depth,
    } as const
    this.#write(line, containerKind, undefined)
  }

  /** Further ones of the outcome come after so many. */
  leaveRanks(count: number): void {
    this.#further += count
  }

  /** One of the names that a create may take, with its .meta. */
  putNamed(op: Extract<Op, { kind: 'create' }>, key: Key, more: NamedLine): void {
    const kind = op.body === undefined ? containerKind : documentKind
    const { own, meta, isOpen } = more
    this.#plan(key, kind, isOpen)
    const body = op.body === undefined ? undefined : { mediaType: op.mediaType, body: op.body }
    this.#write({ ...placeOf(key), allow: anything, act: 'put', ...own, rank: this.#rank++ }, kind, body)
    if (op.meta === undefined) return
    const metaKey = `${key}${op.body === undefined ? '/' : ''}.meta`
    this.#plan(metaKey, kinds.indexOf('meta'), isOpen)
    const line = { ...placeOf(metaKey), allow: anything, act: 'put', ...meta, rank: this.#rank++ } as const
    this.#write(line, kinds.indexOf('meta'), op.meta)
  }

  delete(key: Key): void {
    this.#plan(key, undefined)
    const line = { ...placeOf(key), allow: anything, act: 'drop', rank: this.#rank++ } as const
    this.#lines.push(auxiliaryOf(key) === undefined ? { ...line, ...aboveOf(key) } : line)
  }

  cascade(key: Key): void {
    if (this.#planned.get(key) !== undefined && this.known(key)!.kind === undefined) return
    this.#plan(key, undefined)
    this.#lines.push({ ...placeOf(key), allow: anything, act: 'drop', rank: this.#further++ })
  }

  /** Children that this change makes, and the names of those that it deletes. */
  childrenOf(key: Key): { readonly isMade: boolean; readonly gone: readonly string[] } {
    const gone: string[] = []
    let isMade = false
    for (const [other, { kind }] of this.#planned) {
      if (other === '' || parentKeyOf(other) !== key || auxiliaryOf(other) !== undefined) continue
      if (kind === undefined) gone.push(nameOf(other))
      else isMade = true
    }
    return { isMade, gone }
  }

  finish(): Compiled {
    const filled = this.#filled()
    for (const line of this.#lines) this.#settle(line, filled)
    const ancestors = new Set(this.ancestors)
    const writes = [...this.#planned.keys()].filter((key) => !ancestors.has(key))
    return { lines: this.#lines, bodies: this.#bodies, ancestors: this.ancestors, writes, counts: this.counts }
  }

  #plan(key: Key, kind: number | undefined, isOpen = false): void {
    assert(!this.#planned.has(key), 'a key appears once in a change')
    this.#planned.set(key, { kind, isOpen })
  }

  #write(line: Line & { readonly key: Key }, kind: number, content: Content | undefined): void {
    const { body } = content ?? {}
    const inline = body?.inline === undefined ? undefined : this.#bodies.push(body.inline) - 1
    this.#lines.push({
      ...line,
      kind,
      media_type: content?.mediaType ?? '',
      size: body?.size ?? 0,
      sha256: body === undefined ? '' : hexOf(body.sha256),
      blob: body?.blob,
      inline,
      ...(kind < firstAuxiliary ? aboveOf(line.key) : {}),
    })
  }

  /** What is only known once all ops are: which containers have children, and which are not there to learn of any. */
  #settle(line: Line, filled: ReadonlySet<Key>): void {
    if (line.act === undefined) return
    if (line.kind === containerKind) line.fills = filled.has(line.key!)
    if (line.up_parent === undefined) return
    const up = parentKeyOf(line.key!)
    if (this.#goes(up)) delete line.up_parent
    if (line.top_parent !== undefined && this.#goes(parentKeyOf(up))) delete line.top_parent
  }

  #goes(key: Key): boolean {
    const planned = this.#planned.get(key)
    return planned !== undefined && planned.kind === undefined
  }

  /** Keys that have something made at most two levels below. */
  #filled(): ReadonlySet<Key> {
    const filled = new Set<Key>()
    for (const [key, { kind }] of this.#planned) {
      if (key === '' || kind === undefined || kind >= firstAuxiliary) continue
      const up = parentKeyOf(key)
      filled.add(up)
      if (up !== '') filled.add(parentKeyOf(up))
    }
    return filled
  }
}

interface NamedLine {
  readonly own: Partial<Line>
  readonly meta: Partial<Line>
  /** There is another name that it may take. */
  readonly isOpen: boolean
}

function addRequire(draft: Draft, one: Require): void {
  if (one.kind === 'acl') return draft.look({ allow: anything, why: 'acl', at_path: '/', acl_seq: one.aclSeq })
  const key = keyOf(one.path)
  const form = isContainer(one.path) ? container : document | auxiliary
  const at = { ...placeOf(key), at_path: one.path }
  switch (one.kind) {
    case 'absent':
      return draft.look({ ...at, allow: nothing, why: 'exists' })
    case 'exists':
      return draft.look({ ...at, allow: form, why: 'missing' })
    case 'version': {
      if (one.childSeq !== undefined) draft.counts.push(key)
      const children = one.childSeq === undefined ? {} : { child_seq: one.childSeq }
      return draft.look({ ...at, allow: form, why: 'version', ...one.version, ...children })
    }
  }
}

function addOp(draft: Draft, op: Op): void {
  switch (op.kind) {
    case 'put':
      return auxiliaryOf(op.path) === undefined ? addDocument(draft, op) : addAuxiliary(draft, op)
    case 'create':
      return addCreate(draft, op)
    case 'container':
      return addContainer(draft, op.path)
    case 'delete':
      return addDelete(draft, op.path)
  }
}

function addDocument(draft: Draft, op: Content & { readonly path: Path }): void {
  if (isContainer(op.path)) return draft.refuse('slash-twin', op.path)
  if (!draft.expect(op.path, noContainer, { why: 'slash-twin', at: op.path })) return
  if (addAncestors(draft, op.path)) draft.put(op.path, documentKind, op)
}

function addAuxiliary(draft: Draft, op: Content & { readonly path: Path }): void {
  const subject = subjectOf(op.path)
  const allow = isContainer(subject) ? container : document
  if (!draft.expect(keyOf(subject), allow, { why: 'missing', at: subject })) return
  draft.put(op.path, kinds.indexOf(auxiliaryOf(op.path)!), op)
}

/** The wish when nothing stands there, else the fallback: two lines, of which the stored rows choose one. */
function addCreate(draft: Draft, op: Extract<Op, { kind: 'create' }>): void {
  const parent = keyOf(op.container)
  if (!draft.expect(parent, container, { why: 'missing', at: op.container })) return
  const fallback = `${parent}/${op.fallback}`
  const names = op.wish === undefined ? [fallback] : [...new Set([`${parent}/${op.wish}`, fallback])]
  const free = names.filter((key) => draft.known(key)?.kind === undefined)
  const taken = { allow: nothing, why: 'exists', at_path: fallback } as const
  const [first, second] = free
  if (first === undefined) return draft.refuse('exists', fallback)
  if (second === undefined) return draft.putNamed(op, first, { own: taken, meta: {}, isOpen: false })
  const here = conditionOf({ key: first, isThere: false })
  const otherwise = conditionOf({ key: first, isThere: true })
  draft.putNamed(op, first, { own: { act: 'make' }, meta: here, isOpen: true })
  draft.putNamed(op, second, { own: { ...taken, ...otherwise }, meta: otherwise, isOpen: true })
}

function addContainer(draft: Draft, path: Path): void {
  const key = keyOf(path)
  if (!draft.expect(key, noContainer, { why: 'exists', at: path })) return
  if (!draft.expect(key, nothing | container, { why: 'slash-twin', at: path })) return
  if (addAncestors(draft, path)) draft.put(key, containerKind, undefined)
}

/** Nearest first; a container has containers above it, so the order in which they are judged does not matter. */
function addAncestors(draft: Draft, path: Path): boolean {
  if (hasAuxiliaryAncestor(path)) draft.refuse('ancestor-is-document', path)
  const ancestors = ancestorsOf(path)
  for (const [index, ancestor] of draft.isRefused ? [] : ancestors.entries()) {
    const key = keyOf(ancestor)
    const known = draft.known(key)
    if (known?.kind === containerKind) break
    if (known?.kind !== undefined) {
      draft.refuse('ancestor-is-document', key)
      break
    }
    draft.makeAncestor(key, ancestors.length - index)
  }
  draft.leaveRanks(ancestors.length + 1)
  return !draft.isRefused
}

function addDelete(draft: Draft, path: Path): void {
  const key = keyOf(path)
  const isAbove = isContainer(path)
  const allow = isAbove ? container : document | auxiliary
  if (!draft.expect(key, allow, { why: 'missing', at: path })) return
  if (key === '') return draft.refuse('not-empty', path)
  if (isAbove) {
    const { isMade, gone } = draft.childrenOf(key)
    if (isMade) return draft.refuse('not-empty', path)
    draft.counts.push(key)
    draft.look({ ...placeOf(key), allow: anything, why: 'not-empty', at_path: path, gone })
  }
  draft.delete(key)
  if (!isAbove && auxiliaryOf(path) !== undefined) return
  draft.cascade(`${path}.acl`)
  draft.cascade(`${path}.meta`)
}

function placeOf(key: Key): { readonly key: Key; readonly parent: Key; readonly name: string } {
  return { key, parent: parentKeyOf(key), name: nameOf(key) }
}

/** The containers that learn of what happens to a document or a container: its parent and the parent of that. */
function aboveOf(key: Key): Partial<Line> {
  if (key === '') return {}
  const up = parentKeyOf(key)
  const nearest = { up_parent: parentKeyOf(up), up_name: nameOf(up) }
  if (up === '') return nearest
  const top = parentKeyOf(up)
  return { ...nearest, top_parent: parentKeyOf(top), top_name: nameOf(top) }
}

function conditionOf({ key, isThere }: Condition): Partial<Line> {
  return { if_parent: parentKeyOf(key), if_name: nameOf(key), if_there: isThere }
}

function bitOf(kind: number | undefined): number {
  return kind === undefined ? nothing : 2 << kind
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

/** About what the lines weigh on their way: a deep path has many, and each says all that is above it. */
export function weightOf({ lines }: Compiled): number {
  return lines.reduce((sum, { key = '' }) => sum + 200 + 5 * key.length, 0)
}
