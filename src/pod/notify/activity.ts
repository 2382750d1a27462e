// What a commit means to those who listen (Solid Notifications Protocol, Notification Message; rule 22; pitfall 48): one
// activity for each thing that happened to a topic. A resource hears Create, Update and Delete of itself. A container hears
// Add and Remove of its children and Update when its own .meta changes, and nothing of what happens inside a child. When a
// commit makes or takes away a container together with what is in it, the container hears of itself only, so a deep create
// is Create for each new container and one Add, on the first container that was there before.
//
// Pure. Ids follow from the commit, so whoever reads the same commit twice tells it under the same id.

import { hash } from 'node:crypto'

import { auxiliaryOf, isContainer, parentOf, type Path, subjectOf } from '../path.ts'
import type { FeedEntry, FeedTouch, Version } from '../store/resource.ts'

export type ActivityType = 'Create' | 'Update' | 'Delete' | 'Add' | 'Remove'

export interface Activity {
  /** `urn:uuid:…`, the same each time the same commit is read. */
  readonly id: string
  readonly type: ActivityType
  /** The resource that somebody may listen to. */
  readonly topic: Path
  /** What it happened to: the topic itself, or the child that came or went. */
  readonly object: Path
  /** The container of Add and Remove. */
  readonly target?: Path
  readonly atMs: number
  readonly version: Version
  /** Of a Delete that took the topic's own ACL along: the rules by which it is judged who may be told. */
  readonly ended?: string
}

const ofSelf = { create: 'Create', update: 'Update', delete: 'Delete' } as const

/** What one commit means to each topic that it concerns, in order. */
export function activitiesOf(entry: FeedEntry): readonly Activity[] {
  /** Containers and documents that came or went in this commit: all they hear is that. */
  const settled = new Set<Path>()
  for (const { path, act } of entry.touched) if (act !== 'update') settled.add(path)
  const activities: Activity[] = []
  const tell = (type: ActivityType, topic: Path, child?: Path): void => {
    activities.push(new CommitActivity(entry, type, topic, child))
  }
  for (const touch of entry.touched) {
    tell(ofSelf[touch.act], touch.path)
    const above = concerned(touch)
    if (above === undefined || settled.has(above)) continue
    if (auxiliaryOf(touch.path) !== undefined) tell('Update', above)
    else tell(touch.act === 'create' ? 'Add' : 'Remove', above, touch.path)
  }
  return activities
}

/** Who else hears of it: the container that lists what came or went, and the container that a .meta describes. */
function concerned({ path, act, kind }: FeedTouch): Path | undefined {
  if (kind === 'acl') return undefined
  if (kind === 'meta') return isContainer(subjectOf(path)) ? subjectOf(path) : undefined
  return act === 'update' ? undefined : parentOf(path)
}

/** Its id is worked out when it is first told: most commits have no listener. */
class CommitActivity implements Activity {
  readonly type: ActivityType
  readonly topic: Path
  readonly object: Path
  readonly target?: Path
  readonly atMs: number
  readonly version: Version
  readonly ended?: string
  readonly #opId: string
  #id: string | undefined

  constructor(entry: FeedEntry, type: ActivityType, topic: Path, child: Path | undefined) {
    this.type = type
    this.topic = topic
    this.object = child ?? topic
    if (child !== undefined) this.target = topic
    this.atMs = entry.atMs
    this.version = entry.version
    const { ended } = entry
    if (type === 'Delete' && ended?.subject === subjectOf(topic)) this.ended = ended.rules
    this.#opId = entry.opId
  }

  get id(): string {
    return (this.#id ??= nameOf(`${this.#opId} ${this.type} ${this.topic} ${this.object}`))
  }
}

/** What is told instead of what can no longer be told one by one: the topic is there and changed, or it is gone. */
export function catchUpActivity(topic: Path, isThere: boolean, at: Version, atMs: number): Activity {
  const type = isThere ? 'Update' : 'Delete'
  const id = nameOf(`catch-up ${at.seq}.${at.mark} ${type} ${topic}`)
  return { id, type, topic, object: topic, atMs, version: at }
}

/** A UUID of version 8 (RFC 9562) from the SHA-256 of a text. */
function nameOf(text: string): string {
  const hex = hash('sha256', text, 'hex')
  const variant = '89ab'[Number.parseInt(hex[16]!, 16) & 3]!
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
