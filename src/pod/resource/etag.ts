// Entity tags (RFC 9110 section 8.8.3): the version of the resource, then what was made of it. The part before the first
// dot is the state; behind it stand media type and coding of the representation. So every representation has a strong tag
// of its own, and a write may use the tag of any of them (solid.md pitfalls 20 and 21).
//
// A container's state also holds childSeq, its modification time (which tells two futures apart after a restore) and the
// version of its .meta, because its listing shows all of them. childSeq alone would come again after a failover that has
// lost commits, so from the first one on the history of the database stands there too.

import type { Entry } from '../home.ts'
import type { Version } from '../store/resource.ts'

/** Seven significant letters of a media type or language in a tag; stored bytes have none. */
export type TagSuffix = string

const firstHistory = 1

/** The state part, without quotes. */
function stateOf(entry: Entry): string {
  const resource = entry.resource
  if (resource === undefined) return ''
  const own = versionText(resource.version)
  if (resource.kind !== 'container') return own
  const meta = entry.meta === undefined ? '' : `-${versionText(entry.meta.version)}`
  const { history = firstHistory } = entry
  const later = history > firstHistory ? `-h${history.toString(36)}` : ''
  return `${own}-${resource.childSeq.toString(36)}-${resource.modifiedMs.toString(36)}${meta}${later}`
}

/** The strong ETag of one representation, with quotes. `suffix` names media type and coding: `jsonld`, `.br`, `jsonld.br`. */
export function etagOf(entry: Entry, suffix: TagSuffix = ''): string {
  return suffix === '' ? `"${stateOf(entry)}"` : `"${stateOf(entry)}.${suffix}"`
}

/** Whether a tag (opaque part, without quotes) belongs to any representation of the entry's current state. */
export function matchesState(opaque: string, entry: Entry): boolean {
  if (entry.resource === undefined) return false
  const dot = opaque.indexOf('.')
  return (dot === -1 ? opaque : opaque.slice(0, dot)) === stateOf(entry)
}

function versionText(version: Version): string {
  return `${version.seq.toString(36)}-${version.mark.toString(36)}`
}

export interface EntityTag {
  readonly opaque: string
  readonly weak: boolean
}

/** Bound on tags looked at in one header; the rest cannot match. */
const maxTags = 100

/** The tags of If-Match, If-None-Match or If-Range; '*' for the star; undefined when there is not one valid tag. */
export function parseTags(header: string): '*' | readonly EntityTag[] | undefined {
  if (header.trim() === '*') return '*'
  const tags: EntityTag[] = []
  for (const match of header.matchAll(/(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g)) {
    tags.push({ opaque: match[2]!, weak: match[1] !== undefined })
    if (tags.length === maxTags) break
  }
  return tags.length === 0 ? undefined : tags
}
