// What every written ACL must be, by PUT and by PATCH alike: RDF that parses as an ACL, of bounded size, for the root with
// somebody in control (rule 4). The group documents of the same pod that it names travel with the commit (rule 6).

import { MiB } from '../../base/bytes.ts'
import { checkAcl } from '../access/acl-document.ts'
import type { PodParts } from '../operation.ts'
import type { Path } from '../path.ts'
import type { Change } from '../store/change.ts'
import type { PodRecord } from '../store/resource.ts'

export const maxAclBytes = MiB

export interface AclBody {
  readonly bytes: Uint8Array
  readonly mediaType: string
  readonly pod: PodRecord
  readonly aclPath: Path
}

/** Throws ACL_INVALID, ACL_WITHOUT_CONTROL. */
export async function checkedAcl(parts: Pick<PodParts, 'rdf'>, body: AclBody): Promise<NonNullable<Change['groups']>> {
  const { groups } = await checkAcl({ ...body, rdf: parts.rdf })
  return groups.length === 0 ? [] : [{ acl: body.aclPath, documents: groups }]
}
