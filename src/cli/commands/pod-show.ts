// xpod pod show NAME: all there is to say about one pod.

import type { PodReport } from '../../center/administration.ts'
import type { Invocation } from '../invocation.ts'
import { sizeText } from '../render.ts'
import type { Texts } from '../texts.ts'
import { openPods } from './center-options.ts'

export async function showPod(call: Invocation): Promise<number> {
  const { out, texts, flags, args } = call
  await using pods = await openPods(call)
  const pod = await pods.show(args[0]!)
  if (flags.json === true) out.json(pod)
  else await out.table(podLines(texts, pod), { head: ['', ''], showHead: false, wide: true })
  return 0
}

function podLines(texts: Texts, pod: PodReport): string[][] {
  return [
    [texts.columnName, pod.name],
    [texts.columnBase, pod.base],
    [texts.columnOwner, pod.owners.join(' ')],
    [texts.columnState, pod.state],
    ...(pod.deleteAt === null ? [] : [[texts.columnDeleteAt, pod.deleteAt]]),
    [texts.columnCreated, pod.created],
    [texts.columnUsed, `${sizeText(pod.bytes)} / ${sizeText(pod.quotaBytes)}`],
    [texts.columnResources, `${pod.resources} / ${pod.quotaResources}`],
  ]
}
