// Which login providers a WebID trusts: the solid:oidcIssuer statements of its document (Solid-OIDC section 5.3). Documents of
// this service are read each time (they are resident), others kept 5 minutes. An issuer that is not listed makes it look
// again after 30 s, because people add one and try at once.

import { KiB, MiB } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import type { XpodError } from '../../base/errors.ts'
import { ExpiringCache } from '../../core/cache/expiring.ts'
import { createSingleFlight } from '../../base/single-flight.ts'
import { type DocumentReaders, isUnreadable, readRemote } from '../access/remote-document.ts'
import { solid } from '../rdf/namespaces.ts'
import type { RdfWorkers } from '../rdf/workers.ts'
import { withoutSlash } from './issuer-keys.ts'

export interface WebIdOptions extends DocumentReaders {
  readonly rdf: RdfWorkers
  readonly clock: Clock
}

interface Trusted {
  readonly issuers: readonly string[]
  readonly readMs: number
  readonly failure: XpodError | undefined
}

const accept = 'text/turtle, application/ld+json;q=0.9'
const keepMs = 300_000
const keepFailureMs = 5_000
const lookAgainMs = 30_000
const maxDocumentBytes = 256 * KiB
const maxIssuers = 100

/** Resolves to whether the WebID's document lists the issuer. Throws FETCH_REFUSED, FETCH_FAILED when it cannot be read. */
export type TrustsIssuer = (webId: string, issuer: string) => Promise<boolean>

export function createTrustsIssuer(options: WebIdOptions): TrustsIssuer {
  const { clock } = options
  const flights = createSingleFlight<Trusted>()
  const known = new ExpiringCache<Trusted>({
    clock,
    maxEntries: 100_000,
    maxWeight: 64 * MiB,
    weigh: (webId, trusted) => webId.length + trusted.issuers.join('').length,
  })

  function load(webId: string): Promise<Trusted> {
    return flights(webId, async () => {
      const { trusted, isLocal } = await readTrusted(options, webId)
      if (!isLocal) known.set(webId, trusted, trusted.failure === undefined ? keepMs : keepFailureMs)
      return trusted
    })
  }

  return async (webId, issuer) => {
    let trusted = known.get(webId) ?? (await load(webId))
    if (!lists(trusted, issuer) && clock.monotonicMs() - trusted.readMs >= lookAgainMs) trusted = await load(webId)
    if (trusted.failure !== undefined) throw trusted.failure
    return lists(trusted, issuer)
  }
}

function lists(trusted: Trusted, issuer: string): boolean {
  return trusted.issuers.some((one) => withoutSlash(one) === withoutSlash(issuer))
}

async function readTrusted(options: WebIdOptions, webId: string): Promise<{ trusted: Trusted; isLocal: boolean }> {
  const readMs = options.clock.monotonicMs()
  try {
    const document = await readRemote(options, webId, { accept, maxBytes: maxDocumentBytes })
    const signal = new AbortController().signal
    const { quads } = await options.rdf.parse(
      document.bytes,
      { mediaType: document.mediaType, base: document.url },
      signal,
    )
    const issuers = quads
      .filter((quad) => quad.subject.value === webId && quad.predicate.value === solid.oidcIssuer)
      .filter((quad) => quad.graph.termType === 'DefaultGraph')
      .filter((quad) => quad.subject.termType === 'NamedNode' && quad.object.termType === 'NamedNode')
      .map((quad) => quad.object.value)
      .slice(0, maxIssuers)
    return { trusted: { issuers, readMs, failure: undefined }, isLocal: document.isLocal }
  } catch (error) {
    if (!isUnreadable(error)) throw error
    return { trusted: { issuers: [], readMs, failure: error }, isLocal: false }
  }
}
