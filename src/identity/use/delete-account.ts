// Deleting an account: at once nobody is logged in, no app has access and its pods are withdrawn; after a week account and
// pods are gone for good, and until then logging in again offers to take it back.

import type { IdentityParts, Member } from './parts.ts'
import { graceMs } from './pods.ts'
import { reauthenticate } from './reauthentication.ts'

/** Throws as reauthenticate. */
export async function deleteAccount(
  parts: IdentityParts,
  who: Member,
  { password }: { readonly password: string },
): Promise<{ readonly deleteAtMs: number }> {
  await reauthenticate(parts, who, password)
  const deleteAtMs = parts.clock.nowMs() + graceMs
  await parts.accounts.scheduleDelete(who.account.id, deleteAtMs)
  return { deleteAtMs }
}

export async function keepAccount(parts: IdentityParts, { account }: Member): Promise<void> {
  await parts.accounts.cancelDelete(account.id)
}
