// xpod pod create NAME: makes the pod and says what to do next.

import type { Invocation } from '../invocation.ts'
import { fill } from '../texts.ts'
import { openPods } from './center-options.ts'

export async function createPod(call: Invocation): Promise<number> {
  const { out, texts, flags, args } = call
  const webId = typeof flags.webid === 'string' ? flags.webid : undefined
  await using pods = await openPods(call)
  const pod = await pods.create({ name: args[0]!, webId, reuseName: flags['reuse-name'] === true })
  if (flags.json === true) {
    out.json(pod)
    return 0
  }
  out.print(fill(texts.podMade, { name: pod.name, base: out.style.bold(pod.base) }))
  const next =
    webId === undefined ? fill(texts.podNextOwn, { name: pod.name }) : fill(texts.podNextForeign, { base: pod.base })
  const lines = [
    [texts.podWebId, pod.owners.join(' ')],
    [texts.podNext, next],
  ]
  await out.table(lines, { head: ['', ''], showHead: false, wide: true })
  return 0
}
