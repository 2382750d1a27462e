// xpod notify retry CHANNEL | --all: webhooks that fail or are parked go on from where they stopped; at once when the server
// runs, else when it starts.

import { XpodError } from '../../base/errors.ts'
import type { Invocation } from '../invocation.ts'
import { fill } from '../texts.ts'
import { openNotifications } from './center-options.ts'

export async function retryChannels(call: Invocation): Promise<number> {
  const { out, texts, flags, args } = call
  const id = args[0]
  if ((id === undefined) !== (flags.all === true)) {
    const detail = id === undefined ? 'no channel is given' : 'give a channel or --all, not both'
    throw new XpodError('USAGE', detail, { hint: 'xpod notify retry --all' })
  }
  await using notifications = await openNotifications(call)
  const retried = await notifications.retry(id === undefined ? {} : { id })
  if (flags.json === true) out.json(retried)
  else if (retried.length === 0) out.print(texts.nothingFailed)
  else out.print(fill(texts.channelsRetried, { count: retried.length }))
  return 0
}
