// xpod pod quota show NAME: limits and what is used of them.

import type { PodReport } from '../../center/administration.ts'
import type { Invocation } from '../invocation.ts'
import { sizeText } from '../render.ts'
import { openPods } from './center-options.ts'

export async function showPodQuota(call: Invocation): Promise<number> {
  await using pods = await openPods(call)
  await printQuota(call, await pods.show(call.args[0]!))
  return 0
}

export async function printQuota({ out, texts, flags }: Invocation, pod: PodReport): Promise<void> {
  const { name, bytes, quotaBytes, resources, quotaResources } = pod
  if (flags.json === true) return out.json({ name, bytes, quotaBytes, resources, quotaResources })
  const rows = [
    [texts.columnUsed, sizeText(bytes), sizeText(quotaBytes)],
    [texts.columnResources, String(resources), String(quotaResources)],
  ]
  await out.table(rows, {
    head: [name, texts.columnUsed, texts.columnQuota],
    showHead: true,
    wide: true,
    right: [1, 2],
  })
}
