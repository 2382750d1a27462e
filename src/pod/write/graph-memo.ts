// The triples of documents that were just patched, by version, so that the next patch of a document need not parse it
// again (performance goal P7). Versions are never reused, so an entry is either right or unused. Bounded by an estimate of
// its memory; the least recently used go first. Safe to lose.

import type { Path } from '../path.ts'
import type { ParsedRdf } from '../rdf/graph.ts'
import type { PodId, Version } from '../store/resource.ts'

export interface GraphMemo {
  find(pod: PodId, path: Path, version: Version): ParsedRdf | undefined
  keep(pod: PodId, path: Path, version: Version, graph: ParsedRdf): void
}

/** A quad of the n3 library with its terms, their spelling and text, and its place in an array, measured. */
const quadBytes = 1000

interface Kept {
  readonly version: Version
  readonly graph: ParsedRdf
  readonly bytes: number
}

export function createGraphMemo(maxBytes: number): GraphMemo {
  const kept = new Map<string, Kept>()
  let bytes = 0

  function forget(key: string): void {
    bytes -= kept.get(key)?.bytes ?? 0
    kept.delete(key)
  }

  return {
    find(pod, path, version) {
      const key = `${pod}${path}`
      const known = kept.get(key)
      if (known === undefined || known.version.seq !== version.seq || known.version.mark !== version.mark)
        return undefined
      kept.delete(key)
      kept.set(key, known)
      return known.graph
    },
    keep(pod, path, version, graph) {
      const key = `${pod}${path}`
      forget(key)
      const entry = { version, graph, bytes: (graph.quads.length + 1) * quadBytes }
      if (entry.bytes > maxBytes) return
      kept.set(key, entry)
      bytes += entry.bytes
      for (const oldest of kept.keys()) {
        if (bytes <= maxBytes) return
        forget(oldest)
      }
    },
  }
}
