// Documents of this service that others name by URL (WebIDs, key sets, groups): read from the store as an anonymous reader,
// never over HTTP (rule 12). What the public may not read is as good as absent.

import type { RoutingTable } from '../core/routing/table.ts'
import { type AclSource, allows, type Authorizer, read, type StoredDocument } from '../pod/access/modes.ts'
import type { LocalDocuments } from '../pod/access/remote-document.ts'
import { anonymous } from '../pod/auth/agent.ts'
import type { PodHomes } from '../pod/home.ts'
import { canonicalPath, type Path } from '../pod/path.ts'
import type { PodRecord } from '../pod/store/resource.ts'
import { canonicalUrl } from '../pod/url.ts'

export interface LocalParts {
  readonly baseUrl: string
  readonly routes: RoutingTable<PodRecord>
  readonly homes: PodHomes & AclSource
  /** Asked for when needed: an authorizer reads group documents through this. */
  readonly authorizer: () => Authorizer
}

export function createLocalDocuments(parts: LocalParts): LocalDocuments {
  const { protocol } = new URL(parts.baseUrl)
  return (text) => {
    const canonical = canonicalUrl(text)
    const url = canonical === undefined ? null : URL.parse(canonical.url)
    if (canonical === undefined || url === null || url.protocol !== protocol) return undefined
    const found = parts.routes.find(url.host, canonical.url.slice(url.origin.length))
    if (found === undefined) return undefined
    return 'pod' in found ? readAsPublic(parts, found.pod, canonicalPath(found.rawPath)) : null
  }
}

async function readAsPublic(parts: LocalParts, pod: PodRecord, path: Path): Promise<StoredDocument | null> {
  await parts.homes.of(pod)
  const modes = await parts.authorizer().modes(pod, path, anonymous)
  if (!allows(modes, read)) return null
  return (await parts.homes.readDocument(pod, path)) ?? null
}
