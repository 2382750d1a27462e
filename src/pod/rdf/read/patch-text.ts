// The text of a patch in either language.

import { parseN3Patch } from '../n3-patch.ts'
import type { Patch } from '../patch.ts'

/** Throws PATCH_SYNTAX, PATCH_UNSUPPORTED. */
export async function readPatchText(text: string, language: Patch['kind'], base: string): Promise<Patch> {
  if (language === 'n3') return parseN3Patch(text, base)
  // Its grammar takes a while to load.
  return (await import('../sparql-update.ts')).parseSparqlUpdate(text, base)
}
