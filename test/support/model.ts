// The pod store as a simple model in memory: what it should do, written from the contract alone. Slow and plain on purpose;
// paths keep their slashes here, and each change is applied to a copy of everything.

import { auxiliaryOf, hasAuxiliaryAncestor, isContainer, parentOf, subjectOf } from '../../src/pod/path.ts'
import type { Change, Op, Outcome, Refusal, Require } from '../../src/pod/store/change.ts'

export interface ModelResource {
  size: number
  seq: number
  childSeq: number
  mediaType: string
  modifiedMs: number
}

type Act = 'create' | 'update' | 'delete'
type State = Map<string, ModelResource>

class Refused extends Error {
  readonly why: Refusal
  readonly at: string
  constructor(why: Refusal, at: string) {
    super(why)
    this.why = why
    this.at = at
  }
}

export interface ModelOutcome {
  readonly ok: boolean
  readonly why?: Refusal
  readonly at?: string
  readonly seq?: number
  readonly aclSeq?: number
  readonly made?: unknown
  readonly parents?: unknown
}

export class ModelPod {
  state: State = new Map([['/', { size: 0, seq: 1, childSeq: 0, mediaType: '', modifiedMs: 0 }]])
  seq = 1
  aclSeq = 0
  readonly #quota: { readonly bytes: number; readonly resources: number }
  readonly #outcomes = new Map<string, ModelOutcome>()

  constructor(quota: { readonly bytes: number; readonly resources: number }, nowMs: number) {
    this.#quota = quota
    this.state.get('/')!.modifiedMs = nowMs
  }

  get bytes(): number {
    return [...this.state.values()].reduce((sum, one) => sum + one.size + 256, 0)
  }

  commit(change: Change, nowMs: number): ModelOutcome {
    const first = this.#outcomes.get(change.opId)
    if (first !== undefined) return first
    try {
      const outcome = this.#run(change, nowMs)
      this.#outcomes.set(change.opId, outcome)
      return outcome
    } catch (error) {
      if (error instanceof Refused) return { ok: false, why: error.why, at: error.at }
      throw error
    }
  }

  #run(change: Change, nowMs: number): ModelOutcome {
    for (const one of change.require) this.#require(one)
    const trial = new Trial(new Map([...this.state].map(([path, row]) => [path, { ...row }])), this.seq + 1, nowMs)
    for (const op of change.ops) trial.apply(op)
    this.#checkQuota(trial)
    const parents = trial.bump()
    this.state = trial.state
    this.seq++
    const isAcl = [...trial.acts.keys()].some((path) => path.endsWith('.acl'))
    if (isAcl) this.aclSeq = this.seq
    const made = [...trial.ops, ...trial.further].map((path) => {
      const act = trial.acts.get(path)!
      return { path, act, modifiedMs: act === 'delete' ? nowMs : trial.state.get(path)!.modifiedMs }
    })
    return { ok: true, seq: this.seq, aclSeq: this.aclSeq, made, parents }
  }

  #require(one: Require): void {
    if (one.kind === 'acl') {
      if (one.aclSeq !== this.aclSeq) throw new Refused('acl', '/')
      return
    }
    const row = this.state.get(one.path)
    const isTaken = row !== undefined || this.state.has(twinOf(one.path))
    if (one.kind === 'absent' && isTaken) throw new Refused('exists', one.path)
    if (one.kind === 'exists' && row === undefined) throw new Refused('missing', one.path)
    if (one.kind === 'version' && row?.seq !== one.version.seq) throw new Refused('version', one.path)
  }

  #checkQuota(trial: Trial): void {
    let grownByOthers = false
    for (const path of trial.acts.keys()) {
      const grown = weight(trial.state.get(path)) - weight(this.state.get(path))
      if (grown > 0 && !path.endsWith('.acl')) grownByOthers = true
    }
    const bytes = [...trial.state.values()].reduce((sum, one) => sum + weight(one), 0)
    const limit = this.#quota.bytes + (grownByOthers ? 0 : 1024 * 1024)
    const tooMany = grownByOthers && trial.state.size > this.state.size && trial.state.size > this.#quota.resources
    if ((bytes > this.bytes && bytes > limit) || tooMany) throw new Refused('quota', trial.ops[0]!)
  }
}

class Trial {
  readonly state: State
  readonly acts = new Map<string, Act>()
  readonly ops: string[] = []
  readonly further: string[] = []
  readonly #before: ReadonlySet<string>
  readonly #seq: number
  readonly #nowMs: number

  constructor(state: State, seq: number, nowMs: number) {
    this.state = state
    this.#before = new Set(state.keys())
    this.#seq = seq
    this.#nowMs = nowMs
  }

  apply(op: Op): void {
    switch (op.kind) {
      case 'put':
        if (auxiliaryOf(op.path) !== undefined) {
          if (!this.state.has(subjectOf(op.path)) || auxiliaryOf(subjectOf(op.path)) !== undefined) {
            throw new Refused('missing', subjectOf(op.path))
          }
        } else {
          if (this.state.has(twinOf(op.path))) throw new Refused('slash-twin', op.path)
          this.#makeAncestors(op.path)
        }
        this.ops.push(this.#set(op.path, op.body.size, op.mediaType))
        return
      case 'container':
        if (this.state.has(op.path)) throw new Refused('exists', op.path)
        if (this.state.has(twinOf(op.path))) throw new Refused('slash-twin', op.path)
        this.#makeAncestors(op.path)
        this.ops.push(this.#set(op.path, 0, ''))
        return
      case 'create':
        this.#create(op)
        return
      case 'delete':
        this.#delete(op.path)
    }
  }

  /** What containers learn of their children; paths in order. */
  bump(): unknown[] {
    const bumped = new Map<string, boolean>()
    for (const [path, act] of this.acts) {
      if (auxiliaryOf(path) !== undefined || path === '/') continue
      const parent = parentOf(path)!
      const containment = act !== 'update'
      bumped.set(parent, (bumped.get(parent) ?? false) || containment)
      const above = parentOf(parent)
      if (containment && above !== undefined) bumped.set(above, bumped.get(above) ?? false)
    }
    const parents = []
    for (const [path, containment] of bumped) {
      const row = this.state.get(path)
      if (row === undefined) continue
      row.childSeq = this.#seq
      const isNew = this.acts.get(path) === 'create'
      if (containment && !isNew) row.modifiedMs = Math.max(this.#nowMs, row.modifiedMs + 1)
      parents.push({ path, containment: containment || isNew, modifiedMs: row.modifiedMs })
    }
    return parents.sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  #create(op: Extract<Op, { kind: 'create' }>): void {
    if (!this.state.has(op.container)) throw new Refused('missing', op.container)
    const isTaken = (name: string): boolean =>
      this.state.has(`${op.container}${name}`) || this.state.has(`${op.container}${name}/`)
    const name = op.wish !== undefined && !isTaken(op.wish) ? op.wish : op.fallback
    if (isTaken(name)) throw new Refused('exists', `${op.container}${name}`)
    const path = `${op.container}${name}${op.body === undefined ? '/' : ''}`
    this.ops.push(this.#set(path, op.body?.size ?? 0, op.body === undefined ? '' : op.mediaType))
    if (op.meta !== undefined) this.ops.push(this.#set(`${path}.meta`, op.meta.body.size, op.meta.mediaType))
  }

  #delete(path: string): void {
    if (!this.state.has(path)) throw new Refused('missing', path)
    if (path === '/') throw new Refused('not-empty', path)
    const children = [...this.state.keys()].filter(
      (other) => isContainer(path) && parentOf(other) === path && auxiliaryOf(other) === undefined,
    )
    if (children.length > 0) throw new Refused('not-empty', path)
    this.state.delete(path)
    this.acts.set(path, 'delete')
    this.ops.push(path)
    for (const auxiliary of auxiliaryOf(path) === undefined ? [`${path}.acl`, `${path}.meta`] : []) {
      if (!this.state.delete(auxiliary)) continue
      this.acts.set(auxiliary, 'delete')
      this.further.push(auxiliary)
    }
  }

  #makeAncestors(path: string): void {
    if (hasAuxiliaryAncestor(path)) throw new Refused('ancestor-is-document', path)
    const missing: string[] = []
    for (let up = parentOf(path); up !== undefined && !this.state.has(up); up = parentOf(up)) {
      if (this.state.has(twinOf(up))) throw new Refused('ancestor-is-document', twinOf(up))
      missing.unshift(up)
    }
    for (const one of missing) this.further.push(this.#set(one, 0, ''))
  }

  #set(path: string, size: number, mediaType: string): string {
    const before = this.state.get(path)
    const modifiedMs = before === undefined ? this.#nowMs : Math.max(this.#nowMs, before.modifiedMs + 1)
    this.state.set(path, { size, seq: this.#seq, childSeq: before?.childSeq ?? 0, mediaType, modifiedMs })
    this.acts.set(path, this.#before.has(path) ? 'update' : 'create')
    return path
  }
}

/** The store's outcome in the form in which the model gives it. */
export function comparable(outcome: Outcome): ModelOutcome {
  if (!outcome.ok) return outcome
  const { at, aclSeq, made, parents } = outcome
  const sorted = [...parents].sort((a, b) => (a.path < b.path ? -1 : 1))
  return { ok: true, seq: at.seq, aclSeq, made: [...made], parents: sorted }
}

function weight(row: ModelResource | undefined): number {
  return row === undefined ? 0 : row.size + 256
}

function twinOf(path: string): string {
  return isContainer(path) ? path.slice(0, -1) : `${path}/`
}
