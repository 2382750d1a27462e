// axe-core on a page of a real browser. It comes in through the debugger, which the page's own policy does not bind: that
// policy stays in force.

import axe from 'axe-core'
import type { Page } from 'playwright-core'

interface Finding {
  readonly id: string
  readonly help: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

/** Each broken rule with the first element that breaks it. */
export async function findBarriers(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const found = (await page.evaluate('axe.run().then(({ violations }) => violations)')) as readonly Finding[]
  return found.map(({ id, help, nodes }) => `${id} (${help}): ${nodes[0]?.html} ${nodes[0]?.failureSummary ?? ''}`)
}
