// Link headers (RFC 8288), sent as one comma-joined line with absolute targets (solid.md sections 1.3 to 1.6, 1.13 row 61),
// and the Link headers of requests, which may hold several values and unquoted parameters.
//
// An ACL has neither acl nor describedby; a description is governed by its subject's rule, so its acl is its subject's.

import { aclOf, auxiliaryOf, isContainer, metaOf, type Path, subjectOf } from '../path.ts'
import type { PodRecord } from '../store/resource.ts'

const ldp = 'http://www.w3.org/ns/ldp#'
export const storageDescriptionPath: Path = '/.well-known/solid'
const resourceType = typeLink(`${ldp}Resource`)
const containerTypes = `${typeLink(`${ldp}Container`)}, ${typeLink(`${ldp}BasicContainer`)}, ${resourceType}`

/** Absolute URL of a path in its pod. */
export function urlOf(pod: PodRecord, path: Path): string {
  return `${pod.base}${path.slice(1)}`
}

/**
 * The Link line of an existing resource: types, acl, describedby, storageDescription, and on the root the storage type and
 * the owners that are shown. With `isKnown` false, what may be said of a name whether something is there or not; the root
 * is always there.
 */
export function linkHeader(pod: PodRecord, path: Path, isKnown = true): string {
  const links: string[] = []
  if (isKnown) links.push(isContainer(path) ? containerTypes : resourceType)
  if (path === '/') links.push(typeLink('http://www.w3.org/ns/pim/space#Storage'))
  const auxiliary = auxiliaryOf(path)
  if (auxiliary !== 'acl') links.push(`<${urlOf(pod, aclOf(subjectOf(path)))}>; rel="acl"`)
  if (auxiliary === undefined) links.push(`<${urlOf(pod, metaOf(path))}>; rel="describedby"`)
  links.push(`<${urlOf(pod, storageDescriptionPath)}>; rel="http://www.w3.org/ns/solid/terms#storageDescription"`)
  if (isKnown && path === '/') {
    for (const owner of pod.shownOwners) links.push(`<${uriOf(owner)}>; rel="http://www.w3.org/ns/solid/terms#owner"`)
  }
  return links.join(', ')
}

/** An IRI as it may stand in a header (RFC 3987 section 3.1): a WebID may have any letter in it. */
function uriOf(iri: string): string {
  return iri.replace(/[^\x21-\x7e]+/g, (letters) => encodeURIComponent(letters.toWellFormed()))
}

function typeLink(type: string): string {
  return `<${type}>; rel="type"`
}

const containerModels: ReadonlySet<string> = new Set([`${ldp}Container`, `${ldp}BasicContainer`])

/** Bound on links looked at in one request. */
const maxLinks = 50

/**
 * Whether a request's Link headers ask for a container: rel=type of ldp:Container or ldp:BasicContainer. node:http joins
 * several headers by ", ". Read before anybody is asked who they are, so the time it takes must grow with the length only:
 * a target ends at the next `<`, too.
 */
export function asksForContainer(header: string | string[] | undefined): boolean {
  const text = Array.isArray(header) ? header.join(', ') : (header ?? '')
  let seen = 0
  for (const match of text.matchAll(/<([^<>]*)>((?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s";,]+))?)*)/g)) {
    if (++seen > maxLinks) return false
    const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s";,]+))/i.exec(match[2]!)
    const relations = (rel?.[1] ?? rel?.[2] ?? '').toLowerCase().split(/\s+/)
    if (relations.includes('type') && containerModels.has(match[1]!.trim())) return true
  }
  return false
}
