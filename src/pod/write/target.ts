// What a write is about, found before anything is decided: the resource at the path, its slash twin, the subject of an
// auxiliary resource, and the nearest container above a missing one. Only looks; rights are judged in rights.ts.
// Places that nobody may write, whatever the rights, are refused here by their path alone (rule 1, rule 3, pitfall 10).

import { XpodError } from '../../base/errors.ts'
import type { Entry, PodHome } from '../home.ts'
import { nearestExisting } from '../nearest.ts'
import {
  ancestorsOf,
  type Auxiliary,
  auxiliaryOf,
  hasAuxiliaryAncestor,
  isContainer,
  type Path,
  subjectOf,
} from '../path.ts'
import type { Op } from '../store/change.ts'
import type { PodRecord, Resource } from '../store/resource.ts'

export interface Target {
  readonly path: Path
  /** What an auxiliary path belongs to; the path itself otherwise. */
  readonly subject: Path
  readonly auxiliary: Auxiliary | undefined
  /** As the home has it: the row may be the slash twin. */
  readonly entry: Entry
  /** The resource at exactly this path. */
  readonly resource: Resource | undefined
  /** The name is taken in the other slash form. */
  readonly isTwin: boolean
  /** False when the subject of an auxiliary path does not exist in the form the path says, and is not made with it. */
  readonly hasSubject: boolean
  /** The missing container that an auxiliary path belongs to: an ancestor like any other, so PUT and PATCH make it. */
  readonly newContainer: Path | undefined
  /** Of what will be made: the nearest existing container above, which will list it or its first missing ancestor. */
  readonly above: Path | undefined
  /** A document stands where an ancestor container would be made. */
  readonly isBlocked: boolean
}

export async function findTarget(home: PodHome, path: Path): Promise<Target> {
  const entry = await entryAt(home, path)
  const resource = entry.resource?.path === path ? entry.resource : undefined
  const auxiliary = auxiliaryOf(path)
  const subject = subjectOf(path)
  const owner = auxiliary === undefined ? undefined : (await entryAt(home, subject)).resource
  const newContainer = auxiliary !== undefined && owner === undefined && isContainer(subject) ? subject : undefined
  const hasSubject = auxiliary === undefined || owner?.path === subject || newContainer !== undefined
  const made = newContainer ?? (resource === undefined && auxiliary === undefined ? path : undefined)
  const { above, isBlocked } = made === undefined ? nothingMade : await nearestContainer(home, made)
  const isTwin = resource === undefined && entry.resource !== undefined
  return { path, subject, auxiliary, entry, resource, isTwin, hasSubject, newContainer, above, isBlocked }
}

const nothingMade = { above: undefined, isBlocked: false }

export function entryAt(home: PodHome, path: Path): Entry | Promise<Entry> {
  return home.peek(path) ?? home.load(path)
}

async function nearestContainer(home: PodHome, path: Path): Promise<{ above: Path; isBlocked: boolean }> {
  const ancestors = ancestorsOf(path)
  if (ancestors.length === 0) return { above: '/', isBlocked: false }
  const nearest = await nearestExisting(ancestors, async (up) => (await entryAt(home, up)).resource !== undefined)
  const above = ancestors[nearest]!
  const { resource } = await entryAt(home, above)
  // A document of that name has no members: the container that holds it is the one above.
  if (resource === undefined || resource.path === above) return { above, isBlocked: false }
  return { above: ancestors[nearest + 1]!, isBlocked: true }
}

/** What comes before the put of an auxiliary resource in one change. */
export function subjectOps({ newContainer }: Target): readonly Op[] {
  return newContainer === undefined ? [] : [{ kind: 'container', path: newContainer }]
}

/** Bytes of the body that a write would replace. */
export function sizeOf(target: Target): number {
  return target.resource?.size ?? 0
}

/** Throws the 409 of a name that cannot be made where it is asked for. */
export function refuseMisplaced(target: Target): void {
  if (!target.hasSubject) throw new XpodError('AUXILIARY_CONFLICT', 'the resource it belongs to does not exist')
  if (target.isTwin) throw new XpodError('SLASH_TWIN')
  if (target.isBlocked) throw new XpodError('ANCESTOR_IS_DOCUMENT')
}

/** Refuses by the path alone what no pod keeps there. Throws AUXILIARY_CONFLICT, METHOD_NOT_ALLOWED. */
export function refusePlace(pod: PodRecord, path: Path): void {
  if (hasAuxiliaryAncestor(path)) throw new XpodError('AUXILIARY_CONFLICT', 'its name belongs to an auxiliary resource')
  if (auxiliaryOf(subjectOf(path)) !== undefined && auxiliaryOf(path) !== undefined) {
    throw new XpodError('AUXILIARY_CONFLICT', 'an auxiliary resource has no auxiliary resources')
  }
  if (isReserved(pod, path)) {
    throw new XpodError('METHOD_NOT_ALLOWED', 'this path belongs to the server', {
      headers: ['Allow', 'GET, HEAD, OPTIONS'],
    })
  }
}

const reservedInPods = /^\/(?:\.notifications|\.internal|\.well-known\/solid)(?:\/|$|\.(?:acl|meta)$)/
const reservedAtOrigins = /^\/\.well-known\/(?:acme-challenge|pki-validation|openid-configuration|xpod)(?:\/|$)/

/** The names of a pod that the server keeps for itself (rule 3, pitfall 35). */
export function isReserved(pod: PodRecord, path: Path): boolean {
  if (!path.startsWith('/.')) return false
  return reservedInPods.test(path) || (reservedAtOrigins.test(path) && new URL(pod.base).pathname === '/')
}
