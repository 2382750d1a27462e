// Takes webhooks that fail or are parked as if nothing had been wrong, on the store alone, so that it works whether a server
// runs or not: the next one to look goes on from where they stood.

import { XpodError } from '../../../base/errors.ts'
import type { DeliveredChannel } from '../channel.ts'
import type { ChannelStore } from '../channels.ts'
import { faring } from './back-off.ts'

export interface RetryWish {
  /** Undefined: all that fail or are parked. */
  readonly id?: string | undefined
}

const channelsAPage = 500

/** Throws CHANNEL_UNKNOWN. Gives what it changed, as it is now. */
export async function clearFailures(
  channels: Pick<ChannelStore, 'list' | 'setDelivery'>,
  { id }: RetryWish,
): Promise<readonly DeliveredChannel[]> {
  const cleared: DeliveredChannel[] = []
  const clear = async (channel: DeliveredChannel): Promise<void> => {
    await channels.setDelivery(channel.pod, channel.id, faring)
    cleared.push({ ...channel, delivery: faring })
  }
  if (id !== undefined) {
    const channel = await knownChannel(channels, id)
    if (channel.type !== 'WebhookChannel2023') throw new XpodError('CHANNEL_UNKNOWN', 'it is no webhook')
    await clear(channel)
    return cleared
  }
  let after: string | undefined
  do {
    const page = await channels.list({ type: 'WebhookChannel2023' }, after, channelsAPage)
    for (const channel of page) if (channel.delivery.failures > 0 || channel.delivery.parked) await clear(channel)
    after = page.length === channelsAPage ? page.at(-1)!.id : undefined
  } while (after !== undefined)
  return cleared
}

/** Throws CHANNEL_UNKNOWN. */
export async function knownChannel(channels: Pick<ChannelStore, 'list'>, id: string): Promise<DeliveredChannel> {
  const [channel] = await channels.list({ id }, undefined, 1)
  if (channel === undefined) throw new XpodError('CHANNEL_UNKNOWN', id)
  return channel
}
