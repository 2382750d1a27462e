// The permission matrix of Web Access Control, generated from a few rules: who was granted which modes on the container
// and on the resource, who asks, with which method, and what the answer must be. 491 scenarios in all: 90 of reading for
// each of three subjects, and 84, 84 and 53 of writing (the public cannot be told from nobody, so it has fewer).

import type { Who } from './solid-client-acl.ts'

/** Whom the ACL names. */
export type Subject = 'bob' | 'authenticated' | 'public'
/** Who sends the request; Bob is logged in, the public is not. */
export type Asker = 'bob' | 'public'
/** A fictive resource does not exist. */
export type Kind = 'plain' | 'rdf' | 'container' | 'fictive'
export type Payload = 'text' | 'turtle' | 'n3'

export interface Shape {
  readonly kind: Kind
  /** Modes on the container: any of R, W, A, C. */
  readonly container: string
  /** Modes of the resource's own ACL, or 'inherited': the container's modes are its acl:default too. */
  readonly resource: string
}

export interface Scenario {
  readonly subject: Subject
  readonly asker: Asker
  readonly method: string
  readonly payload: Payload | undefined
  readonly shape: Shape
  readonly allowed: readonly number[]
  /** Status of a GET by the same asker afterwards. */
  readonly thenRead: number | undefined
}

export const subjects: readonly Subject[] = ['bob', 'authenticated', 'public']

export function whoOf(subject: Subject, bob: string): Who {
  return subject === 'bob' ? { agent: bob } : subject
}

export function titleOf(scenario: Scenario): string {
  const { shape, payload } = scenario
  const body = payload === undefined ? '' : ` ${payload}`
  return (
    `${scenario.asker} asks ${scenario.method}${body} of a ${shape.kind}; ${scenario.subject} may ` +
    `${shape.container === '' ? 'nothing' : shape.container} on the container, ${shape.resource} on the resource: ` +
    scenario.allowed.join('/')
  )
}

const changed = [200, 201, 204, 205]
const removed = [200, 202, 204, 205]

/** Both ways to have modes: by the resource's own ACL, or by the container's default. Only the second can be fictive. */
function shapes(modes: string, kinds: readonly Kind[]): Shape[] {
  return kinds.flatMap((kind) => {
    const inherited: Shape = { kind, container: modes, resource: 'inherited' }
    return kind === 'fictive' ? [inherited] : [{ kind, container: '', resource: modes }, inherited]
  })
}

const everyKind: readonly Kind[] = ['plain', 'fictive', 'rdf', 'container']

type Row = Pick<Scenario, 'method' | 'payload' | 'shape' | 'allowed'> & { readonly thenRead?: number }

function rows(
  methods: readonly string[],
  payload: Payload | undefined,
  on: readonly Shape[],
  expected: (shape: Shape, method: string) => { allowed: readonly number[]; thenRead?: number },
): Row[] {
  return methods.flatMap((method) => on.map((shape) => ({ method, payload, shape, ...expected(shape, method) })))
}

/** Read was granted and nothing else: reading works, nothing may be changed. */
export function readScenarios(subject: Subject): Scenario[] {
  return (['bob', 'public'] as const).flatMap((asker) => {
    const denied = asker === 'bob' ? 403 : 401
    const mayRead = asker === 'bob' || subject === 'public'
    const refused = (...others: number[]) => ({ allowed: [denied, ...others] })
    const refusedOrMissing = (shape: Shape) => (mayRead && shape.kind === 'fictive' ? refused(404) : refused())
    const reading = (shape: Shape) => (mayRead ? { allowed: [shape.kind === 'fictive' ? 404 : 200] } : refused())
    const rdfLike: Kind[] = ['rdf', 'fictive', 'container']
    return complete(subject, asker, [
      ...rows(['GET', 'HEAD'], undefined, shapes('R', everyKind), reading),
      ...rows(['PUT'], 'turtle', shapes('R', rdfLike), () => refused()),
      ...rows(['POST'], 'turtle', shapes('R', rdfLike), refusedOrMissing),
      ...rows(['PATCH'], 'n3', shapes('R', rdfLike), () => refused()),
      ...rows(['PUT'], 'text', shapes('R', ['plain', 'fictive']), () => refused()),
      ...rows(['POST'], 'text', shapes('R', ['plain', 'fictive']), refusedOrMissing),
      ...rows(['PATCH'], 'text', shapes('R', ['plain', 'fictive']), () => refused(405, 415)),
      ...rows(['DELETE'], undefined, shapes('R', everyKind), refusedOrMissing),
    ])
  })
}

/** Write, Append or Control without Read: changing works where the mode says so, reading never does. */
export function writeScenarios(subject: Subject): Scenario[] {
  const unaffected = subject === 'public' ? [] : complete(subject, 'public', refusedWithoutGrant())
  return [...complete(subject, subject === 'public' ? 'public' : 'bob', granted(subject)), ...unaffected]
}

function granted(subject: Subject): Row[] {
  const denied = subject === 'public' ? 401 : 403
  const refused = { allowed: [denied] }
  const refusedAndUnread = { ...refused, thenRead: denied }
  const accepted = (shape: Shape, method: string) => ({
    allowed: method === 'PUT' && shape.kind === 'fictive' ? [201] : changed,
    thenRead: denied,
  })
  const deletable = (shape: Shape) =>
    shape.resource === 'inherited' && (shape.kind === 'plain' || shape.kind === 'rdf') ? { allowed: removed } : refused
  return [
    ...rows(['GET', 'HEAD'], undefined, shapes('WAC', everyKind), () => refused),
    ...rows(['PUT'], 'turtle', shapes('W', ['rdf']), accepted),
    ...rows(['PUT'], 'text', shapes('W', ['plain', 'fictive']), accepted),
    ...rows(['POST'], 'text', [...shapes('W', ['container']), ...shapes('A', ['container'])], accepted),
    ...rows(['PATCH'], 'n3', [...shapes('W', ['rdf', 'fictive']), ...shapes('A', ['rdf', 'fictive'])], accepted),
    ...rows(['PATCH'], 'n3', shapes('C', ['rdf', 'fictive']), () => refusedAndUnread),
    ...rows(['DELETE'], undefined, [...shapes('C', everyKind), ...shapes('A', everyKind)], () => refused),
    ...rows(['DELETE'], undefined, shapes('W', everyKind), deletable),
  ]
}

function refusedWithoutGrant(): Row[] {
  const refused = () => ({ allowed: [401] })
  const refusedAndUnread = () => ({ allowed: [401], thenRead: 401 })
  return [
    ...rows(['GET', 'HEAD'], undefined, shapes('WAC', everyKind), refused),
    ...rows(['PUT'], 'turtle', shapes('WAC', ['rdf']), refusedAndUnread),
    ...rows(['PUT'], 'text', shapes('WAC', ['plain', 'fictive']), refusedAndUnread),
    ...rows(['POST'], 'text', shapes('WAC', ['container']), refusedAndUnread),
    ...rows(['PATCH'], 'n3', shapes('WAC', ['rdf', 'fictive']), refusedAndUnread),
    ...rows(['DELETE'], undefined, shapes('WAC', everyKind), refused),
  ]
}

function complete(subject: Subject, asker: Asker, list: readonly Row[]): Scenario[] {
  return list.map((row) => ({ subject, asker, thenRead: undefined, ...row }))
}
