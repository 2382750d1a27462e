// ACL documents (Web Access Control, Authorization Conformance): from RDF to rules as values, with the IRIs of the pod turned
// into paths. An Authorization that is incomplete, or that has a condition (none is supported and none advertised), is left
// out; what is not understood never widens access. Decides nothing about agents: see rules.ts.

import { KiB } from '../../base/bytes.ts'
import { XpodError } from '../../base/errors.ts'
import type { ParsedRdf } from '../rdf/graph.ts'
import { rdfTypeOf } from '../rdf/media-types.ts'
import { acl, rdf } from '../rdf/namespaces.ts'
import type { RdfWorkers } from '../rdf/workers.ts'
import { type Path, subjectOf } from '../path.ts'
import type { PodRecord } from '../store/resource.ts'
import { currentIri, pathInPod } from '../url.ts'
import { append, control, type Modes, noAccess, read, write } from './modes.ts'

export interface Authorization {
  readonly accessTo: readonly Path[]
  readonly default: readonly Path[]
  readonly modes: Modes
  /** WebIDs. */
  readonly agents: readonly string[]
  /** acl:agentClass foaf:Agent. */
  readonly everyone: boolean
  /** acl:agentClass acl:AuthenticatedAgent. */
  readonly authenticated: boolean
  /** Only of the first 16 group documents of the ACL. */
  readonly groups: readonly GroupName[]
  /** Serialised origins. */
  readonly origins: readonly string[]
}

/** A vcard:Group and where it is described. */
export interface GroupName {
  readonly iri: string
  /** The IRI without its fragment. */
  readonly document: string
  /** The document's path when it is of the pod of the ACL. */
  readonly path: Path | undefined
}

export interface Acl {
  readonly authorizations: readonly Authorization[]
  readonly groupDocuments: readonly string[]
}

export interface AclInput {
  readonly bytes: Uint8Array
  readonly mediaType: string
  readonly pod: PodRecord
  /** Path of the ACL itself. */
  readonly aclPath: Path
  readonly rdf: RdfWorkers
}

const maxGroupDocuments = 16
const maxAclBytes = 1024 * KiB
const aclTypes = new Set(['text/turtle', 'application/ld+json'])
const condition = 'http://www.w3.org/ns/auth/acl#condition'
const everyone = 'http://xmlns.com/foaf/0.1/Agent'

const modesByIri: Readonly<Record<string, Modes>> = {
  [acl.Read]: read,
  [acl.Append]: append,
  [acl.Write]: write,
  [acl.Control]: control,
}

/** Throws ACL_INVALID when it is no ACL that can be used. */
export async function parseAcl(input: AclInput): Promise<Acl> {
  if (!aclTypes.has(rdfTypeOf(input.mediaType) ?? '')) throw invalid('it is neither Turtle nor JSON-LD')
  if (input.bytes.length > maxAclBytes) throw invalid(`it is larger than ${maxAclBytes} bytes`)
  const base = input.pod.base + input.aclPath.slice(1)
  const signal = new AbortController().signal
  try {
    return aclOf(input.pod, await input.rdf.parse(input.bytes, { mediaType: input.mediaType, base }, signal))
  } catch (error) {
    if (error instanceof XpodError && isAboutContent(error)) throw invalid(error.detail, error)
    throw error
  }
}

function isAboutContent(error: XpodError): boolean {
  return ['BODY_INVALID', 'MEDIA_TYPE_UNSUPPORTED', 'NOT_ACCEPTABLE'].includes(error.code)
}

/**
 * What must hold before an ACL is stored. Gives the group documents of the same pod, for group_ref (rule 6).
 * Throws ACL_INVALID, and ACL_WITHOUT_CONTROL for a root ACL that gives nobody Control of the root.
 */
export async function checkAcl(input: AclInput): Promise<{ groups: Path[] }> {
  const { authorizations, groupDocuments } = await parseAcl(input)
  if (groupDocuments.length > maxGroupDocuments)
    throw invalid(`it names more than ${maxGroupDocuments} group documents`)
  const subject = subjectOf(input.aclPath)
  if (subject === '/' && !authorizations.some((one) => givesControl(one, subject))) {
    throw new XpodError('ACL_WITHOUT_CONTROL', 'nobody would have acl:Control of the root')
  }
  const paths = groupDocuments.map((iri) => pathInPod(input.pod, iri))
  return { groups: paths.filter((path) => path !== undefined) }
}

function givesControl(one: Authorization, subject: Path): boolean {
  const hasSubject = one.everyone || one.authenticated || one.agents.length > 0 || one.groups.length > 0
  return hasSubject && one.accessTo.includes(subject) && (one.modes & control) !== 0
}

/** The statements of one subject: predicate → IRIs of its objects. */
type Statements = Map<string, string[]>

function aclOf(pod: PodRecord, { quads }: ParsedRdf): Acl {
  const documents = new Set<string>()
  const authorizations: Authorization[] = []
  for (const statements of statementsBySubject(quads)) {
    const one = authorizationOf(pod, statements, documents)
    if (one !== undefined) authorizations.push(one)
  }
  return { authorizations, groupDocuments: [...documents] }
}

function statementsBySubject(quads: ParsedRdf['quads']): Iterable<Statements> {
  const subjects = new Map<string, Statements>()
  for (const { subject, predicate, object, graph } of quads) {
    if (graph.termType !== 'DefaultGraph') continue
    const name = `${subject.termType} ${subject.value}`
    let statements = subjects.get(name)
    if (statements === undefined) subjects.set(name, (statements = new Map()))
    let objects = statements.get(predicate.value)
    if (objects === undefined) statements.set(predicate.value, (objects = []))
    // A literal or a blank node is an object that nothing matches, but its predicate is there: a condition always counts.
    if (object.termType === 'NamedNode') objects.push(object.value)
  }
  return subjects.values()
}

function authorizationOf(pod: PodRecord, statements: Statements, documents: Set<string>): Authorization | undefined {
  const objects = (predicate: string): string[] => statements.get(predicate) ?? []
  if (!objects(rdf.type).includes(acl.Authorization) || statements.has(condition)) return undefined
  const modes = objects(acl.mode).reduce((all, iri) => all | (modesByIri[iri] ?? noAccess), noAccess)
  const classes = objects(acl.agentClass)
  const groups = objects(acl.agentGroup).map((iri) => groupName(pod, currentIri(pod, iri)))
  return {
    accessTo: paths(pod, objects(acl.accessTo)),
    default: paths(pod, objects(acl.default)),
    modes,
    agents: objects(acl.agent).map((iri) => currentIri(pod, iri)),
    everyone: classes.includes(everyone),
    authenticated: classes.includes(acl.AuthenticatedAgent),
    groups: groups.filter((group) => isWithin(documents, group.document)),
    origins: objects(acl.origin).map(originOf),
  }
}

/** Adds the document; whether it is among those that are looked at. */
function isWithin(documents: Set<string>, document: string): boolean {
  if (documents.size <= maxGroupDocuments) documents.add(document)
  return [...documents].indexOf(document) < maxGroupDocuments && documents.has(document)
}

function paths(pod: PodRecord, iris: readonly string[]): Path[] {
  return iris.map((iri) => pathInPod(pod, iri)).filter((path) => path !== undefined)
}

function groupName(pod: PodRecord, iri: string): GroupName {
  const document = iri.replace(/#.*$/s, '')
  return { iri, document, path: pathInPod(pod, document) }
}

/** `https://app.example/` and `https://app.example` name the same origin. */
function originOf(iri: string): string {
  return URL.canParse(iri) ? new URL(iri).origin : iri
}

function invalid(detail: string, cause?: unknown): XpodError {
  return new XpodError('ACL_INVALID', detail, { cause })
}
