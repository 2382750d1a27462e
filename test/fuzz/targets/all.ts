// The list of fuzz targets: one line for each parser of untrusted bytes.

import type { Target } from '../target.ts'
import { aclTarget } from './acls.ts'
import { headersTarget } from './headers.ts'
import { n3PatchTarget, sparqlTarget } from './patches.ts'
import { pathTarget } from './paths.ts'
import { subscriptionTarget } from './subscriptions.ts'
import { syntaxesTarget } from './syntaxes.ts'
import { tokensTarget } from './tokens.ts'
import { turtleTarget } from './turtle.ts'

export const targets: readonly Target[] = [
  turtleTarget,
  syntaxesTarget,
  n3PatchTarget,
  sparqlTarget,
  aclTarget,
  pathTarget,
  headersTarget,
  tokensTarget,
  subscriptionTarget,
]
