// Preconditions (RFC 9110 section 13). Reads compare with the representation they would send, writes with the state of the
// resource, whatever representation its tag came from. For a write the judgement is also given as `Require`s, which the
// commit repeats inside its transaction: between this check and the commit somebody else may write.
//
// On containers only entity tags count (rule 18): their Last-Modified follows containment alone. A header that holds no
// valid tag or date is ignored, as section 13.1 asks for dates; If-Match without a valid tag never matches.

import { XpodError } from '../../base/errors.ts'
import type { RequestHeaders } from '../exchange.ts'
import type { Entry } from '../home.ts'
import { type Path, metaOf } from '../path.ts'
import type { Require } from '../store/change.ts'
import type { Resource } from '../store/resource.ts'
import { matchesState, parseTags } from './etag.ts'

/**
 * Throws PRECONDITION_FAILED, or gives what the commit must require so that the judgement still holds when it happens.
 * An entry whose resource has the other slash form counts as absent for If-Match and as present for If-None-Match: *.
 */
export function checkWriteConditions(headers: RequestHeaders, entry: Entry, path: Path): readonly Require[] {
  const requires: Require[] = []
  const here = entry.resource?.path === path ? entry.resource : undefined
  const ifMatch = headers['if-match']
  if (ifMatch !== undefined) requires.push(...judgeIfMatch(ifMatch, here === undefined ? undefined : entry, path))
  else requires.push(...judgeUnmodifiedSince(headers['if-unmodified-since'], here, entry))
  const ifNoneMatch = headers['if-none-match']
  if (ifNoneMatch !== undefined) requires.push(...judgeIfNoneMatch(ifNoneMatch, entry, path))
  return requires
}

function judgeIfMatch(header: string, entry: Entry | undefined, path: Path): Require[] {
  const tags = parseTags(header)
  if (entry === undefined) throw failed('If-Match: there is no such resource')
  if (tags === '*') return [{ kind: 'exists', path }]
  if (!(tags ?? []).some((tag) => !tag.weak && matchesState(tag.opaque, entry))) throw failed('If-Match')
  return unchanged(entry)
}

function judgeIfNoneMatch(header: string, entry: Entry, path: Path): Require[] {
  const tags = parseTags(header)
  if (tags === undefined) return []
  if (entry.resource === undefined) return [{ kind: 'absent', path }]
  if (tags === '*') throw failed('If-None-Match: the resource exists')
  if (tags.some((tag) => matchesState(tag.opaque, entry))) throw failed('If-None-Match')
  return entry.resource.path === path ? unchanged(entry) : []
}

function judgeUnmodifiedSince(header: string | undefined, resource: Resource | undefined, entry: Entry): Require[] {
  const sinceMs = dateOf(header)
  if (sinceMs === undefined || resource === undefined || resource.kind === 'container') return []
  if (wholeSeconds(resource.modifiedMs) > sinceMs) throw failed('If-Unmodified-Since')
  return unchanged(entry)
}

/** What must not change until the commit: the row, and for a container its children and its .meta. */
function unchanged(entry: Entry): Require[] {
  const resource = entry.resource!
  const { path, version, childSeq } = resource
  if (resource.kind !== 'container') return [{ kind: 'version', path, version }]
  const meta = metaOf(path)
  return [
    { kind: 'version', path, version, childSeq },
    entry.meta === undefined
      ? { kind: 'absent', path: meta }
      : { kind: 'version', path: meta, version: entry.meta.version },
  ]
}

function failed(condition: string): XpodError {
  return new XpodError('PRECONDITION_FAILED', condition)
}

export interface Validators {
  readonly etag: string
  readonly modifiedMs: number
  /** Containers: dates are ignored. */
  readonly datesCount: boolean
}

/**
 * For GET and HEAD of an existing resource: true when the answer is 304. Throws PRECONDITION_FAILED for If-Match and
 * If-Unmodified-Since, which compare with the state of the resource as they do for writes.
 */
export function isNotModified(headers: RequestHeaders, entry: Entry, validators: Validators): boolean {
  const { 'if-match': ifMatch, 'if-unmodified-since': unmodifiedSince, 'if-none-match': ifNoneMatch } = headers
  if (ifMatch !== undefined) judgeIfMatch(ifMatch, entry, entry.resource!.path)
  else if (unmodifiedSince !== undefined) judgeUnmodifiedSince(unmodifiedSince, entry.resource, entry)
  if (ifNoneMatch !== undefined) return ifNoneMatch === validators.etag || listMatches(ifNoneMatch, validators.etag)
  const since = headers['if-modified-since']
  if (since === undefined || !validators.datesCount) return false
  const sinceMs = dateOf(since)
  return sinceMs !== undefined && wholeSeconds(validators.modifiedMs) <= sinceMs
}

/** Weak comparison of the listed tags with one ETag (with quotes). */
function listMatches(header: string, etag: string): boolean {
  const tags = parseTags(header)
  if (tags === undefined) return false
  return tags === '*' || tags.some((tag) => tag.opaque === etag.slice(1, -1))
}

/** Whether a Range still fits what the client holds (RFC 9110 section 13.1.5): strong comparison, or the exact date. */
export function ifRangeHolds(ifRange: RequestHeaders[string], validators: Validators): boolean {
  if (ifRange === undefined) return true
  const header = String(ifRange)
  if (header.startsWith('"') || header.startsWith('W/')) return header.trim() === validators.etag
  return dateOf(header) === wholeSeconds(validators.modifiedMs)
}

/** Milliseconds of an HTTP date, or undefined when it is none. */
function dateOf(header: string | undefined): number | undefined {
  if (header === undefined || !/^[A-Z][a-z]+, .* GMT$|^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d .* \d{4}$/.test(header))
    return undefined
  const ms = Date.parse(header.endsWith('GMT') ? header : `${header} GMT`)
  return Number.isNaN(ms) ? undefined : ms
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000
}
