// xpod pod delete NAME: shows what will be gone, asks on a terminal, needs --yes elsewhere.

import { XpodError } from '../../base/errors.ts'
import type { Invocation } from '../invocation.ts'
import { sizeText } from '../render.ts'
import { fill } from '../texts.ts'
import { openPods } from './center-options.ts'

export async function deletePod(call: Invocation): Promise<number> {
  const { out, texts, flags, args } = call
  await using pods = await openPods(call)
  const pod = await pods.show(args[0]!)
  const { name, base, resources } = pod
  const warning = fill(texts.willDelete, { name, base, resources, size: sizeText(pod.bytes) })
  if (flags['dry-run'] === true) {
    if (flags.json === true) out.json({ ...pod, deleted: false })
    else out.print(warning)
    return 0
  }
  if (flags.yes !== true) {
    out.complain(warning)
    const answer = await out.ask(texts.typeName)
    if (answer === undefined) throw new XpodError('CONFIRMATION_NEEDED')
    if (answer.trim() !== name) {
      out.complain(texts.nothingDone)
      return 1
    }
  }
  await pods.delete(name)
  if (flags.json === true) out.json({ ...pod, deleted: true })
  else out.print(fill(texts.deleted, { name }))
  return 0
}
