// xpod pod quota set NAME: changes one or both limits; a limit below what is used stops growth, nothing else.

import { parseSize } from '../../base/bytes.ts'
import { XpodError } from '../../base/errors.ts'
import type { Invocation } from '../invocation.ts'
import { openPods } from './center-options.ts'
import { printQuota } from './pod-quota-show.ts'

export async function setPodQuota(call: Invocation): Promise<number> {
  const { flags, args } = call
  const bytes = typeof flags.bytes === 'string' ? sizeOf(flags.bytes) : undefined
  const resources = typeof flags.resources === 'string' ? countOf(flags.resources) : undefined
  if (bytes === undefined && resources === undefined) {
    throw new XpodError('USAGE', 'no quota is given', { hint: 'Pass --bytes, --resources or both.' })
  }
  await using pods = await openPods(call)
  const name = args[0]!
  if (flags['dry-run'] === true) {
    const pod = await pods.show(name)
    const quota = { quotaBytes: bytes ?? pod.quotaBytes, quotaResources: resources ?? pod.quotaResources }
    await printQuota(call, { ...pod, ...quota })
  } else await printQuota(call, await pods.setQuota(name, { bytes, resources }))
  return 0
}

function sizeOf(text: string): number {
  const bytes = parseSize(text)
  if (bytes === undefined) throw new XpodError('USAGE', `--bytes ${text} is no size`, { hint: '--bytes 5GB' })
  return bytes
}

function countOf(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count
  throw new XpodError('USAGE', `--resources ${text} is no whole number`, { hint: '--resources 200000' })
}
