// Web Access Control (https://solidproject.org/TR/wac): which ACL is in force for a resource, and what it gives to an agent.
// The effective ACL is the resource's own, else that of the nearest container that has one; never a union, never above the
// root of the pod. Owners of the pod always keep Control, and nothing else, so that no ACL locks everybody out (rule 4).
// A damaged or missing root ACL therefore gives nothing to anybody but Control to the owners. Reads documents, writes none.

import { XpodError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Agent } from '../auth/agent.ts'
import { nearestExisting } from '../nearest.ts'
import { aclOf, ancestorsOf, parentOf, type Path } from '../path.ts'
import type { RdfWorkers } from '../rdf/workers.ts'
import type { PodId, PodRecord } from '../store/resource.ts'
import { currentIri } from '../url.ts'
import { type Acl, parseAcl } from './acl-document.ts'
import { type Groups, type GroupSource, maxGroupBytes, parseGroups } from './groups.ts'
import { type AclSource, type Authorizer, control, type Modes, noAccess, type StoredDocument } from './modes.ts'
import { isUnreadable } from './remote-document.ts'
import {
  type GroupRule,
  inheritedRules,
  noRules,
  ownRules,
  type Rules,
  rulesForOrigin,
  rulesIn,
  textOf,
} from './rules.ts'
import { entryWeight, type PodRules, RulesCache } from './rules-cache.ts'

export interface WacOptions {
  readonly acls: AclSource
  readonly groups: GroupSource
  /** Whether acl:origin restricts web pages (--acl-origin). */
  readonly acceptOrigin: boolean
  readonly rdf: RdfWorkers
  readonly log: Log
}

export interface WacAuthorizer extends Authorizer {
  /** Drops what is remembered of a pod that is gone from here. */
  forget(pod: PodId): void
}

const maxAttempts = 5
/** Ancestors whose ACLs are looked for one by one without asking which of them exist. */
const maxWalked = 16
const unusable: Acl = { authorizations: [], groupDocuments: [] }
/** Stands for a document that is there but cannot be read; no parser takes it. */
const damaged: StoredDocument = { bytes: new Uint8Array(), mediaType: '', version: 'damaged' }
const noGroups: Groups = new Map()

export function createWacAuthorizer(options: WacOptions): WacAuthorizer {
  const cache = new RulesCache()
  const deps: Deps = { ...options, cache }
  return {
    modes: (pod, path, agent) => {
      const rules = rulesOf(deps, pod, path)
      return rules instanceof Promise
        ? rules.then((rules) => judge(deps, pod, rules, agent))
        : judge(deps, pod, rules, agent)
    },
    async ownRules(pod, path) {
      const acl = await readAcl(deps, pod, cache.of(pod.id, deps.acls.aclSeq(pod)), aclOf(path))
      return acl && textOf(ownRules(acl, path))
    },
    modesUnder: (pod, rules, agent) => judge(deps, pod, rulesIn(rules), agent),
    forget: (pod) => cache.forget(pod),
  }
}

interface Deps extends WacOptions {
  readonly cache: RulesCache
}

// Which rules

function rulesOf(deps: Deps, pod: PodRecord, path: Path): Rules | Promise<Rules> {
  const state = deps.cache.of(pod.id, deps.acls.aclSeq(pod))
  const known = state.subjects.get(path)
  if (known !== undefined) return known
  const parent = parentOf(path)
  const inherited = parent === undefined ? undefined : state.inherited.get(parent)
  if (inherited === undefined) return resolve(deps, pod, path)
  const own = deps.acls.readDocument(pod, aclOf(path))
  if (own === undefined) return keep(deps, pod, state, { path, rules: inherited, containers: [] })
  // On its way: resolve() asks for the same, and is the one to hear when it fails.
  if (own instanceof Promise) own.catch(() => undefined)
  return resolve(deps, pod, path)
}

/** Derives from one state of the ACLs: what changed meanwhile is read again, so no mixture of two states ever counts. */
async function resolve(deps: Deps, pod: PodRecord, path: Path): Promise<Rules> {
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const state = deps.cache.of(pod.id, deps.acls.aclSeq(pod))
    const effective = await effectiveRules(deps, pod, state, path)
    if (deps.acls.aclSeq(pod) === state.seq) return keep(deps, pod, state, effective)
  }
  throw new XpodError('POD_BUSY', 'its access rules change too fast')
}

interface Effective {
  readonly path: Path
  readonly rules: Rules
  /** Containers that were found to inherit the same. */
  readonly containers: readonly Path[]
}

async function effectiveRules(deps: Deps, pod: PodRecord, state: PodRules, path: Path): Promise<Effective> {
  const own = await readAcl(deps, pod, state, aclOf(path))
  if (own !== undefined) return { path, rules: ownRules(own, path), containers: [] }
  const containers: Path[] = []
  for (const container of await ancestorsWithAcls(deps, pod, path)) {
    const known = state.inherited.get(container)
    if (known !== undefined) return { path, rules: known, containers }
    containers.push(container)
    const acl = await readAcl(deps, pod, state, aclOf(container))
    if (acl !== undefined) return { path, rules: inheritedRules(acl, container), containers }
  }
  return { path, rules: noRules, containers }
}

/** Those that may have an ACL: what does not exist has none. Only of long paths is that asked, which strangers make up. */
async function ancestorsWithAcls(deps: Deps, pod: PodRecord, path: Path): Promise<readonly Path[]> {
  const ancestors = ancestorsOf(path)
  if (ancestors.length <= maxWalked) return ancestors
  return ancestors.slice(await nearestExisting(ancestors, (up) => deps.acls.exists(pod, up)))
}

function keep(deps: Deps, pod: PodRecord, state: PodRules, effective: Effective): Rules {
  if (!deps.cache.isCurrent(pod.id, state)) return effective.rules
  state.subjects.set(effective.path, effective.rules)
  let bytes = entryWeight + effective.path.length
  for (const container of effective.containers) {
    state.inherited.set(container, effective.rules)
    bytes += entryWeight + container.length
  }
  deps.cache.charge(pod.id, bytes)
  return effective.rules
}

/** Undefined when there is none. One that is damaged still is the ACL in force: it gives nothing to anybody. */
async function readAcl(deps: Deps, pod: PodRecord, state: PodRules, aclPath: Path): Promise<Acl | undefined> {
  const stored = await readDocument(deps, pod, aclPath)
  if (stored === undefined) return undefined
  const known = state.parsed.get(aclPath)
  if (known !== undefined && known.version === stored.version) return known.acl
  const acl = await parseOrUnusable(deps, pod, aclPath, stored)
  const weight = entryWeight + aclPath.length + 2 * stored.bytes.length
  if (deps.cache.isCurrent(pod.id, state)) {
    state.parsed.set(aclPath, { version: stored.version, acl, weight })
    deps.cache.charge(pod.id, weight - (known?.weight ?? 0))
  }
  return acl
}

async function readDocument(deps: Deps, pod: PodRecord, path: Path): Promise<StoredDocument | undefined> {
  try {
    return await deps.acls.readDocument(pod, path)
  } catch (error) {
    if (!(error instanceof XpodError) || error.code !== 'CORRUPT') throw error
    return damaged
  }
}

async function parseOrUnusable(deps: Deps, pod: PodRecord, aclPath: Path, stored: StoredDocument): Promise<Acl> {
  try {
    return await parseAcl({ ...stored, pod, aclPath, rdf: deps.rdf })
  } catch (error) {
    if (!(error instanceof XpodError) || error.code !== 'ACL_INVALID') throw error
    deps.log.error('acl.unusable', { pod: pod.name, path: aclPath, error })
    return unusable
  }
}

// What they give

function judge(deps: Deps, pod: PodRecord, all: Rules, agent: Agent): Modes | Promise<Modes> {
  const isRestricted = deps.acceptOrigin && agent.origin !== undefined
  const rules = isRestricted ? rulesForOrigin(all, agent.origin!) : all
  if (agent.webId === undefined) return rules.everyone
  const webId = pod.aliases.length === 0 ? agent.webId : currentIri(pod, agent.webId)
  let modes = rules.authenticated | (rules.agents.get(webId) ?? noAccess)
  if (!isRestricted && isOwner(pod, webId)) modes |= control
  return rules.groups.length === 0 ? modes : withGroups(deps, pod, { modes, webId, groups: rules.groups })
}

function isOwner(pod: PodRecord, webId: string): boolean {
  if (pod.owners.includes(webId)) return true
  return pod.aliases.length > 0 && pod.owners.some((owner) => currentIri(pod, owner) === webId)
}

function withGroups(
  deps: Deps,
  pod: PodRecord,
  asked: { readonly modes: Modes; readonly webId: string; readonly groups: readonly GroupRule[] },
): Modes | Promise<Modes> {
  let modes = asked.modes
  const waiting: Promise<Modes>[] = []
  for (const rule of asked.groups) {
    if ((rule.modes & ~modes) === 0) continue
    const groups = groupsOf(deps, pod, rule)
    const modesIn = (groups: Groups): Modes => (groups.get(rule.group.iri)?.has(asked.webId) ? rule.modes : noAccess)
    if (groups instanceof Promise) waiting.push(groups.then(modesIn))
    else modes |= modesIn(groups)
  }
  if (waiting.length === 0) return modes
  return Promise.all(waiting).then((more) => more.reduce((all, one) => all | one, modes))
}

/** Groups of the same pod count by their current version: a commit that touches one starts a new acl_seq (rule 6). */
function groupsOf(deps: Deps, pod: PodRecord, { group }: GroupRule): Groups | Promise<Groups> {
  if (group.path === undefined) return deps.groups.groups(group.document)
  const state = deps.cache.of(pod.id, deps.acls.aclSeq(pod))
  return state.groups.get(group.path) ?? readGroups(deps, pod, state, group.path)
}

async function readGroups(deps: Deps, pod: PodRecord, state: PodRules, path: Path): Promise<Groups> {
  const stored = await readDocument(deps, pod, path)
  const groups =
    stored === undefined || stored.bytes.length > maxGroupBytes ? noGroups : await parseOrEmpty(deps, pod, path, stored)
  if (deps.cache.isCurrent(pod.id, state) && deps.acls.aclSeq(pod) === state.seq) {
    state.groups.set(path, groups)
    deps.cache.charge(pod.id, entryWeight + path.length + 2 * (stored?.bytes.length ?? 0))
  }
  return groups
}

async function parseOrEmpty(deps: Deps, pod: PodRecord, path: Path, stored: StoredDocument): Promise<Groups> {
  try {
    const document = { ...stored, base: pod.base + path.slice(1) }
    return await parseGroups(deps.rdf, document, (iri) => currentIri(pod, iri))
  } catch (error) {
    if (!isUnreadable(error)) throw error
    deps.log.info('group.unreadable', { document: pod.base + path.slice(1), error })
    return noGroups
  }
}
