// The normal form of an absolute URL, so that two spellings of one resource compare equal: a DPoP htu with the target,
// an acl:accessTo with a path of the pod. Scheme and host in lower case, no default port, path by canonicalPath.
// Deliberately not the URL class for paths: that one resolves dot segments, which xpod refuses.

import { canonicalPath, type Path } from './path.ts'
import type { PodRecord } from './store/resource.ts'

import { XpodError } from '../base/errors.ts'

const shape = /^(https?):\/\/([^/?#\\]+)([^?#]*)([?#].*)?$/is

export interface CanonicalUrl {
  /** Without query and fragment. */
  readonly url: string
  /** Whether there was no query and no fragment. */
  readonly bare: boolean
}

/** Undefined when it is no http(s) URL, has credentials in it, or its path has no canonical form. */
export function canonicalUrl(text: string): CanonicalUrl | undefined {
  const match = shape.exec(text)
  if (match === null || match[2]!.includes('@')) return undefined
  const origin = `${match[1]!}://${match[2]!}`
  if (!URL.canParse(origin)) return undefined
  const path = pathOf(match[3]!)
  return path === undefined ? undefined : { url: new URL(origin).origin + path, bare: match[4] === undefined }
}

function pathOf(raw: string): Path | undefined {
  if (raw === '') return '/'
  try {
    // canonicalPath takes what node:http gives: the bytes of the path as Latin-1.
    return canonicalPath(Buffer.from(raw, 'utf8').toString('latin1'))
  } catch (error) {
    if (error instanceof XpodError) return undefined
    throw error
  }
}

/** The path inside the pod that an IRI names, by the pod's base or a former base of it; undefined when it is elsewhere. */
export function pathInPod(pod: PodRecord, iri: string): Path | undefined {
  const canonical = canonicalUrl(iri)
  if (canonical === undefined || !canonical.bare) return undefined
  const base = [pod.base, ...pod.aliases].find((base) => canonical.url.startsWith(base))
  return base === undefined ? undefined : canonical.url.slice(base.length - 1)
}

/** An IRI under a former base of the pod, as it is under the present one (rule 2); others unchanged. */
export function currentIri(pod: PodRecord, iri: string): string {
  const alias = pod.aliases.find((alias) => iri.startsWith(alias))
  return alias === undefined ? iri : pod.base + iri.slice(alias.length)
}
