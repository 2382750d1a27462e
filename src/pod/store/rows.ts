// Rows of the tables and the values of the contract that they stand for. Shared by everything that reads or writes them,
// whichever database holds them; the texts of queries are each engine's own.

import { isContainer, type Key, type Path } from '../path.ts'
import type { BodyRef, Child, Kind, Owners, PodHead, PodId, PodRecord, PodState, Resource } from './resource.ts'

/** The order is stored: only ever append. Below `firstAuxiliary` a resource is listed by its parent. */
export const kinds: readonly Kind[] = ['container', 'document', 'acl', 'meta']
export const containerKind = 0
export const documentKind = 1
export const aclKind = 2
export const firstAuxiliary = 2

/** The parent of the root, which no key can be: keys are empty or start with a slash. */
const aboveRoot = '.'

export const noHash = new Uint8Array(0)

export interface ResourceRow {
  readonly key: Key
  readonly kind: number
  readonly seq: number
  readonly mark: number
  readonly childSeq: number
  readonly mediaType: string
  readonly size: number
  readonly sha256: Uint8Array
  readonly body: number | null
  readonly blob: string | null
  readonly modifiedMs: number
  readonly d: Uint8Array
}

export interface HeadRow {
  readonly pod: number
  readonly node: string
  readonly epoch: number
  readonly state: string
  readonly seq: number
  readonly mark: number
  readonly aclSeq: number
  readonly bytes: number
  readonly resources: number
  readonly digest: Uint8Array
  readonly pins: number
}

export interface RecordRow {
  readonly id: string
  readonly name: string
  readonly base: string
  readonly aliases: string
  readonly owners: string
  readonly quotaBytes: number
  readonly quotaResources: number
  readonly createdMs: number
}

export function parentKeyOf(key: Key): Key {
  return key === '' ? aboveRoot : key.slice(0, key.lastIndexOf('/'))
}

export function pathOf(key: Key, kind: number): Path {
  return kind === containerKind ? `${key}/` : key
}

/** Whether a row has the slash form that the path asks for. */
export function hasFormOf(row: { readonly kind: number }, path: Path): boolean {
  return (row.kind === containerKind) === isContainer(path)
}

export function resourceOf(row: Omit<ResourceRow, 'd'>): Resource {
  return {
    path: pathOf(row.key, row.kind),
    kind: kinds[row.kind]!,
    version: { seq: row.seq, mark: row.mark },
    childSeq: row.childSeq,
    mediaType: row.mediaType,
    size: row.size,
    sha256: row.sha256,
    bodyRef: bodyRefOf(row),
    modifiedMs: row.modifiedMs,
  }
}

function bodyRefOf(row: Pick<ResourceRow, 'body' | 'blob'>): BodyRef | undefined {
  if (row.blob !== null) return { blob: row.blob }
  return row.body === null ? undefined : { inline: row.body }
}

export function headOf(pod: PodId, row: HeadRow): PodHead {
  return {
    pod,
    node: row.node,
    epoch: row.epoch,
    state: row.state as PodState,
    version: { seq: row.seq, mark: row.mark },
    aclSeq: row.aclSeq,
    bytes: row.bytes,
    resources: row.resources,
    digest: row.digest,
  }
}

export interface ChildRow {
  readonly key: Key
  readonly kind: number
  readonly mediaType: string
  readonly size: number
  readonly modifiedMs: number
}

export function childOf(row: ChildRow): Child {
  return {
    path: pathOf(row.key, row.kind),
    kind: row.kind === containerKind ? 'container' : 'document',
    mediaType: row.mediaType,
    size: row.size,
    modifiedMs: row.modifiedMs,
  }
}

export function recordOf(row: RecordRow): PodRecord {
  return {
    ...row,
    aliases: listOf(row.aliases),
    ...ownersOf(row.owners),
  }
}

/** JSON: WebIDs, those of shown owners as `{"shown": WebID}`. */
export function ownersText({ owners, shownOwners }: Owners): string {
  return JSON.stringify(owners.map((webId) => (shownOwners.includes(webId) ? { shown: webId } : webId)))
}

function ownersOf(json: string): Owners {
  if (!json.includes('{')) return { owners: listOf(json), shownOwners: none }
  const entries = JSON.parse(json) as (string | { readonly shown: string })[]
  const shownOwners = entries.flatMap((entry) => (typeof entry === 'string' ? [] : [entry.shown]))
  return { owners: entries.map((entry) => (typeof entry === 'string' ? entry : entry.shown)), shownOwners }
}

const none: readonly string[] = []

/** Most lists are empty or have one member, and a start reads them of every pod. */
function listOf(json: string): readonly string[] {
  if (json === '[]') return []
  const isOne = json.startsWith('["') && json.indexOf('"', 2) === json.length - 2 && !json.includes('\\')
  return isOne ? [json.slice(2, -2)] : (JSON.parse(json) as string[])
}
