// Which methods a target supports (solid.md rows 8 to 11, 52, pitfall 40). Independent of who asks: what is allowed to whom
// is WAC-Allow's business. Accept-Patch, -Post and -Put stand exactly where Allow names their method.

import { XpodError } from '../../base/errors.ts'
import { aclOf, isContainer, type Path } from '../path.ts'
import type { Resource } from '../store/resource.ts'

export interface AllowTarget {
  readonly path: Path
  /** What is at exactly this path; undefined when nothing is. */
  readonly resource: Pick<Resource, 'kind'> | undefined
  /** For containers: known to have no members. Unknown counts as empty. */
  readonly empty?: boolean
}

const reads = 'GET, HEAD, OPTIONS'
export const allMethods = `${reads}, PUT, POST, PATCH, DELETE`
const rootAcl = aclOf('/')

/** The value of Allow. */
export function allowedMethods({ path, resource, empty = true }: AllowTarget): string {
  if (resource === undefined) return isContainer(path) ? 'OPTIONS, PUT' : 'OPTIONS, PUT, PATCH'
  if (resource.kind === 'container') return path !== '/' && empty ? `${reads}, POST, DELETE` : `${reads}, POST`
  return path === rootAcl ? `${reads}, PUT, PATCH` : `${reads}, PUT, PATCH, DELETE`
}

/** Allow and the Accept-… headers that match it, as a flat list. */
export function allowHeaders(allow: string): readonly string[] {
  const headers = ['Allow', allow]
  if (allow.includes('PATCH')) headers.push('Accept-Patch', 'text/n3, application/sparql-update')
  if (allow.includes('POST')) headers.push('Accept-Post', '*/*')
  if (allow.includes('PUT')) headers.push('Accept-Put', '*/*')
  return headers
}

export function allowOf(target: AllowTarget): { readonly allow: string; readonly headers: readonly string[] } {
  const allow = allowedMethods(target)
  return { allow, headers: allowHeaders(allow) }
}

/** 405 with the methods that would work (RFC 9110 section 15.5.6). */
export function methodNotAllowed(target: AllowTarget, detail = ''): XpodError {
  return new XpodError('METHOD_NOT_ALLOWED', detail, { headers: allowOf(target).headers })
}
