// Group documents outside the pod whose ACL names them (rule 6): of other pods of this service, read as the public and
// remembered 30 s; of other servers, fetched through the door, remembered 5 minutes, and used up to an hour when they cannot
// be fetched again. Who is no longer readable has no members; nothing here is an error. Groups of the same pod are not read
// here: they count by their current version.

import { KiB, MiB } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { ExpiringCache } from '../../core/cache/expiring.ts'
import { createSingleFlight } from '../../base/single-flight.ts'
import { vcard } from '../rdf/namespaces.ts'
import type { RdfWorkers } from '../rdf/workers.ts'
import { type DocumentReaders, isUnreadable, readRemote } from './remote-document.ts'

/** The groups of one document: group IRI → WebIDs. */
export type Groups = ReadonlyMap<string, ReadonlySet<string>>

export interface GroupSource {
  /** Synchronous when remembered. Empty when the document cannot be read. */
  groups(document: string): Groups | Promise<Groups>
}

export interface GroupSourceOptions extends DocumentReaders {
  readonly rdf: RdfWorkers
  readonly clock: Clock
  readonly log: Log
}

interface Kept {
  readonly groups: Groups
  readonly readMs: number
  readonly weight: number
  /** When to look again; the entry itself stays longer, for the time that the document cannot be read. */
  readonly freshUntilMs: number
}

export const maxGroupBytes = MiB
const keepLocalMs = 30_000
const keepRemoteMs = 300_000
const keepUnreachableMs = 3_600_000
const lookAgainMs = 30_000
const accept = 'text/turtle, application/ld+json;q=0.9'
const noGroups: Groups = new Map()

export function createGroupSource(options: GroupSourceOptions): GroupSource {
  const { clock } = options
  const flights = createSingleFlight<Groups>()
  const known = new ExpiringCache<Kept>({
    clock,
    maxEntries: 100_000,
    maxWeight: 64 * MiB,
    weigh: (document, kept) => document.length + kept.weight,
  })

  async function load(document: string): Promise<Groups> {
    const readMs = clock.monotonicMs()
    try {
      const found = await readRemote(options, document, { accept, maxBytes: maxGroupBytes })
      const groups = await parseGroups(options.rdf, { ...found, base: found.url }, (iri) =>
        // A document that was found by a redirect still names its groups as they were asked for.
        iri.startsWith(`${found.url}#`) ? document + iri.slice(found.url.length) : iri,
      )
      const keepMs = found.isLocal ? keepLocalMs : keepRemoteMs
      const kept = { groups, readMs, weight: KiB + found.bytes.length, freshUntilMs: readMs + keepMs }
      known.set(document, kept, found.isLocal ? keepLocalMs : keepUnreachableMs)
      return groups
    } catch (error) {
      if (!isUnreadable(error)) throw error
      options.log.info('group.unreadable', { document, error })
      return useOld(document, readMs)
    }
  }

  function useOld(document: string, nowMs: number): Groups {
    const old = known.get(document) ?? { groups: noGroups, readMs: nowMs, weight: 0, freshUntilMs: 0 }
    const leftMs = old.readMs + keepUnreachableMs - nowMs
    known.set(document, { ...old, freshUntilMs: nowMs + lookAgainMs }, Math.min(leftMs, keepUnreachableMs))
    return old.groups
  }

  return {
    groups: (document) => {
      const kept = known.get(document)
      if (kept !== undefined && clock.monotonicMs() < kept.freshUntilMs) return kept.groups
      return flights(document, () => load(document))
    },
  }
}

/** All vcard:hasMember statements of a document, with every IRI in the form that `normal` gives it. */
export async function parseGroups(
  rdf: RdfWorkers,
  document: { readonly bytes: Uint8Array; readonly mediaType: string; readonly base: string },
  normal: (iri: string) => string,
): Promise<Groups> {
  const { base, mediaType } = document
  const { quads } = await rdf.parse(document.bytes, { mediaType, base }, new AbortController().signal)
  const groups = new Map<string, Set<string>>()
  for (const { subject, predicate, object, graph } of quads) {
    if (predicate.value !== vcard.hasMember || graph.termType !== 'DefaultGraph') continue
    if (subject.termType !== 'NamedNode' || object.termType !== 'NamedNode') continue
    const group = normal(subject.value)
    const members = groups.get(group)
    if (members === undefined) groups.set(group, new Set([normal(object.value)]))
    else members.add(normal(object.value))
  }
  return groups
}
