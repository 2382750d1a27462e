// xpod pod list: every pod by name, with what it uses.

import { maxPodsAPage, type PodReport } from '../../center/administration.ts'
import type { Invocation } from '../invocation.ts'
import { sizeText } from '../render.ts'
import { openPods } from './center-options.ts'

export async function listPods(call: Invocation): Promise<number> {
  const { out, texts, flags } = call
  await using pods = await openPods(call)
  const all: PodReport[] = []
  for (;;) {
    const page = await pods.list(all.at(-1)?.name, maxPodsAPage)
    all.push(...page)
    if (page.length < maxPodsAPage) break
  }
  if (flags.json === true) out.json(all)
  else if (all.length === 0) out.complain(texts.noPods)
  else {
    const rows = all.map((pod) => [
      pod.name,
      pod.state,
      sizeText(pod.bytes),
      sizeText(pod.quotaBytes),
      String(pod.resources),
      pod.base,
      pod.owners.join(' '),
    ])
    const { columnName, columnState, columnUsed, columnQuota, columnResources, columnBase, columnOwner } = texts
    await out.table(rows, {
      head: [columnName, columnState, columnUsed, columnQuota, columnResources, columnBase, columnOwner],
      showHead: flags['no-header'] !== true,
      wide: flags.wide === true,
      right: [2, 3, 4],
    })
  }
  return 0
}
