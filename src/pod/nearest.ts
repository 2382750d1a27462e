// Finding the nearest container above a name without asking for every one of its ancestors. A path may have a thousand
// segments and anybody may ask for it, so what is asked of the store grows with the logarithm of that.
//
// Relies on the one thing that the store guarantees of names: what exists has all its ancestors, so what is missing has
// nothing below it.

import type { Path } from './path.ts'

/**
 * Index of the nearest ancestor that exists. `ancestors` come nearest first, and the last one, the root, always exists. The
 * usual case, that the parent is there, is one question.
 */
export async function nearestExisting(
  ancestors: readonly Path[],
  exists: (path: Path) => boolean | Promise<boolean>,
): Promise<number> {
  const root = ancestors.length - 1
  let missing = -1
  let found = 0
  while (found < root && !(await exists(ancestors[found]!))) {
    missing = found
    found = Math.min(2 * found + 1, root)
  }
  while (found - missing > 1) {
    const middle = (missing + found) >>> 1
    if (await exists(ancestors[middle]!)) found = middle
    else missing = middle
  }
  return found
}
