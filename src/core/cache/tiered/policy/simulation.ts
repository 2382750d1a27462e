// A cache without content: what a policy would have hit. For shadows of the real cache and for traces.

import { type Policy, Slot } from './contract.ts'

export class Simulation {
  readonly policy: Policy
  readonly #slots = new Map<number, Slot>()

  constructor(policy: Policy) {
    this.policy = policy
  }

  /** One request; true for a hit. */
  request(what: { readonly fingerprint: number; readonly group: string; readonly bytes: number }): boolean {
    const { policy } = this
    const known = this.#slots.get(what.fingerprint)
    if (known !== undefined) {
      policy.touch(known)
      return true
    }
    if (!policy.admits(what.fingerprint, what.bytes) || what.bytes > policy.limitBytes) return false
    this.fit(what.bytes)
    const slot = new Slot(what)
    this.#slots.set(slot.fingerprint, slot)
    policy.add(slot)
    return false
  }

  /** Makes room for so many bytes. */
  fit(bytes: number): void {
    while (this.policy.bytes + bytes > this.policy.limitBytes) {
      const out = this.policy.evict()
      if (out === undefined) return
      this.#slots.delete(out.fingerprint)
    }
  }
}
