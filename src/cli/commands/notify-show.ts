// xpod notify show CHANNEL: all there is to say about one channel, but not the address that its messages are received at.

import type { ChannelReport } from '../../pod/notify/administration.ts'
import type { Invocation } from '../invocation.ts'
import type { Texts } from '../texts.ts'
import { openNotifications } from './center-options.ts'
import { shortType } from './notify-list.ts'

export async function showChannel(call: Invocation): Promise<number> {
  const { out, texts, flags, args } = call
  await using notifications = await openNotifications(call)
  const channel = await notifications.show({ id: args[0]! })
  if (flags.json === true) out.json(channel)
  else await out.table(channelLines(texts, channel), { head: ['', ''], showHead: false, wide: true })
  return 0
}

function channelLines(texts: Texts, channel: ChannelReport): string[][] {
  const { state, failures } = channel
  return [
    [texts.columnId, channel.id],
    [texts.columnState, state === 'parked' ? 'PARKED' : state],
    [texts.columnType, shortType(channel.type)],
    [texts.columnPod, channel.pod],
    [texts.columnTopic, channel.topic],
    [texts.columnSendTo, channel.sendTo ?? ''],
    [texts.columnWebId, channel.webId ?? ''],
    [texts.columnApp, channel.clientId ?? ''],
    [texts.columnCreated, channel.created],
    [texts.columnStarts, channel.starts],
    [texts.columnExpires, channel.ends],
    [texts.columnDelivered, String(channel.deliveredSeq)],
    [texts.columnFailures, failures === 0 ? '' : String(failures)],
    [texts.columnFailingSince, channel.failingSince ?? ''],
    [texts.columnNext, channel.next ?? ''],
    [texts.columnProblem, channel.problem ?? ''],
  ].filter(([, value]) => value !== '') as string[][]
}
