// What a pod may hold (rule 20): bodies, ACLs, .meta and 256 bytes for each resource. A change that does not grow the pod
// always passes; changes that grow it by ACLs alone may go 1 MiB over, so that a full pod can still be locked down.

import { MiB } from '../../base/bytes.ts'

export const bytesPerResource = 256
const aclAllowanceBytes = 1 * MiB

export interface Growth {
  /** Bytes that the change adds to the pod, all kinds together; negative when it shrinks. */
  readonly bytes: number
  readonly resources: number
  /** True when everything that grows is an ACL. */
  readonly isAclOnly: boolean
}

export interface Usage {
  readonly bytes: number
  readonly resources: number
  readonly quotaBytes: number
  readonly quotaResources: number
}

export function fitsQuota(usage: Usage, growth: Growth): boolean {
  const allowance = growth.isAclOnly ? aclAllowanceBytes : 0
  if (growth.bytes > 0 && usage.bytes + growth.bytes > usage.quotaBytes + allowance) return false
  return growth.resources <= 0 || growth.isAclOnly || usage.resources + growth.resources <= usage.quotaResources
}
